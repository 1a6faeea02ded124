package fleet

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// FindProgram returns the absolute path of the executable that name stands for, or an
// error that says what is wrong with it: it is looked for in PATH if name has no path
// separator, and otherwise relative to dir ("" is this process's own).
func FindProgram(dir, name string) (string, error) {
	if dir != "" {
		if info, err := os.Stat(dir); err != nil || !info.IsDir() {
			return "", fmt.Errorf("working folder %q is not there, or no folder; name one that is", dir)
		}
		dir, err := filepath.Abs(dir)
		if err != nil {
			return "", err
		}
		if filepath.Base(name) != name && !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
	}
	path, err := exec.LookPath(name)
	switch {
	case err == nil:
		return filepath.Abs(path)
	case errors.Is(err, exec.ErrDot):
		return "", fmt.Errorf("program %q is found in the current folder only; write ./%s", name, name)
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound):
		return "", fmt.Errorf("program %q does not exist; build it first or name another", name)
	}
	if info, statErr := os.Stat(name); statErr == nil && info.IsDir() {
		return "", fmt.Errorf("program %q is a folder; name an executable", name)
	}
	return "", fmt.Errorf("program %q is not executable (chmod +x): %w", name, err)
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
