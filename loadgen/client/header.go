package client

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"iter"
	"strconv"
)

// header is that of an answer: it is kept as it came, and only what says where the answer ends
// is looked at before somebody asks.
type header struct {
	lines  []byte // "name: value\n" each
	status int
	length int64 // of the body; or one of the two below
	close  bool  // the connection ends with the answer
}

// Lengths of a body that are not announced.
const (
	chunked  = -1
	untilEOF = -2
)

// values are those of all headers of a name, whatever its case.
func (h *header) values(name string) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		for rest := h.lines; len(rest) > 0; {
			end := bytes.IndexByte(rest, '\n')
			if len(name) < end && rest[len(name)] == ':' && sameName(rest[:len(name)], name) &&
				!yield(bytes.TrimSpace(rest[len(name)+1:end])) {
				return
			}
			rest = rest[end+1:]
		}
	}
}

// sameName tells whether two names of one length are the same (RFC 9110, section 5.1).
func sameName(line []byte, name string) bool {
	for i := range line {
		a, b := line[i], name[i]
		if a != b && (a|0x20 != b|0x20 || a|0x20 < 'a' || a|0x20 > 'z') {
			return false
		}
	}
	return true
}

// add adds a header.
func (h *header) add(name, value string) {
	h.lines = append(append(append(append(h.lines, name...), ": "...), value...), '\n')
}

// read reads a header up to the empty line that ends it (RFC 9112, section 2).
func (h *header) read(r *bufio.Reader) error {
	line, err := r.ReadSlice('\n')
	if err != nil {
		return tooLarge(err)
	}
	*h = header{lines: h.lines[:0], length: untilEOF}
	if err := h.readStatus(line); err != nil {
		return err
	}
	for size := len(line); size <= headerSize; size += len(line) {
		if line, err = r.ReadSlice('\n'); err != nil {
			return tooLarge(err)
		}
		if line = withoutEnd(line); len(line) == 0 {
			return nil
		}
		if err := h.readLine(line); err != nil {
			return err
		}
	}
	return tooLarge(bufio.ErrBufferFull)
}

func tooLarge(err error) error {
	if errors.Is(err, bufio.ErrBufferFull) {
		return fmt.Errorf("%w: its header has more than %d bytes", ErrMalformed, headerSize)
	}
	return err
}

// withoutEnd is a line without what ends it.
func withoutEnd(line []byte) []byte { return bytes.TrimSuffix(line[:len(line)-1], []byte("\r")) }

// readStatus reads a line such as "HTTP/1.1 200 OK".
func (h *header) readStatus(line []byte) error {
	const version = "HTTP/1."
	line = withoutEnd(line)
	if len(line) < 12 || string(line[:len(version)]) != version || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return fmt.Errorf("%w: it begins with %.40q", ErrMalformed, line)
	}
	for _, digit := range line[9:12] {
		if digit < '0' || digit > '9' {
			return fmt.Errorf("%w: status %q", ErrMalformed, line[9:12])
		}
		h.status = h.status*10 + int(digit-'0')
	}
	h.close = line[7] == '0'
	return nil
}

// readLine takes up a line, and looks at it if it says where the answer ends.
func (h *header) readLine(line []byte) error {
	if line[0] == ' ' || line[0] == '\t' { // goes on with the line before, as nothing should any more
		if len(h.lines) == 0 {
			return fmt.Errorf("%w: header %.40q", ErrMalformed, line)
		}
		h.lines = h.lines[:len(h.lines)-1]
	}
	h.lines = append(append(h.lines, line...), '\n')
	colon := bytes.IndexByte(line, ':')
	if colon <= 0 && line[0] != ' ' && line[0] != '\t' {
		return fmt.Errorf("%w: header %.40q", ErrMalformed, line)
	}
	switch name := line[:max(0, colon)]; len(name) {
	case len("Connection"):
		if sameName(name, "connection") {
			h.readConnection(line[colon+1:])
		}
	case len("Content-Length"):
		if sameName(name, "content-length") && h.length != chunked {
			return h.readLength(bytes.TrimSpace(line[colon+1:]))
		}
	case len("Transfer-Encoding"):
		if sameName(name, "transfer-encoding") {
			h.length = chunked
			if !bytes.EqualFold(bytes.TrimSpace(line[colon+1:]), []byte("chunked")) {
				return fmt.Errorf("%w: it is encoded in a way that was not asked for: %.40q", ErrMalformed, line)
			}
		}
	}
	return nil
}

func (h *header) readConnection(value []byte) {
	for option := range bytes.SplitSeq(value, []byte(",")) {
		switch option = bytes.TrimSpace(option); {
		case bytes.EqualFold(option, []byte("close")):
			h.close = true
			return
		case bytes.EqualFold(option, []byte("keep-alive")): // of HTTP/1.0
			h.close = false
		}
	}
}

func (h *header) readLength(value []byte) error {
	length, err := strconv.ParseUint(string(value), 10, 63)
	if err != nil || h.length >= 0 && h.length != int64(length) {
		return fmt.Errorf("%w: length %.40q", ErrMalformed, value)
	}
	h.length = int64(length)
	return nil
}
