// breaks: loadgen/profile imports the standard library only

package profile

import (
	_ "gonum.org/v1/gonum/stat"
)
