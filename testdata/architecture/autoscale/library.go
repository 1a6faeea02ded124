// breaks: autoscale imports the standard library only

package autoscale

import (
	_ "github.com/google/go-cmp/cmp"
)
