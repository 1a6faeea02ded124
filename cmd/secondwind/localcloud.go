package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	"secondwind/localcloud"
)

// calculatorImageID is the local cloud's only image.
const calculatorImageID = "ami-00000000ca1c01a70"

// findCalculator returns the program that an instance runs: the one asked for,
// or the calculator in this binary's own folder.
func findCalculator(asked string) (string, error) {
	path := asked
	if path == "" {
		self, err := os.Executable()
		if err != nil {
			return "", fmt.Errorf("find this program's own folder: %w", err)
		}
		path = filepath.Join(filepath.Dir(self), "calculator")
		if runtime.GOOS == "windows" {
			path += ".exe"
		}
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find the calculator %s: %w", path, err)
	}
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", fmt.Errorf("the calculator %s does not exist: run `make build`, or name another program with --calculator", path)
	case err != nil:
		return "", fmt.Errorf("the calculator %s cannot be read: %w; name another program with --calculator", path, err)
	case info.IsDir():
		return "", fmt.Errorf("the calculator %s is a folder: name the program with --calculator", path)
	}
	if _, err := exec.LookPath(path); err != nil { // it asks whether this user may execute it
		return "", fmt.Errorf("the calculator %s is not executable: run `chmod +x %s`, or `make build`", path, path)
	}
	return path, nil
}

// localStack is what the stack in a local cloud is called.
const localStack = "secondwind"

// sharedHistory is the store that all calculators of a local cloud keep their
// history in, an SQLite file in a folder that only this user can read.
type sharedHistory struct {
	path    string
	release func() error // of the folder
}

// historyFolders is the pattern of the folders that stores are in.
const historyFolders = "secondwind-history-*"

func newSharedHistory() (*sharedHistory, error) {
	removeStaleDirectories(historyFolders)
	dir, err := os.MkdirTemp("", historyFolders) // 0700
	if err != nil {
		return nil, fmt.Errorf("make a folder for the calculators' history: %w", err)
	}
	release, err := claim(dir)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return &sharedHistory{filepath.Join(dir, "history.db"), release}, nil
}

// store names it as the calculators' configuration does.
func (h *sharedHistory) store() string { return "sqlite:" + h.path }

// remove removes the store: nothing can read it once the cloud that holds its key
// has ended. What cannot be removed is left to the next run.
func (h *sharedHistory) remove() {
	_ = os.RemoveAll(filepath.Dir(h.path))
	_ = h.release()
}

// startLocalCloud starts a local cloud whose instances run program and share their
// history; cfg.Images are made here. The caller closes the cloud, then removes the
// history.
func startLocalCloud(ctx context.Context, cfg localcloud.Config, program string) (*localcloud.Cloud, *sharedHistory, error) {
	history, err := newSharedHistory()
	if err != nil {
		return nil, nil, err
	}
	// One store, under the key of the stack: the history is the same whichever
	// instance answers.
	cfg.Images = map[string]localcloud.Image{calculatorImageID: {
		Program: program, Args: []string{"--address", "{{address}}"},
		Env: []string{"CALCULATOR_HISTORY=" + history.store(), "CALCULATOR_KEY=" + historyKey()},
	}}
	cloud, err := localcloud.Start(ctx, cfg)
	if err != nil {
		history.remove()
		return nil, nil, err
	}
	return cloud, history, nil
}
