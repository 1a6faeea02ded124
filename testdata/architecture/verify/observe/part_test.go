// breaks: verify/observe knows only runlog

package observe

import (
	_ "secondwind/localcloud"
)
