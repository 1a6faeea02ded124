// Package ec2shapes holds the Input and Output structs of the EC2 operations
// that are served, copied from the SDK's service/ec2. That package takes minutes
// and gigabytes to compile, so that nothing here imports it: the structs need
// only its types. operations.txt is the list of operations;
// the directive to go generate stands in package awsapi.
package ec2shapes
