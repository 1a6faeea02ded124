package main

import (
	_ "secondwind/loadgen"
	_ "secondwind/localcloud"
	_ "secondwind/verify/judge"
)
