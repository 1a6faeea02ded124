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

// BenchmarkAdd is of a group, of a user who has as many entries as there may be.
func BenchmarkAdd(b *testing.B) {
	for _, size := range []int{1, 16, 32, 256} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			h := benchmarked(b)
			group := make([]*Addition, size)
			add := func(size int) {
				for i := range group[:size] {
					group[i] = &Addition{alice, Entry{Operation: "+", Operands: []string{"1", "2"}, Result: "3"}}
				}
				if err := h.Add(b.Context(), group[:size]...); err != nil {
					b.Fatal(err)
				}
			}
			for range DefaultMaxEntries/size + 1 {
				add(size)
			}
			for b.Loop() {
				add(size)
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*size), "µs/entry")
		})
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
