package secondwind_test

import (
	_ "secondwind/localcloud"
	_ "secondwind/server"
)
