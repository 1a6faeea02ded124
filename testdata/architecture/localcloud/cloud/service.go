// breaks: localcloud/cloud knows no service

package cloud

import (
	_ "secondwind/localcloud/elbapi"
)
