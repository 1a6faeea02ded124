// breaks: localcloud/keys knows only the wire
package keys

import _ "secondwind/localcloud/cloud"
