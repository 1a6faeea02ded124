// breaks: verify/observe knows only runlog and verify/hypothesis

package observe

import (
	_ "github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	_ "secondwind/runlog"
	_ "secondwind/verify/judge"
)
