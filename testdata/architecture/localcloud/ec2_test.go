// breaks: nothing but the conformance test imports service/ec2

package localcloud

import (
	_ "github.com/aws/aws-sdk-go-v2/service/ec2"
	_ "github.com/aws/aws-sdk-go-v2/service/ec2/types"
)
