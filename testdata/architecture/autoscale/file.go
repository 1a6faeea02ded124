// breaks: autoscale touches no operating system, network or log

package autoscale

import (
	_ "os"
)
