// breaks: autoscale imports the standard library only
// breaks: autoscale knows none of the other parts

package autoscale

import (
	_ "secondwind/runlog"
)
