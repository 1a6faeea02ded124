package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"secondwind/localcloud"
)

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
	cfg.Images = calculatorImage(program, history)
	cloud, err := localcloud.Start(ctx, cfg)
	if err != nil {
		history.remove()
		return nil, nil, err
	}
	return cloud, history, nil
}

// calculatorImage is the image table of a local cloud whose instances run program:
// all keep their history in one store, under the key of the stack, so that it is
// the same whichever instance answers.
func calculatorImage(program string, history *sharedHistory) map[string]localcloud.Image {
	return map[string]localcloud.Image{calculatorImageID: {
		Program: program, Args: []string{"--address", "{{address}}"},
		Env: []string{"CALCULATOR_HISTORY=" + history.store(), "CALCULATOR_KEY=" + historyKey()},
	}}
}
