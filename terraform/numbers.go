// Package terraform holds the numbers that Terraform reads as variables and the
// local cloud's stack reads too: change them once, and both change.
package terraform

import _ "embed"

// NumbersFile is the name of the numbers in this folder.
const NumbersFile = "scaling.auto.tfvars.json"

// Numbers is scaling.auto.tfvars.json as it was when the binary was built.
//
//go:embed scaling.auto.tfvars.json
var Numbers []byte
