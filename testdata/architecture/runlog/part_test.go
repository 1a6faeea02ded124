// breaks: runlog knows none of the other parts

package runlog

import (
	_ "secondwind/verify/judge"
)
