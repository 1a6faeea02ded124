package fleet

import "golang.org/x/sys/windows"

// errExecFormat is how the system says that a file is no program of its own.
const errExecFormat = windows.ERROR_BAD_EXE_FORMAT
