// breaks: verify/doctor knows only verify, runlog, the EC2 client and the burstable types

package doctor

import (
	_ "secondwind/localcloud"
)
