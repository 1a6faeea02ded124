// breaks: only tests import virtual
// breaks: account knows none of the other parts
package cost

import _ "secondwind/virtual"
