//go:build !linux

package storetest

import "syscall"

// attributes run a process as this one's user: PostgreSQL refuses to be root.
func attributes(_, _ int) *syscall.SysProcAttr { return nil }
