// Package terraform holds the scaling variables, which Terraform and the local
// cloud's stack both read: change them once, and both change.
package terraform

import _ "embed"

// ScalingVariablesFile is the name of the file of scaling variables in this folder.
const ScalingVariablesFile = "scaling.auto.tfvars.json"

// ScalingVariables is scaling.auto.tfvars.json as it was when the binary was built.
//
//go:embed scaling.auto.tfvars.json
var ScalingVariables []byte
