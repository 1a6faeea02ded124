// breaks: verify/syntheticuser knows only runlog

package syntheticuser

import (
	_ "secondwind/runlog"
	_ "secondwind/server/history"
)
