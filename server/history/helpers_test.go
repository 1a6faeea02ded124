package history

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"secondwind/server/history/store/storetest"
)

func TestMain(m *testing.M) { os.Exit(storetest.Run(m)) }

// onEveryStore runs a test with an empty store of each kind.
func onEveryStore(t *testing.T, test func(*testing.T, Config)) {
	t.Run("SQLite", func(t *testing.T) { test(t, sqliteConfig(t)) })
	t.Run("PostgreSQL", func(t *testing.T) { test(t, postgresConfig(t)) })
}

// postgresConfig is that of an empty database of the test's own, over TLS.
func postgresConfig(t *testing.T) Config {
	t.Helper()
	return Config{Store: storetest.Postgres(t), Key: "file:" + filepath.Join(t.TempDir(), "key"), Log: slog.New(slog.DiscardHandler)}
}

// sqliteConfig is that of a new store in a folder of the test's own.
func sqliteConfig(t *testing.T) Config {
	t.Helper()
	return Config{Store: "sqlite:" + filepath.Join(t.TempDir(), "history.db"), Log: slog.New(slog.DiscardHandler)}
}

// opened returns a History that is connected, and closes it when the test ends.
// It does not Run: the test decides when it tends.
func opened(t *testing.T, cfg Config) *History {
	t.Helper()
	h, err := New(cfg)
	if err != nil {
		t.Fatalf("New: %v", err)
	}
	if err := h.tend(t.Context(), true); err != nil {
		t.Fatalf("open the store: %v", err)
	}
	t.Cleanup(func() {
		if err := h.stop(); err != nil {
			t.Errorf("close the store: %v", err)
		}
	})
	return h
}

func add(t *testing.T, h *History, user string, e Entry) Entry {
	t.Helper()
	added := &Addition{user, e}
	if err := h.Add(t.Context(), added); err != nil {
		t.Fatalf("Add: %v", err)
	}
	return added.Entry
}

func list(t *testing.T, h *History, user string, q Query) []Entry {
	t.Helper()
	entries, err := h.List(t.Context(), user, q)
	if err != nil {
		t.Fatalf("List(%+v): %v", q, err)
	}
	return entries
}

// running runs h until the test ends.
func running(t *testing.T, h *History) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("Run = %v, want nil", err)
		}
	})
}

// await returns when true is, and fails the test if it never is.
func await(t *testing.T, what string, isTrue func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for !isTrue() {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("never seen: %s", what)
		}
	}
}
