package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

const (
	// MaxLine bounds a line of a record in bytes, its end included.
	MaxLine = 16 << 20
	// bufferLimit is when lines are written without waiting for the next flush.
	bufferLimit = 256 << 10
)

// lines appends JSON lines to a file. Whole lines are handed over in one write,
// so only the end of the machine can tear one.
type lines struct {
	name   string
	file   *os.File
	buffer bytes.Buffer
	count  int64
	size   int64 // of the file, in bytes
	err    error // the first failure; it stays, because the file has a hole now
}

func createLines(dir, name string) (*lines, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o644)
	if err != nil {
		return nil, err
	}
	return &lines{name: name, file: f}, nil
}

// openLines opens lines that a killed run left.
func openLines(dir, name string) (*lines, error) {
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_RDWR|os.O_APPEND, 0)
	if err != nil {
		return nil, err
	}
	return &lines{name: name, file: f}, nil
}

// repair removes a last line that was cut short.
func (l *lines) repair() error {
	info, err := l.file.Stat()
	if err != nil {
		return err
	}
	chunk, end := make([]byte, 64<<10), info.Size()
	for start := end; start > 0; {
		piece := chunk[:min(start, int64(len(chunk)))]
		start -= int64(len(piece))
		if _, err := l.file.ReadAt(piece, start); err != nil {
			return err
		}
		if end = start + int64(bytes.LastIndexByte(piece, '\n')) + 1; end > start {
			break
		}
	}
	l.size = end
	return l.file.Truncate(end)
}

func (l *lines) append(v any) error {
	if l.err != nil {
		return l.err
	}
	start := l.buffer.Len()
	enc := json.NewEncoder(&l.buffer)
	enc.SetEscapeHTML(false)
	err := enc.Encode(v)
	if size := l.buffer.Len() - start; size > MaxLine {
		err = fmt.Errorf("a line of %d bytes is over the limit of %d", size, MaxLine)
	}
	if err != nil {
		l.buffer.Truncate(start)
		return fmt.Errorf("write %s: %w", l.name, err)
	}
	l.count++
	if l.buffer.Len() >= bufferLimit {
		return l.flush()
	}
	return nil
}

func (l *lines) flush() error {
	if l.err != nil || l.buffer.Len() == 0 {
		return l.err
	}
	n, err := l.file.Write(l.buffer.Bytes())
	if err != nil {
		// A full disk tears a line. Whole ones stay: the run may still be sealed.
		whole := bytes.LastIndexByte(l.buffer.Bytes()[:n], '\n') + 1
		l.err = fmt.Errorf("write %s: %w", l.name, errors.Join(err, l.file.Truncate(l.size+int64(whole))))
	}
	l.size += int64(n)
	l.buffer.Reset()
	return l.err
}

func (l *lines) close() error {
	err := l.flush()
	syncErr, closeErr := l.file.Sync(), l.file.Close()
	if err != nil {
		return err // what comes after it says no more
	}
	if l.err = errors.Join(syncErr, closeErr); l.err != nil {
		return fmt.Errorf("close %s: %w", l.name, l.err)
	}
	l.err = fmt.Errorf("write %s: the record is closed", l.name)
	return nil
}
