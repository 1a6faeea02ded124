// breaks: localcloud knows only itself and autoscale

package localcloud

import (
	_ "secondwind/autoscale"
	_ "secondwind/localcloud/fleet"
	_ "secondwind/verify/judge"
)
