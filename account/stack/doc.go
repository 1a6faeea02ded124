// Package stack builds what terraform/ builds on AWS in a cloud through the AWS
// SDK: a launch template, a target group behind a load balancer, an Auto Scaling
// group, its policies and the alarms that invoke them. It reads the same scaling
// variables as Terraform, so both change together.
//
// It works with any endpoint of AWS's APIs, and imports nothing of the local cloud.
package stack
