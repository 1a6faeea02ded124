// breaks: only tests import virtual
// breaks: account knows only itself and textfile
package cost

import _ "secondwind/virtual"
