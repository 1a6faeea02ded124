package history

import (
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
)

func benchmarked(b *testing.B) *History {
	b.Helper()
	h, err := New(Config{Store: "sqlite:" + filepath.Join(b.TempDir(), "history.db"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	if err := h.tend(b.Context(), true); err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { h.stop() })
	return h
}

func BenchmarkAdd(b *testing.B) {
	h := benchmarked(b)
	for b.Loop() {
		if err := h.Add(b.Context(), &Addition{alice, Entry{Operation: "+", Operands: []string{"1", "2"}, Result: "3"}}); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkSearchThatFindsNothing is the dearest: it decrypts all that a user has.
func BenchmarkSearchThatFindsNothing(b *testing.B) {
	h := benchmarked(b)
	for i := range DefaultMaxEntries {
		if err := h.Add(b.Context(), &Addition{alice, Entry{Operation: "+", Operands: []string{"1", fmt.Sprint(i)}, Result: "3"}}); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		if got, err := h.List(b.Context(), alice, Query{Search: "sought"}); err != nil || len(got) != 0 {
			b.Fatal(got, err)
		}
	}
}
