//go:build unix

package fleet

import (
	"errors"
	"syscall"
)

// isNotAvailable tells that this machine does not have the address at all.
func isNotAvailable(err error) bool { return errors.Is(err, syscall.EADDRNOTAVAIL) }
