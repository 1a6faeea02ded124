package history

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// damages are what can happen to a file, each at a place that random chooses.
var damages = []struct {
	name string
	to   func(*rand.Rand, []byte) []byte
}{
	{"one bit is changed", func(r *rand.Rand, b []byte) []byte {
		b[r.IntN(len(b))] ^= 1 << r.IntN(8)
		return b
	}},
	{"a sector is zeros", func(r *rand.Rand, b []byte) []byte {
		at := r.IntN(len(b)) &^ 511
		clear(b[at:min(at+512, len(b))])
		return b
	}},
	{"a page is another one", func(r *rand.Rand, b []byte) []byte {
		pages := len(b) / 4096
		copy(b[r.IntN(pages)*4096:][:4096], b[r.IntN(pages)*4096:][:4096])
		return b
	}},
	{"the end is cut off", func(r *rand.Rand, b []byte) []byte { return b[:r.IntN(len(b))] }},
	{"it is noise", func(r *rand.Rand, b []byte) []byte {
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}},
}

// TestADamagedStoreIsAnErrorOrItsEntries holds a calculator over a damaged file
// to what it promises: an entry that it lists is one that was added, unchanged,
// and whatever else is wrong comes back as an error. It never panics or hangs.
func TestADamagedStoreIsAnErrorOrItsEntries(t *testing.T) {
	cfg := sqliteConfig(t).withDefaults()
	cfg.Timeout = time.Minute
	path := strings.TrimPrefix(cfg.Store, sqlitePrefix)
	want := map[string]string{}
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.tend(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	for i := range 60 {
		e := add(t, h, alice, Entry{Operands: []string{strings.Repeat(fmt.Sprint(i), 1+i*13%200)}, Result: fmt.Sprint(i * i)})
		want[e.ID] = e.Operands[0] + "=" + e.Result
	}
	if err := h.stop(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, damage := range damages {
		t.Run(damage.name, func(t *testing.T) {
			failed, listed := 0, 0
			for seed := range uint64(30) {
				cfg := cfg
				copied := filepath.Join(t.TempDir(), "history.db")
				cfg.Store = sqlitePrefix + copied
				if err := os.WriteFile(copied, damage.to(rand.New(rand.NewPCG(seed, 0)), append([]byte(nil), whole...)), 0o600); err != nil {
					t.Fatal(err)
				}
				entries, err := useDamaged(t, cfg)
				if err != nil {
					failed++
				}
				for _, e := range entries {
					if listed++; want[e.ID] != e.Operands[0]+"="+e.Result {
						t.Errorf("seed %d: List has the entry %v, which was not added", seed, e)
					}
				}
			}
			t.Logf("30 files: %d with an error, %d entries listed", failed, listed)
		})
	}
}

// useDamaged does with a store what a calculator does, and returns what it lists
// and the first error.
func useDamaged(t *testing.T, cfg Config) ([]Entry, error) {
	h, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = h.stop() }()
	if err := h.tend(t.Context(), true); err != nil {
		if !strings.Contains(err.Error(), cfg.Store) && !strings.Contains(err.Error(), "key") {
			t.Errorf("the error %q names neither store nor key", err)
		}
		unavailableEverywhere(t, h)
		return nil, err
	}
	entries, err := h.List(t.Context(), alice, Query{})
	added := &Addition{bob, Entry{Operands: []string{"1"}, Result: "1"}}
	addErr := h.Add(t.Context(), added)
	var deleteErr error
	if addErr == nil {
		deleteErr = h.Delete(t.Context(), bob, added.Entry.ID)
	}
	for _, err := range []error{err, addErr, deleteErr} {
		if err != nil && !errors.Is(err, ErrUnavailable) && !errors.Is(err, ErrNotFound) {
			t.Errorf("a damaged store's error %q is not ErrUnavailable", err)
		}
	}
	return entries, errors.Join(err, addErr, deleteErr)
}
