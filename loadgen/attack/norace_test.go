//go:build !race

package attack

// manyLines of manyResults each are ten million.
const (
	manyLines   = 200
	manyResults = 50_000
)
