// breaks: verify/observe knows only runlog, verify/hypothesis and verify/awsclock

package observe

import (
	_ "secondwind/localcloud"
)
