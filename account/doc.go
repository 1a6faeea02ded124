// Package account is the folder of what is known of an AWS account beside the
// proof itself: what Terraform put there (outputs), how EC2 is asked (ec2form)
// and what a run costs (cost). It has no code of its own.
package account
