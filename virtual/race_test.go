//go:build race

package virtual_test

// raceDetector is whether the race detector, which slows a soak down six times,
// is on: then one soak of each kind runs; `make test` and `make race` run all of
// them without it as well.
const raceDetector = true
