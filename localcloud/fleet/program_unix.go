//go:build unix

package fleet

import "syscall"

// errExecFormat is how the system says that a file is no program of its own.
const errExecFormat = syscall.ENOEXEC
