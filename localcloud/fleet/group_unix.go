//go:build unix

package fleet

import (
	"errors"
	"syscall"
)

// signalGroup sends sig to every process of the group; a group that is gone is no error.
func signalGroup(group int, sig syscall.Signal) error {
	err := syscall.Kill(-group, sig)
	if errors.Is(err, syscall.ESRCH) {
		return nil
	}
	// macOS says EPERM for a group of which only zombies are left.
	if errors.Is(err, syscall.EPERM) && syscall.Kill(group, 0) != nil {
		return nil
	}
	return err
}
