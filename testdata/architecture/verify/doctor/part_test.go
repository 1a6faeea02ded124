// breaks: verify/doctor knows only verify, runlog and the EC2 client

package doctor

import (
	_ "secondwind/account/ec2form"
	_ "secondwind/localcloud"
	_ "secondwind/runlog"
	_ "secondwind/verify/observe"
)
