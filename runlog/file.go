package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// tempSuffix marks a file that is being written and not yet in place.
const tempSuffix = ".part"

// File is a file to be written into a run's folder.
type File struct {
	Name string // slash-separated; its folders exist
	Data []byte
}

// WriteFile puts a whole file into a run's folder, or leaves what was there.
func WriteFile(dir, name string, data []byte) error { return WriteFiles(dir, []File{{name, data}}) }

// WriteFiles puts whole files into a run's folder, but for those that are there
// already with the same bytes, so that a folder that is as it should be need not be
// writable: all are written under temporary
// names and synced before the first is renamed. If one cannot be written, what was
// there stays; if one cannot be renamed, those that were are removed.
func WriteFiles(dir string, files []File) (err error) {
	path := func(f File) string { return filepath.Join(dir, filepath.FromSlash(f.Name)) }
	files = slices.DeleteFunc(slices.Clone(files), func(f File) bool { return holds(path(f), f.Data) })
	placed := 0
	defer func() {
		for i, f := range files {
			if err != nil && i < placed {
				os.Remove(path(f))
			}
			os.Remove(path(f) + tempSuffix)
		}
	}()
	for _, f := range files {
		if err := writeSynced(path(f)+tempSuffix, f.Data); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
	}
	for _, f := range files {
		if err := errors.Join(os.Rename(path(f)+tempSuffix, path(f)), syncDir(filepath.Dir(path(f)))); err != nil {
			return fmt.Errorf("write %s: %w", f.Name, err)
		}
		placed++
	}
	return nil
}

// holds reports whether a regular file has these bytes.
func holds(path string, data []byte) bool {
	info, err := os.Lstat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() != int64(len(data)) {
		return false
	}
	there, err := os.ReadFile(path)
	return err == nil && bytes.Equal(there, data)
}

func writeSynced(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	if err := f.Sync(); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// syncDir makes a rename last. Systems that cannot sync a directory (Windows)
// order renames themselves, so failing to is no error.
func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("sync folder: %w", err)
	}
	defer d.Close()
	_ = d.Sync()
	return nil
}

func writeJSON(dir, name string, v any) error {
	data, err := Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return WriteFile(dir, name, data)
}

// Marshal gives the bytes of a JSON file of a run: indented, and not escaped for
// HTML.
func Marshal(v any) ([]byte, error) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err := enc.Encode(v)
	return buf.Bytes(), err
}

// validator is a value that may contradict itself.
type validator interface{ validate() error }

// decodeVersioned is decodeStrict for a value with a version, and validates it.
// A newer one may have members that this one does not know: ask for the version
// before being strict about the rest.
func decodeVersioned[T validator](data []byte) (*T, error) {
	var versioned struct{ Version int }
	if err := json.Unmarshal(data, &versioned); err != nil {
		return nil, err
	}
	switch v := versioned.Version; {
	case v > Version:
		return nil, fmt.Errorf("the record has version %d, this program reads up to %d: use a newer one", v, Version)
	case v < 1:
		return nil, fmt.Errorf("version is %d, want 1 to %d", v, Version)
	}
	return decodeStrict[T](data)
}

// decodeStrict reads and validates one JSON value with no member that T does not
// have and nothing behind it.
func decodeStrict[T validator](data []byte) (*T, error) {
	v := new(T)
	if err := newStrict().decode(data, v); err != nil {
		return nil, err
	}
	return v, (*v).validate()
}

// strict decodes texts of one JSON value each, one after the other: a decoder for each would
// leave much to be collected.
type strict struct {
	text    []byte // what is not read yet
	ended   bool   // and a space after it, which ends a number
	read    int64  // bytes of all texts
	decoder *json.Decoder
}

func newStrict() *strict {
	s := new(strict)
	s.decoder = json.NewDecoder(s)
	s.decoder.DisallowUnknownFields()
	return s
}

var errNotWhole = errors.New("the JSON value is not whole")

// Read is for the decoder, which asks for more only if the value is not whole.
func (s *strict) Read(into []byte) (n int, err error) {
	if len(s.text) == 0 && !s.ended {
		s.text, s.ended = []byte(" "), true
	}
	if len(s.text) == 0 {
		return 0, errNotWhole
	}
	n = copy(into, s.text)
	s.text, s.read = s.text[n:], s.read+int64(n)
	return n, nil
}

// decode decodes the value. After an error the decoder is of no use any more.
func (s *strict) decode(text []byte, v any) error {
	before := s.read
	s.text, s.ended = text, false
	if err := s.decoder.Decode(v); err != nil {
		return err
	}
	if rest := text[s.decoder.InputOffset()-before:]; len(bytes.Trim(rest, " \t\r\n")) > 0 {
		return errors.New("something follows the JSON value")
	}
	return nil
}
