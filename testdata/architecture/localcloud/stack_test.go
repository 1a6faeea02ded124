// breaks: localcloud's tests know only itself, autoscale and the stack that they build

package localcloud

import (
	_ "secondwind/account/stack"
	_ "secondwind/account/sweep"
)
