// breaks: account knows only itself and textfile

package cost

import (
	_ "secondwind/account/outputs"
	_ "secondwind/localcloud"
)
