// breaks: localcloud knows only itself and autoscale

package localcloud

import (
	_ "secondwind/autoscale"
	_ "secondwind/loadgen"
	_ "secondwind/localcloud/fleet"
)
