// Package stack builds what terraform/ builds on AWS in a cloud through the AWS
// SDK: a launch template, a target group behind a load balancer, an Auto Scaling
// group, its policies and the alarms that invoke them. It reads the same file of
// numbers as Terraform, so both change together.
//
// It knows nothing of the local cloud: the same calls are AWS's.
package stack
