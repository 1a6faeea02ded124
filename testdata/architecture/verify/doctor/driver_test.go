// An external test package may drive the doctor against the local cloud.

package doctor_test

import (
	_ "secondwind/localcloud"
	_ "secondwind/verify/doctor"
)
