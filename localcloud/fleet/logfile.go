package fleet

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"sync"
)

const (
	// logFileLimit is when a log file is rotated; with the one older file that
	// is kept, an instance's log takes at most twice as much.
	logFileLimit = 4 << 20
	// lastLineLimit is how much of the last line is remembered, in bytes.
	lastLineLimit = 1 << 10
)

// logFile takes what an instance writes: it keeps a bounded file of it and
// remembers the last line. It never returns an error, since a writer that
// fails would stop the instance; a file that cannot be written is given up with
// a warning.
type logFile struct {
	path  string // "": no file
	limit int64
	log   *slog.Logger

	mu   sync.Mutex
	file *os.File // nil: none, or given up
	size int64
	line []byte // of the unfinished line, its beginning
	last []byte // the last finished line that is not blank
}

// newLogFile makes the file at path, or remembers only the last line if path is "".
func newLogFile(path string, log *slog.Logger) (*logFile, error) {
	l := &logFile{path: path, limit: logFileLimit, log: log}
	if path == "" {
		return l, nil
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		return nil, fmt.Errorf("make the instance's log file: %w", err)
	}
	l.file = f
	return l, nil
}

// Write takes all of p.
func (l *logFile) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.remember(p)
	if l.file == nil {
		return len(p), nil
	}
	if l.size > 0 && l.size+int64(len(p)) > l.limit {
		l.rotate()
	}
	if l.file == nil {
		return len(p), nil
	}
	n, err := l.file.Write(p)
	l.size += int64(n)
	if err != nil {
		l.giveUp(err)
	}
	return len(p), nil
}

// remember follows the lines in p.
func (l *logFile) remember(p []byte) {
	for {
		i := bytes.IndexByte(p, '\n')
		part := p
		if i >= 0 {
			part = p[:i]
		}
		l.line = append(l.line, part[:min(len(part), lastLineLimit-len(l.line))]...)
		if i < 0 {
			return
		}
		if len(bytes.TrimSpace(l.line)) > 0 {
			l.last = append(l.last[:0], l.line...)
		}
		l.line = l.line[:0]
		p = p[i+1:]
	}
}

// rotate moves the full file aside, over the one before it, and begins a new one.
func (l *logFile) rotate() {
	// Windows renames no file that is open.
	if err := l.file.Close(); err != nil {
		l.log.Warn("close instance log", "path", l.path, "err", err)
	}
	l.file, l.size = nil, 0
	if err := os.Rename(l.path, l.path+".1"); err != nil {
		l.log.Warn("rotate instance log", "path", l.path, "err", err)
	}
	f, err := os.OpenFile(l.path, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o644)
	if err != nil {
		l.log.Warn("instance log ends here", "path", l.path, "err", err)
		return
	}
	l.file = f
}

func (l *logFile) giveUp(err error) {
	l.log.Warn("instance log ends here", "path", l.path, "err", err)
	l.file.Close()
	l.file = nil
}

// lastLine is the last line that is not blank, finished or not; "" if there is none.
func (l *logFile) lastLine() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	line := l.last
	if len(bytes.TrimSpace(l.line)) > 0 {
		line = l.line
	}
	return strings.TrimSpace(strings.ToValidUTF8(string(line), "\uFFFD"))
}

// close ends the file; what is written afterwards is only remembered.
func (l *logFile) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.file != nil {
		l.file.Close()
		l.file = nil
	}
}
