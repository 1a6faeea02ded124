// breaks: account knows none of the other parts

package cost

import (
	_ "secondwind/account/outputs"
	_ "secondwind/localcloud"
)
