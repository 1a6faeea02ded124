// Package scenarios holds the ready-made scenarios, so that the binary can run
// the default one from any folder, and services of other languages that are proved by
// theirs (examples).
package scenarios

import _ "embed"

// Soak is soak.yaml, the default scenario.
//
//go:embed soak.yaml
var Soak []byte

// Original is the smallest equivalent of the original calculator's server, in Python with Flask.
//
//go:embed examples/flask/original.py
var Original []byte
