// breaks: reports knows only runlog, the load's summary, the judge's verdict and the terminal
// breaks: reports asks no cloud

package reports

import (
	_ "gonum.org/v1/plot"

	_ "secondwind/runlog"
	_ "secondwind/verify/judge"
	_ "secondwind/verify/observe"
)
