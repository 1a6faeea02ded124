// breaks: localcloud knows only itself and autoscale
// breaks: localcloud's tests know only itself, autoscale and the stack that they build

package localcloud

import (
	_ "secondwind/autoscale"
	_ "secondwind/loadgen"
	_ "secondwind/localcloud/fleet"
)
