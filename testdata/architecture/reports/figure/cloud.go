// breaks: reports asks no cloud

package figure

import (
	_ "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
)
