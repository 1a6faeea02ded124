// breaks: localcloud knows only itself and autoscale

package localcloud

import _ "secondwind/account/stack"
