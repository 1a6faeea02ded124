// breaks: a service of the local cloud knows only the cloud and what every operation needs

package elbapi

import (
	_ "secondwind/localcloud/cloud"
	_ "secondwind/localcloud/ec2api"
)
