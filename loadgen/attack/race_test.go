//go:build race

package attack

// manyLines of manyResults each are fewer with the race detector, which makes them slow.
const (
	manyLines   = 20
	manyResults = 10_000
)
