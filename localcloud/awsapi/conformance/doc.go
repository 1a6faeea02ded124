// Package conformance proves that the EC2 operations are exact, with the SDK's
// own EC2 client. It stands apart because its test imports service/ec2, which
// takes minutes and gigabytes to compile; nothing may import this package.
package conformance
