package autoscale

import (
	"time"
)

// now has a name that only looks like the clock's.
var now struct{ Now time.Time }

var _ = now.Now
