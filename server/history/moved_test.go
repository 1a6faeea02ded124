package history

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"secondwind/server/history/vault"
)

func TestAnInstanceGoesOnWhileItsStoreMovesToAnotherKey(t *testing.T) {
	onEveryStore(t, func(t *testing.T, cfg Config) {
		running := opened(t, cfg)
		first := add(t, running, alice, Entry{Result: "before the move"})
		moved := cfg
		moved.Key = "file:" + filepath.Join(t.TempDir(), "new.key")
		if _, err := Rotate(t.Context(), cfg, moved.Key); err != nil {
			t.Fatalf("Rotate: %v", err)
		}
		for _, check := range []bool{false, true} {
			if err := running.tend(t.Context(), check); !errors.Is(err, vault.ErrLost) {
				t.Errorf("tend(check %v) with the old key = %v, want ErrLost", check, err)
			}
		}
		second := add(t, running, alice, Entry{Result: "after the move"})
		want := []Entry{second, first}
		if diff := cmp.Diff(want, list(t, running, alice, Query{})); diff != "" {
			t.Errorf("List at the instance with the old key (-want +got):\n%s", diff)
		}
		if err := running.Ready(t.Context()); !errors.Is(err, vault.ErrLost) {
			t.Errorf("Ready = %v, want that it can not start again with its key", err)
		}
		if diff := cmp.Diff(want, list(t, opened(t, moved), alice, Query{})); diff != "" {
			t.Errorf("List at an instance with the new key (-want +got):\n%s", diff)
		}
	})
}
