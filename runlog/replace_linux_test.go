package runlog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// replaceFile makes this process's descriptor of the file at path lead to another
// file, until the returned function is called: so a disk fills up under a writer.
func replaceFile(t *testing.T, path string, with *os.File) (restore func()) {
	t.Helper()
	descriptors, err := filepath.Glob("/proc/self/fd/*")
	must(t, err)
	for _, link := range descriptors {
		if target, err := os.Readlink(link); err != nil || target != path {
			continue
		}
		fd, err := strconv.Atoi(filepath.Base(link))
		must(t, err)
		kept, err := unix.Dup(fd)
		must(t, err)
		must(t, unix.Dup3(int(with.Fd()), fd, unix.O_CLOEXEC))
		return func() {
			must(t, unix.Dup3(kept, fd, unix.O_CLOEXEC))
			must(t, unix.Close(kept))
		}
	}
	t.Fatal(fmt.Errorf("no descriptor leads to %s", path))
	return nil
}
