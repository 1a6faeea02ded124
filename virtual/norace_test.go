//go:build !race

package virtual_test

// raceDetector is whether the race detector is on.
const raceDetector = false
