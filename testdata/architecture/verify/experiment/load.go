// breaks: verify/experiment imports the standard library and runlog only
// breaks: verify/experiment imports the standard library and runlog only
// breaks: verify knows neither the engine nor the local cloud
// breaks: verify/experiment reads no clock
package experiment

import (
	"time"

	_ "secondwind/loadgen/attack"
	_ "secondwind/verify/hypothesis"
)

var _ = time.Now
