package textfile_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"secondwind/textfile"
)

func TestReadIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	for size, fault := range map[int]string{0: "", 1: "", textfile.MaxBytes: "", textfile.MaxBytes + 1: "more than the 4 MB"} {
		text := strings.Repeat("a", size)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := textfile.Read(t.Context(), path)
		if !reports(err, fault) || err == nil && string(got) != text || err != nil && !reports(err, path) {
			t.Errorf("Read of %d bytes = %d bytes, %v, want %q", size, len(got), err, fault)
		}
	}
}

func TestReadNamesAFileThatIsNotThere(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none")
	if _, err := textfile.Read(t.Context(), path); !errors.Is(err, fs.ErrNotExist) || !reports(err, path) {
		t.Errorf("Read = %v, want that %s does not exist", err, path)
	}
}

func TestReadOfADeviceWithoutEndEnds(t *testing.T) {
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip("there is no /dev/zero on this system")
	}
	if _, err := textfile.Read(t.Context(), "/dev/zero"); !reports(err, "/dev/zero has more than the 4 MB") {
		t.Errorf("Read = %v, want that it has no end", err)
	}
}

// TestAwaitEndsWithItsContext has a pipe that nobody writes to.
func TestAwaitEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		line := make(chan string)
		defer close(line)
		read := func() (string, error) { return <-line, nil }
		go func() { line <- "one" }()
		if got, err := textfile.Await(ctx, read); got != "one" || err != nil {
			t.Errorf("Await = %q, %v, want one", got, err)
		}
		cancel()
		if got, err := textfile.Await(ctx, read); got != "" || !errors.Is(err, context.Canceled) {
			t.Errorf("Await = %q, %v, want that it was cancelled", got, err)
		}
	})
}
