// breaks: every package is below a folder that has a rule

package parts

import (
	_ "secondwind/runlog"
)
