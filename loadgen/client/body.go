package client

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"sync"
)

func (c *conn) readBody(r *Request) error {
	status := c.header.status
	if r.BodyLess || status < 200 || status == 204 || status == 304 {
		return nil
	}
	switch length := c.header.length; length {
	case chunked:
		return c.readChunks(r)
	case untilEOF:
		c.header.close = true
		return c.readUntilEOF(r)
	default:
		return c.readBytes(r, length)
	}
}

// readBytes reads n bytes of the body, and keeps them if they are wanted.
func (c *conn) readBytes(r *Request, n int64) error {
	if r.Keep > 0 && c.answer.Length+n > int64(r.Keep) {
		return fmt.Errorf("%w: more than %d bytes", ErrTooLong, r.Keep)
	}
	if r.Keep == 0 {
		if err := c.glance(n); err != nil {
			return err
		}
	}
	if r.Keep == 0 && n > int64(c.reader.Buffered()) {
		return c.skip(n)
	}
	for n > 0 {
		// Whatever is buffered, or what one read brings.
		if c.reader.Buffered() == 0 {
			if _, err := c.reader.Peek(1); err != nil {
				return err
			}
		}
		piece, err := c.reader.Peek(int(min(n, int64(c.reader.Buffered()))))
		if err != nil {
			return err
		}
		if r.Keep > 0 {
			c.answer.Body = append(c.answer.Body, piece...)
		}
		c.answer.Length += int64(len(piece))
		n -= int64(len(piece))
		if _, err := c.reader.Discard(len(piece)); err != nil {
			return err
		}
	}
	return nil
}

// excerpt is how many bytes of the body of an answer that is hardly wanted are kept all the same: they
// mostly say what is wrong.
const excerpt = 200

// glance keeps the beginning of such a body, of whose next n bytes none was read.
func (c *conn) glance(n int64) error {
	left := min(n, int64(excerpt-len(c.answer.Body)))
	if c.answer.Status < 300 || left <= 0 {
		return nil
	}
	if _, err := c.reader.Peek(1); err != nil {
		return err
	}
	piece, err := c.reader.Peek(int(min(left, int64(c.reader.Buffered()))))
	c.answer.Body = append(c.answer.Body, piece...)
	return err
}

// waste is where bodies go that nobody needs, in as few reads as may be.
var waste = sync.Pool{New: func() any { return new([256 << 10]byte) }}

// skip reads n bytes of the body, which are more than are buffered, and throws them away.
func (c *conn) skip(n int64) error {
	buffered := c.reader.Buffered()
	if _, err := c.reader.Discard(buffered); err != nil {
		return err
	}
	c.answer.Length += int64(buffered)
	into := waste.Get().(*[256 << 10]byte)
	defer waste.Put(into)
	for n -= int64(buffered); n > 0; {
		read, err := c.socket.Read(into[:min(n, int64(len(into)))])
		c.answer.Length += int64(read)
		if n -= int64(read); err != nil && n > 0 {
			return err
		}
	}
	return nil
}

func (c *conn) readUntilEOF(r *Request) error {
	for {
		if _, err := c.reader.Peek(1); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := c.readBytes(r, int64(c.reader.Buffered())); err != nil {
			return err
		}
	}
}

// readChunks reads a body in chunks, and its trailer (RFC 9112, section 7.1).
func (c *conn) readChunks(r *Request) error {
	for {
		line, err := c.line()
		if err != nil {
			return err
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseUint(string(bytes.TrimSpace(digits)), 16, 62)
		if err != nil {
			return fmt.Errorf("%w: chunk size %.20q", ErrMalformed, digits)
		}
		if size == 0 {
			return c.readTrailer()
		}
		if err := c.readBytes(r, int64(size)); err != nil {
			return err
		}
		if line, err = c.line(); err != nil {
			return err
		}
		if len(line) > 0 {
			return fmt.Errorf("%w: a chunk is longer than its size says", ErrMalformed)
		}
	}
}

func (c *conn) readTrailer() error {
	for read := 0; read <= headerSize; {
		line, err := c.line()
		if err != nil || len(line) == 0 {
			return err
		}
		read += len(line)
	}
	return fmt.Errorf("%w: its trailer has more than %d bytes", ErrMalformed, headerSize)
}

// line reads a line, without what ends it; it is valid until the next read.
func (c *conn) line() ([]byte, error) {
	line, err := c.reader.ReadSlice('\n')
	if err != nil {
		if len(line) > chunkLineLimit {
			err = fmt.Errorf("%w: a line has more than %d bytes", ErrMalformed, chunkLineLimit)
		}
		return nil, err
	}
	return withoutEnd(line), nil
}
