// Package probe asks an HTTP service a few times and finds out what a scenario for it needs:
// its health path, what in an answer names the instance that gave it, and what a request costs.
package probe
