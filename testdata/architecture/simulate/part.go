// breaks: simulate knows only the engine, the experiment, runlog and loadgen/profile

package simulate

import (
	_ "secondwind/autoscale"
	_ "secondwind/loadgen/attack"
	_ "secondwind/loadgen/profile"
	_ "secondwind/runlog"
)
