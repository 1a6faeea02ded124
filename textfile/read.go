package textfile

import (
	"context"
	"fmt"
	"io"
	"os"
)

// MaxBytes bounds the files that Read reads: far more than a person writes.
const MaxBytes = 4 << 20

// Read returns what a file of the user's holds, at most MaxBytes. It may be a pipe,
// such as /dev/stdin or a shell's <(…), whose writer and end are awaited until ctx
// ends. The error names the file, or is ctx's.
func Read(ctx context.Context, path string) ([]byte, error) {
	return Await(ctx, func() ([]byte, error) {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		data, err := io.ReadAll(io.LimitReader(f, MaxBytes+1))
		if err == nil && len(data) > MaxBytes {
			err = fmt.Errorf("%s has more than the %d MB that are read of a file", path, MaxBytes>>20)
		}
		return data, err
	})
}

// Await returns what read returns, or ctx's error once ctx ends: nothing can end the
// opening of a pipe that nobody writes to, or a wait for a line, so read is left behind.
func Await[T any](ctx context.Context, read func() (T, error)) (data T, err error) {
	type result struct {
		data T
		err  error
	}
	results := make(chan result, 1)
	go func() {
		data, err := read()
		results <- result{data, err}
	}()
	select {
	case <-ctx.Done():
		return data, ctx.Err()
	case r := <-results:
		return r.data, r.err
	}
}
