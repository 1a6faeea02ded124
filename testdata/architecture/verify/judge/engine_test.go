// breaks: verify/judge knows only runlog

package judge

import (
	_ "secondwind/autoscale"
)
