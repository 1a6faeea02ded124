// breaks: verify/formula knows only runlog and verify/hypothesis
package formula

import _ "secondwind/verify/judge"
