package conformance

import (
	_ "github.com/aws/aws-sdk-go-v2/service/ec2"
)
