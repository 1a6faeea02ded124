// breaks: runlog imports the standard library only

package runlog

import (
	_ "github.com/goccy/go-yaml"
)
