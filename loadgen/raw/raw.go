// Package raw writes every result of an attack in Vegeta's formats, for `vegeta report`
// and `vegeta plot`.
package raw

import (
	"bufio"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// formats are what Create takes, with Vegeta's names.
var formats = map[string]struct {
	encoder func(io.Writer) vegeta.Encoder
	decoder func(io.Reader) vegeta.Decoder
}{
	"gob": {vegeta.NewEncoder, vegeta.NewDecoder}, "json": {vegeta.NewJSONEncoder, vegeta.NewJSONDecoder},
	"csv": {vegeta.NewCSVEncoder, vegeta.NewCSVDecoder},
}

// Known tells whether there is a format.
func Known(format string) bool { return formats[format].encoder != nil }

// maxFile is how many bytes a file has before the next one begins: half an hour at
// 1,000 requests/s.
const maxFile = 256 << 20

// Writer writes results to results-001.gob and so on. A file that is full is compressed.
// It is safe for concurrent use.
type Writer struct {
	folder, format string
	max            int64

	mu      sync.Mutex // guards what follows
	number  int
	file    *os.File
	buffer  *bufio.Writer
	written int64
	encoder vegeta.Encoder
	err     error
	packing sync.WaitGroup
	packed  error
}

// Create begins the first file in an existing folder.
func Create(folder, format string) (*Writer, error) {
	if !Known(format) {
		return nil, fmt.Errorf("there is no format %q of raw results; the formats are gob, json and csv", format)
	}
	w := &Writer{folder: folder, format: format, max: maxFile}
	return w, w.begin()
}

func (w *Writer) begin() (err error) {
	w.number++
	w.file, err = os.OpenFile(w.path(), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	w.written, w.buffer = 0, bufio.NewWriterSize(w.file, 64<<10)
	w.encoder = formats[w.format].encoder(counting{w})
	return nil
}

func (w *Writer) path() string {
	return filepath.Join(w.folder, fmt.Sprintf("results-%03d.%s", w.number, w.format))
}

// counting counts what the encoder writes.
type counting struct{ *Writer }

func (c counting) Write(p []byte) (int, error) {
	c.written += int64(len(p))
	return c.buffer.Write(p)
}

// Write writes a result. After an error it does nothing and returns that error again.
func (w *Writer) Write(r *vegeta.Result) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.err != nil {
		return w.err
	}
	if w.err = w.encoder.Encode(r); w.err == nil && w.written >= w.max {
		if w.err = w.end(); w.err == nil {
			w.err = w.begin()
		}
	}
	return w.err
}

// Flush hands what was written to the operating system: a crash of the program loses
// nothing that came before.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.err, w.buffer.Flush())
}

// end closes the file that is written, and compresses it meanwhile.
func (w *Writer) end() error {
	if err := errors.Join(w.buffer.Flush(), w.file.Close()); err != nil {
		return err
	}
	path := w.path()
	w.packing.Go(func() {
		copied := func(to io.Writer, from io.Reader) error {
			_, err := io.Copy(to, from)
			return err
		}
		if err := pack(path, copied); err != nil {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.packed = errors.Join(w.packed, err)
		}
	})
	return nil
}

// Close ends the last file, which stays as it is.
func (w *Writer) Close() error {
	w.packing.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return errors.Join(w.err, w.packed, w.buffer.Flush(), w.file.Close())
}

// pack replaces a file by what is copied of it, compressed, once that is whole.
func pack(path string, copied func(to io.Writer, from io.Reader) error) error {
	from, err := os.Open(path)
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(to.Name()) // which is gone if all went well
	compressed, _ := gzip.NewWriterLevel(to, gzip.BestSpeed)
	compressed.ModTime = time.Time{}
	if err := errors.Join(copied(compressed, from), compressed.Close(), to.Chmod(0o644), to.Close()); err != nil {
		return err
	}
	if err := os.Rename(to.Name(), path+".gz"); err != nil {
		return err
	}
	return os.Remove(path)
}
