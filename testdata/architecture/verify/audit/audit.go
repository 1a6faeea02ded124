// breaks: verify/audit knows only runlog and the EC2 client

package audit

import (
	_ "secondwind/localcloud"
	_ "secondwind/runlog"
)
