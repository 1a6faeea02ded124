// breaks: verify/observe knows only runlog and verify/hypothesis

package observe

import (
	_ "secondwind/localcloud"
)
