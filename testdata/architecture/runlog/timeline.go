// breaks: runlog knows none of the other parts
// breaks: runlog imports the standard library only
package runlog

import _ "secondwind/verify/hypothesis"
