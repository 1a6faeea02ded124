package runlog_test

import (
	"errors"
	"os/signal"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"secondwind/runlog"
)

// TestAFullDiskTearsNoLine: a write that the disk takes only in part leaves whole
// lines, so that what was recorded until then can be sealed and judged.
func TestAFullDiskTearsNoLine(t *testing.T) {
	line := int64(len(text(t, second(1))))
	for name, c := range map[string]struct {
		limit int64 // bytes of the file
		lines int
	}{
		"in the first line": {limit: line / 2, lines: 0},
		"in the second":     {limit: line + 1, lines: 1},
		"between two":       {limit: 2 * line, lines: 2},
		"before an end":     {limit: 3*line - 1, lines: 2},
	} {
		w, dir := create(t)
		for i := range 4 {
			must(t, w.WriteLoad(second(i)))
		}
		err := limited(t, c.limit, w.Flush)
		if !errors.Is(err, unix.EFBIG) {
			t.Errorf("%s: Flush = %v, want that the file is too large", name, err)
		}
		if err := w.Close(); !errors.Is(err, unix.EFBIG) {
			t.Errorf("%s: Close = %v, want the error of Flush", name, err)
		}
		must(t, runlog.Seal(dir))
		r, err := runlog.Open(dir)
		if err != nil {
			t.Errorf("%s: Open = %v, want what was recorded until the disk was full", name, err)
			continue
		}
		if len(r.Load) != c.lines || size(t, filepath.Join(dir, runlog.LoadFile)) != int64(c.lines)*line {
			t.Errorf("%s: %d lines were read, want %d", name, len(r.Load), c.lines)
		}
	}
}

// limited calls write while no file of this process may grow beyond so many bytes.
func limited(t *testing.T, bytes int64, write func() error) error {
	t.Helper()
	signal.Ignore(unix.SIGXFSZ)
	defer signal.Reset(unix.SIGXFSZ)
	var was unix.Rlimit
	must(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &was))
	must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: uint64(bytes), Max: was.Max}))
	defer func() { must(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &was)) }()
	return write()
}
