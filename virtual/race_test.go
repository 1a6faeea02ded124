//go:build race

package virtual_test

// raceDetector is whether the race detector, which slows a soak down six times,
// is on: then one soak of each kind runs, and `make test` runs all of them without.
const raceDetector = true
