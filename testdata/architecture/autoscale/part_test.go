// breaks: autoscale knows none of the other parts

package autoscale

import (
	_ "os"
	_ "pgregory.net/rapid"

	_ "secondwind/localcloud"
)
