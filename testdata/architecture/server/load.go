// breaks: the calculator carries no load generator and no plots

package server

import (
	_ "github.com/tsenart/vegeta/v12/lib"
)
