//go:build race

package virtual_test

// raceDetector is whether the race detector, which slows a soak down six times, is on: then
// a few soaks of each form run; `make test` and `make race` run all of them without it as well.
const raceDetector = true
