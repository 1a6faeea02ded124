// breaks: verify/judge imports the standard library, runlog and verify/hypothesis only

package judge

import (
	_ "github.com/aws/aws-sdk-go-v2/aws"

	_ "secondwind/runlog"
)
