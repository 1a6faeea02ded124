package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"secondwind/localcloud"
	"secondwind/localcloud/stack"
)

// localCloud is a local cloud whose instances are calculators that share one store
// for their history.
type localCloud struct {
	*localcloud.Cloud
	history string // path of the store, an SQLite file
}

// startLocalCloud starts one whose instances run program; cfg.Images are made here.
// The store is in a folder that only this user can read.
func startLocalCloud(ctx context.Context, cfg localcloud.Config, program string) (*localCloud, error) {
	dir, err := os.MkdirTemp("", "secondwind-history-") // 0700
	if err != nil {
		return nil, fmt.Errorf("make a folder for the calculators' history: %w", err)
	}
	c := &localCloud{history: filepath.Join(dir, "history.db")}
	cfg.Images = calculatorImage(program, c.history)
	if c.Cloud, err = localcloud.Start(ctx, cfg); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return c, nil
}

// Close ends the cloud and removes the store: nothing can read it once the cloud
// that holds its key has ended. Calling it again does no harm.
func (c *localCloud) Close() error {
	return errors.Join(c.Cloud.Close(), os.RemoveAll(filepath.Dir(c.history)))
}

// calculatorImage is the image table of a local cloud whose instances run program:
// all keep their history in one store, under the key of the stack, so that it is
// the same whichever instance answers.
func calculatorImage(program, history string) map[string]localcloud.Image {
	return map[string]localcloud.Image{calculatorImageID: {
		Program: program, Args: []string{"--address", "{{address}}"},
		Env: []string{"CALCULATOR_HISTORY=sqlite:" + history, "CALCULATOR_KEY=aws-kms:" + stack.HistoryAlias(localStack)},
	}}
}
