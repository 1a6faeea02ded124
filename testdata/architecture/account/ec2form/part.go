// breaks: account knows only itself and textfile

package ec2form

import _ "secondwind/autoscale"
