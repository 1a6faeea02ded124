// breaks: textfile imports the standard library only

package textfile

import _ "secondwind/runlog"
