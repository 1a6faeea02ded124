package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"secondwind/server/history/store"
)

// chunkBytes is how much of a store's raw bytes is held at once.
const chunkBytes = 1 << 20

// found is a pattern and where it was found.
type found struct {
	pattern searchPattern
	part    string
	at      int64 // the offset in the part
}

func (f found) Error() string {
	return fmt.Sprintf("%s is found %s at byte %d of %s", f.pattern.what, f.pattern.encoding, f.at, f.part)
}

// search looks for every pattern in the store's raw bytes. It returns the first
// place of each that is there, and the parts that it read.
func search(ctx context.Context, s *store.Store, all []searchPattern) (hits []found, parts []Part, err error) {
	seen := make([]bool, len(all))
	err = s.Raw(ctx, func(name string, r io.Reader) error {
		size, err := scan(ctx, r, all, func(i int, at int64) {
			if !seen[i] {
				seen[i] = true
				hits = append(hits, found{all[i], name, at})
			}
		})
		parts = append(parts, Part{name, size})
		return err
	})
	return hits, parts, err
}

// scan reads r to its end and reports where patterns are. Chunks overlap, so that
// none is missed between two.
func scan(ctx context.Context, r io.Reader, all []searchPattern, report func(i int, at int64)) (size int64, err error) {
	longest := 1
	for _, n := range all {
		longest = max(longest, len(n.bytes))
	}
	window := make([]byte, 0, chunkBytes+longest)
	for {
		n, err := io.ReadFull(r, window[len(window):cap(window)])
		begin := size - int64(len(window))
		window = window[:len(window)+n]
		size += int64(n)
		for i := range all {
			if at := bytes.Index(window, all[i].bytes); at >= 0 {
				report(i, begin+int64(at))
			}
		}
		switch {
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return size, nil
		case err != nil:
			return size, err
		case ctx.Err() != nil:
			return size, ctx.Err()
		}
		kept := min(len(window), longest-1)
		window = append(window[:0], window[len(window)-kept:]...)
	}
}

// of returns what was found of one kind.
func of(k kind, hits []found) []found {
	return slices.DeleteFunc(slices.Clone(hits), func(f found) bool { return f.pattern.kind != k })
}

// asError says what was found, or is nil.
func asError(hits []found) error {
	if len(hits) == 0 {
		return nil
	}
	var all []string
	for _, hit := range hits {
		all = append(all, hit.Error())
	}
	return errors.New(strings.Join(all, "; "))
}
