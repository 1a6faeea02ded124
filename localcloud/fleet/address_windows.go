package fleet

import (
	"errors"

	"golang.org/x/sys/windows"
)

// isNotAvailable tells that this machine does not have the address at all.
func isNotAvailable(err error) bool { return errors.Is(err, windows.WSAEADDRNOTAVAIL) }
