// Package scenarios holds the ready-made scenarios, so that the binary can run
// the default one from any folder.
package scenarios

import _ "embed"

// Soak is soak.yaml, the default scenario.
//
//go:embed soak.yaml
var Soak []byte
