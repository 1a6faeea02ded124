// Package account is the folder of everything about an AWS account except the
// proof itself: what Terraform deployed (outputs), the same stack built through the
// SDK (stack), what a run left behind (sweep), what it costs (cost, burstable), and
// a small EC2 client (ec2form). It has no code of its own.
package account
