// Package localcloud is a cloud in one process on loopback that the unmodified
// AWS SDK, AWS CLI and boto3 talk to: CloudWatch, EC2 Auto Scaling, ELBv2, EC2,
// STS, KMS and CloudTrail over real processes, real CPU and real load balancing.
//
// Start brings one up. Every request must be signed with the credentials that
// were made up for this run: a web page in the user's browser cannot start
// processes. Only GET /_localcloud/health answers without a signature.
package localcloud
