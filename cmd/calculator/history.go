package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/cmd/internal/awsconfig"
	"secondwind/server/history"
)

const historyPlaces = `  CALCULATOR_HISTORY                where the history is kept: sqlite:PATH, off, or
                                    postgres://USER@HOST/DATABASE?sslmode=verify-full
                                    (default history.db in $STATE_DIRECTORY, or in the user's state folder)
  CALCULATOR_KEY                    what encrypts it: file:PATH or aws-kms:KEY (a key id, an ARN or alias/NAME;
                                    default: a key file next to the SQLite store, created at the first start)
`

func historySettings(c *history.Config) []setting {
	return []setting{
		{"CALCULATOR_HISTORY_MAX_ENTRIES", "entries of a user (default 1000; the oldest go first)", &c.MaxEntries},
		{"CALCULATOR_HISTORY_MAX_TOTAL", "entries of all users (default 100000)", &c.MaxTotal},
		{"CALCULATOR_HISTORY_MAX_BYTES", "of an entry (default 16384; a longer one is shortened)", &c.MaxEntryBytes},
		{"CALCULATOR_HISTORY_RETENTION", "how long an entry is kept (default 2160h)", &c.Retention},
	}
}

// historyEnvironment is the help's part about the history.
func historyEnvironment() string {
	return historyPlaces + described(historySettings(new(history.Config)))
}

// historyConfig reads the environment and reports everything that is wrong with it.
func historyConfig(lookup func(string) (string, bool), log *slog.Logger) (history.Config, error) {
	cfg := history.Config{Log: log, AWS: func(ctx context.Context) (aws.Config, error) { return awsconfig.Load(ctx, "") }}
	cfg.Store, _ = lookup("CALCULATOR_HISTORY")
	cfg.Key, _ = lookup("CALCULATOR_KEY")
	wrong := read(historySettings(&cfg), lookup)
	if cfg.Store == history.Off {
		return cfg, wrong
	}
	if err := cfg.Validate(); err != nil {
		wrong = errors.Join(wrong, fmt.Errorf("CALCULATOR_HISTORY, CALCULATOR_KEY: %w", err))
	}
	return cfg, wrong
}

// keepHistory runs a history in the background until stop is called. It returns at
// once, and nil if no history is to be kept.
func keepHistory(ctx context.Context, cfg history.Config) (h *history.History, stop func(), err error) {
	if cfg.Store == history.Off {
		return nil, func() {}, nil
	}
	if h, err = history.New(cfg); err != nil {
		return nil, nil, err
	}
	// It outlives the signal that ends the server: requests in flight use it.
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	var running sync.WaitGroup
	running.Go(func() {
		if err := h.Run(ctx); err != nil {
			cfg.Log.Error("history was not closed", "error", err)
		}
	})
	return h, func() { cancel(); running.Wait() }, nil
}
