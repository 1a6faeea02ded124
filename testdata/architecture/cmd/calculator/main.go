// breaks: server knows nothing of the harness
// breaks: the calculator carries no load generator and no plots

package main

import (
	_ "gonum.org/v1/plot/vg"

	_ "secondwind/loadgen"
	_ "secondwind/server"
)
