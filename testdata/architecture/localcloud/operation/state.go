// breaks: localcloud/operation and localcloud/optional know no state

package operation

import (
	_ "secondwind/localcloud/awsapi"
	_ "secondwind/localcloud/cloud"
)
