// breaks: runlog knows none of the other parts
// breaks: runlog imports the standard library only
package timeline

import _ "secondwind/verify/judge"
