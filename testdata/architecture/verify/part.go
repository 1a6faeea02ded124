// breaks: verify knows neither the engine nor the local cloud

package verify

import (
	_ "secondwind/localcloud"
	_ "secondwind/runlog"
	_ "secondwind/verify/judge"
)
