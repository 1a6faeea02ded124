// breaks: server knows nothing of the harness

package server

import (
	_ "secondwind/runlog"
	_ "secondwind/server/bignum"
)
