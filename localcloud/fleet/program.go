package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// findProgram returns the absolute path of the executable that name stands for,
// or an error that says what is wrong with it. A name without a path separator
// is looked for in PATH.
func findProgram(name string) (string, error) {
	path := name
	if !strings.ContainsAny(name, `/`+string(filepath.Separator)) {
		found, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("program %q is not in PATH: give its path, or build it first", name)
		}
		path = found
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("program %q: %w", name, err)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("program %q does not exist: check the path, or build it first: %w", path, fs.ErrNotExist)
	case err != nil:
		return "", fmt.Errorf("program %q: %w", path, err)
	case info.IsDir():
		return "", fmt.Errorf("program %q is a directory: name the executable in it", path)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("program %q is not a regular file", path)
	case runtime.GOOS != "windows" && info.Mode()&0o111 == 0:
		return "", fmt.Errorf("program %q is not executable: chmod +x %s", path, path)
	}
	return path, nil
}

// explainStart says in plain words why the system would not start an existing program.
func explainStart(path string, err error) error {
	switch {
	case errors.Is(err, errExecFormat):
		return fmt.Errorf("start %q: it is not a program for %s/%s (a script needs a #! line): %w", path, runtime.GOOS, runtime.GOARCH, err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("start %q: the file is there, but the interpreter or loader that it names is not: %w", path, err)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("start %q: the system forbids it (mounted noexec, or not your file?): %w", path, err)
	}
	return fmt.Errorf("start %q: %w", path, err)
}
