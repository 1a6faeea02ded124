// breaks: loadgen knows only itself, runlog and textfile

package loadgen

import (
	_ "github.com/tsenart/vegeta/v12/lib"

	_ "secondwind/loadgen/profile"
	_ "secondwind/runlog"
	_ "secondwind/server"
)
