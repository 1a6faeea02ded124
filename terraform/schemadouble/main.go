package main

import (
	_ "github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
)

func main() {}
