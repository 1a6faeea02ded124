// Package ec2api serves the part of Amazon EC2 that launching and watching
// instances needs. Of the state it needs instances, launch templates and their
// tags; images, instance types and the network never change.
package ec2api
