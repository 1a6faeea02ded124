package main

import (
	_ "secondwind/cmd/internal/awsconfig"
	_ "secondwind/server"
)
