// breaks: verify/judge knows only runlog and verify/hypothesis

package judge

import (
	_ "secondwind/autoscale"
)
