// breaks: verify/observe knows only runlog, verify/hypothesis and verify/awsclock

package observe

import (
	_ "github.com/aws/aws-sdk-go-v2/service/cloudwatch"

	_ "secondwind/runlog"
	_ "secondwind/verify/judge"
)
