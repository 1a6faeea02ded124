// Package conformance proves that no member of the EC2 operations is lost, with the
// SDK's own EC2 client. It stands apart because its test imports service/ec2, which
// takes minutes and gigabytes to compile; nothing may import this package.
package conformance
