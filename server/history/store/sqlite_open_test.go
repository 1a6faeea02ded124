package store

import (
	"path/filepath"
	"sync"
	"testing"
)

// TestCalculatorsThatStartAtOnceAllOpenTheFile: each of them may be the one that makes it.
func TestCalculatorsThatStartAtOnceAllOpenTheFile(t *testing.T) {
	t.Parallel()
	for range 4 {
		name := "sqlite:" + filepath.Join(t.TempDir(), "history.db")
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				s, err := Open(t.Context(), name)
				if err != nil {
					t.Error(err)
					return
				}
				if err := s.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
}
