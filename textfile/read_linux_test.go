package textfile_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"secondwind/textfile"
)

// TestReadOfAPipe: a named pipe waits for its writer, and a shell's <(…) is a pipe too.
func TestReadOfAPipe(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := textfile.Read(ended, path); !errors.Is(err, context.Canceled) {
		t.Errorf("Read of a pipe that nobody writes to = %v, want that it was cancelled", err)
	}
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	fmt.Fprint(w, "hold: 8h")
	w.Close()
	if got, err := textfile.Read(t.Context(), fmt.Sprintf("/dev/fd/%d", r.Fd())); string(got) != "hold: 8h" || err != nil {
		t.Errorf("Read of <(…) = %q, %v, want what was written", got, err)
	}
}
