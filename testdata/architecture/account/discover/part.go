// breaks: account/discover knows only account, verify, runlog and textfile

package discover

import (
	_ "secondwind/account/outputs"
	_ "secondwind/localcloud"
	_ "secondwind/verify/hypothesis"
)
