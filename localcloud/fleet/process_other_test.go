//go:build !linux

package fleet

import "testing"

// measuringFleets are fleets of every way to measure CPU that there is here.
func measuringFleets(t *testing.T) map[string]*Fleet {
	return map[string]*Fleet{"as the system counts": newFleet(t, Config{})}
}

func zombie(int) bool { return false }
