// breaks: autoscale reads no clock

package autoscale

import (
	clock "time"
)

var started = clock.Now()

var period = clock.Minute
