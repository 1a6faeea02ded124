// breaks: account knows none of the other parts

package ec2form

import _ "secondwind/autoscale"
