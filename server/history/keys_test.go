package history

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"secondwind/server/history/store"
	"secondwind/server/history/vault"
)

func TestInstancesOverOneStoreShareItsHistory(t *testing.T) {
	onEveryStore(t, func(t *testing.T, cfg Config) {
		// They start at once over an empty store: one makes the tables and keys.
		const instances = 4
		all := make([]*History, instances)
		var group sync.WaitGroup
		for i := range all {
			h, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			all[i] = h
			group.Go(func() {
				if err := h.tend(t.Context(), true); err != nil {
					t.Errorf("instance %d: %v", i, err)
				}
			})
		}
		group.Wait()
		defer func() {
			for _, h := range all {
				if err := h.stop(); err != nil {
					t.Errorf("close the store: %v", err)
				}
			}
		}()
		const each = 25
		for i, h := range all {
			group.Go(func() {
				for n := range each {
					if err := h.Add(t.Context(), &Addition{alice, Entry{Instance: fmt.Sprint(i), Result: fmt.Sprint(n)}}); err != nil {
						t.Errorf("Add at instance %d: %v", i, err)
					}
				}
			})
		}
		group.Wait()
		want := list(t, all[0], alice, Query{})
		if len(want) != instances*each {
			t.Errorf("List = %d entries, want %d", len(want), instances*each)
		}
		for i, h := range all[1:] {
			if diff := cmp.Diff(want, list(t, h, alice, Query{})); diff != "" {
				t.Errorf("List at instance %d differs from instance 0's (-want +got):\n%s", i+1, diff)
			}
		}
	})
}

func TestRotationDisturbsNobody(t *testing.T) {
	onEveryStore(t, func(t *testing.T, cfg Config) {
		a, b := opened(t, cfg), opened(t, cfg)
		var group sync.WaitGroup
		for i, h := range []*History{a, b} {
			group.Go(func() {
				for n := range 40 {
					if err := h.Add(t.Context(), &Addition{alice, Entry{Instance: fmt.Sprint(i), Result: fmt.Sprint(n)}}); err != nil {
						t.Errorf("Add at instance %d: %v", i, err)
					}
					if _, err := h.List(t.Context(), alice, Query{Limit: 5}); err != nil {
						t.Errorf("List at instance %d: %v", i, err)
					}
				}
			})
		}
		const rotations = 3
		for range 2 { // two people rotate at once
			group.Go(func() {
				for range rotations {
					if _, err := Rotate(t.Context(), cfg, ""); err != nil {
						t.Errorf("Rotate: %v", err)
					}
				}
			})
		}
		group.Wait()
		for _, h := range []*History{a, b} {
			if got := list(t, h, alice, Query{}); len(got) != 80 {
				t.Errorf("after the rotations List = %d entries, want 80", len(got))
			}
		}
		if err := a.tend(t.Context(), false); err != nil {
			t.Fatal(err)
		}
		if keys := a.state.Load().keys; keys.Len() != 1+2*rotations {
			t.Errorf("there are %d data keys, want %d", keys.Len(), 1+2*rotations)
		}
	})
}

func TestARecordUnderARotatedKeyIsReadAtOnce(t *testing.T) {
	cfg := sqliteConfig(t)
	a := opened(t, cfg)
	old := add(t, a, alice, Entry{Result: "under the first key"})
	if _, err := Rotate(t.Context(), cfg, ""); err != nil {
		t.Fatalf("Rotate: %v", err)
	}
	b := opened(t, cfg) // knows both keys and seals with the second
	recent := add(t, b, alice, Entry{Result: "under the second key"})
	if was, is := a.state.Load().keys.Primary(), b.state.Load().keys.Primary(); was == is {
		t.Fatalf("both instances seal with key %d, want a new one", is)
	}
	if diff := cmp.Diff([]Entry{recent, old}, list(t, a, alice, Query{})); diff != "" {
		t.Errorf("List at an instance that did not know of the rotation (-want +got):\n%s", diff)
	}
	if was, is := a.state.Load().keys.Primary(), b.state.Load().keys.Primary(); was != is {
		t.Errorf("it still seals with key %d, want %d", was, is)
	}
}

func TestRotationCanMoveToAnotherKey(t *testing.T) {
	cfg := sqliteConfig(t)
	a := opened(t, cfg)
	want := add(t, a, alice, Entry{Result: "1"})
	moved := cfg
	moved.Key = "file:" + filepath.Join(t.TempDir(), "new.key")
	if _, err := Rotate(t.Context(), cfg, moved.Key); err != nil {
		t.Fatalf("Rotate: %v", err)
	}
	if diff := cmp.Diff([]Entry{want}, list(t, opened(t, moved), alice, Query{})); diff != "" {
		t.Errorf("List under the new key (-want +got):\n%s", diff)
	}
	// Who runs goes on with the keys that it has, and says what to do.
	if err := a.tend(t.Context(), true); !errors.Is(err, errMoved) {
		t.Errorf("the running calculator's tend = %v, want that the store was moved", err)
	}
	if err := a.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), "file:new.key") {
		t.Errorf("its Ready = %v, want the new key named", err)
	}
	add(t, a, alice, Entry{Result: "2"})
	if got := list(t, a, alice, Query{}); len(got) != 2 {
		t.Errorf("its List = %v, want both entries", got)
	}
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer h.stop()
	if err := h.tend(t.Context(), true); !errors.Is(err, vault.ErrLost) ||
		!strings.Contains(err.Error(), "under another key: start the calculator with that one: file:new.key") {
		t.Errorf("a new calculator with the old key: %v, want ErrLost and the name of the new one", err)
	}
	unavailableEverywhere(t, h)
}

func TestALostKeyMakesHistoryUnreadableAndNothingElse(t *testing.T) {
	onEveryStore(t, func(t *testing.T, cfg Config) {
		if cfg.Key == "" {
			cfg.Key = "file:" + filepath.Join(t.TempDir(), "key")
		}
		path := strings.TrimPrefix(cfg.Key, "file:")
		h := opened(t, cfg)
		want := add(t, h, alice, Entry{Result: "1"})
		if err := os.Rename(path, path+".away"); err != nil {
			t.Fatal(err)
		}
		if err := h.tend(t.Context(), true); !errors.Is(err, vault.ErrLost) {
			t.Errorf("without its key: %v, want ErrLost", err)
		}
		unavailableEverywhere(t, h)
		if err := h.Ready(t.Context()); err == nil || !strings.Contains(err.Error(), path+" is missing") {
			t.Errorf("Ready = %v, want the missing file named", err)
		}
		if _, err := os.Stat(path); err == nil {
			t.Fatal("another key was made, under which nothing opens")
		}
		if err := os.Rename(path+".away", path); err != nil {
			t.Fatal(err)
		}
		if err := h.tend(t.Context(), false); err != nil {
			t.Errorf("with its key again: %v", err)
		}
		if diff := cmp.Diff([]Entry{want}, list(t, h, alice, Query{})); diff != "" {
			t.Errorf("List with the key again (-want +got):\n%s", diff)
		}
	})
}

func TestAKeyFileThatIsNotItsOwnersAloneIsRefused(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no permission bits")
	}
	cfg := sqliteConfig(t)
	opened(t, cfg)
	path := strings.TrimPrefix(cfg.Store, sqlitePrefix)
	for _, file := range []string{path, path + ".key"} {
		info, err := os.Stat(file)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s was made with permissions %04o, want 0600", file, info.Mode().Perm())
		}
	}
	for _, mode := range []os.FileMode{0o640, 0o604, 0o620, 0o601, 0o666} {
		if err := os.Chmod(path+".key", mode); err != nil {
			t.Fatal(err)
		}
		h, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		err = h.tend(t.Context(), true)
		if !errors.Is(err, vault.ErrLost) || !strings.Contains(err.Error(), fmt.Sprintf("has permissions %04o", mode)) ||
			!strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("with permissions %04o: %v, want a sentence that says chmod 600", mode, err)
		}
		h.stop()
	}
}

func TestKeyFilesThatAreNone(t *testing.T) {
	for _, tt := range []struct {
		name, text, says string
	}{
		{"an empty file", "", "holds no Tink keyset"},
		{"text", "secret", "holds no Tink keyset"},
		{"a large file", strings.Repeat("x", 1<<20), "is no key file"},
		{"a keyset without keys", `{"primaryKeyId":1,"key":[]}`, "holds no"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			cfg := sqliteConfig(t)
			path := filepath.Join(t.TempDir(), "key")
			if err := os.WriteFile(path, []byte(tt.text), 0o600); err != nil {
				t.Fatal(err)
			}
			cfg.Key = "file:" + path
			h, err := New(cfg)
			if err != nil {
				t.Fatal(err)
			}
			defer h.stop()
			if err := h.tend(t.Context(), true); !errors.Is(err, vault.ErrLost) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("with %s as key: %v, want %q", tt.name, err, tt.says)
			}
		})
	}
}

func TestRecordsOfAnotherKeyAreLeftOutAndLogged(t *testing.T) {
	cfg := sqliteConfig(t)
	var log strings.Builder
	cfg.Log = slog.New(slog.NewTextHandler(&log, nil))
	h := opened(t, cfg)
	want := add(t, h, alice, Entry{Result: "1"})
	other, err := vault.New()
	if err != nil {
		t.Fatal(err)
	}
	mine := h.state.Load().keys
	owner, err := mine.Owner(alice)
	if err != nil {
		t.Fatal(err)
	}
	id, err := uuid.NewV7()
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := other.Seal(owner, id[:], []byte(`{"result":"2"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.state.Load().store.Insert(t.Context(), []store.Record{foreign}, 10); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Entry{want}, list(t, h, alice, Query{})); diff != "" {
		t.Errorf("List (-want +got):\n%s", diff)
	}
	if !strings.Contains(log.String(), "records=1") || strings.Contains(log.String(), alice) {
		t.Errorf("log = %s, want one unreadable record and no user", log.String())
	}
}
