package client

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"iter"
	"net"
	"time"
)

// Errors that Exchange returns, besides the network's.
var (
	// ErrNoAnswer says that the server closed the connection instead of answering.
	ErrNoAnswer = errors.New("connection closed without an answer")
	// ErrCutOff says that the server closed the connection within its answer.
	ErrCutOff = errors.New("answer cut off")
	// ErrMalformed says that the answer is not HTTP/1.1, or that its header is too large.
	ErrMalformed = errors.New("answer is not HTTP/1.1")
	// ErrTooLong says that the body is longer than Keep, which has to be kept whole.
	ErrTooLong = errors.New("answer too long")
)

// Sizes in bytes. A header larger than headerSize is refused.
const (
	headerSize     = 16 << 10
	chunkLineLimit = 1 << 10
)

// Request is a request as it goes over the wire. The zero value is none.
type Request struct {
	Head     []byte // request line and headers, with the empty line that ends them
	Body     []byte // as Head's Content-Length or Transfer-Encoding announces it
	BodyLess bool   // the method is HEAD: an answer has no body, whatever its header says
	// Keep is how many bytes of an answer's body are needed, 0 for none. A body that
	// is longer is an error; without Keep any length is read and thrown away.
	Keep int
}

// Method and Target are those of the request line; "" of a head that has none.
func (r *Request) Method() string { return r.word(0) }
func (r *Request) Target() string { return r.word(1) }

func (r *Request) word(i int) string {
	line, _, _ := bytes.Cut(r.Head, []byte("\r\n"))
	if words := bytes.Fields(line); i < len(words) {
		return string(words[i])
	}
	return ""
}

// Answer is an answer, valid until the next Exchange of its Client.
type Answer struct {
	Status int
	Body   []byte    // whole, if the request asked to keep it; else the beginning of one of status 300 or more
	Length int64     // of the body in bytes, chunks put together
	First  time.Time // when the answer's first byte was there
	// Opening is how long its request had to wait for a new connection; 0 if it needed none.
	Opening time.Duration
	header  *header
}

// Header is the value of a header, nil if it is empty or missing, whatever the case of its name.
func (a *Answer) Header(name string) []byte {
	for value := range a.header.values(name) {
		return value
	}
	return nil
}

// Headers are the values of all headers of a name, such as Set-Cookie.
func (a *Answer) Headers(name string) iter.Seq[[]byte] { return a.header.values(name) }

// conn is a connection that was dialled, and what is needed to use it again and again.
// It is for one goroutine.
type conn struct {
	socket net.Conn
	reader *bufio.Reader
	header header
	answer Answer
	whole  []byte // a small request in one piece
	used   time.Time
	spent  bool
}

// newConn returns a conn over a connection; TLS, if any, has its handshake in the first exchange.
func newConn(socket net.Conn) *conn {
	return &conn{socket: socket, reader: bufio.NewReaderSize(socket, headerSize), used: time.Now()}
}

// close closes the connection.
func (c *conn) close() error { return c.socket.Close() }

// usable tells whether another request can be sent now: the last answer was read whole and
// the server did not close the connection, as far as that is known without sending.
func (c *conn) usable(now time.Time) bool {
	if c.spent || c.reader.Buffered() > 0 {
		return false
	}
	// Servers close connections that were silent for seconds, hardly ever sooner.
	return now.Sub(c.used) < 100*time.Millisecond || !closedByPeer(c.socket)
}

// exchange sends a request and reads its answer, both by the deadline. After an error the
// connection is not usable.
func (c *conn) exchange(r *Request, deadline time.Time) (*Answer, error) {
	c.spent = true
	if err := c.socket.SetDeadline(deadline); err != nil {
		return nil, err
	}
	written := c.send(r)
	// A server may refuse a long body before it has read it, and close: its answer says more.
	answer, err := c.receive(r)
	switch {
	case err != nil && written != nil:
		return answer, written
	case err != nil:
		return answer, err
	case written != nil:
		return answer, nil
	}
	c.used = answer.First
	c.spent = c.header.close
	return answer, nil
}

// oneWrite is up to which size a request is copied into one piece: a second system
// call, or one that gathers, costs more than the copy.
const oneWrite = 16 << 10

func (c *conn) send(r *Request) error {
	if len(r.Head)+len(r.Body) <= oneWrite {
		c.whole = append(append(c.whole[:0], r.Head...), r.Body...)
		_, err := c.socket.Write(c.whole)
		return err
	}
	if d, ok := c.socket.(interface{ WriteMore([]byte) (int, error) }); ok {
		if _, err := d.WriteMore(r.Head); err != nil {
			return err
		}
		_, err := c.socket.Write(r.Body)
		return err
	}
	pieces := net.Buffers{r.Head, r.Body}
	_, err := pieces.WriteTo(c.socket)
	return err
}

func (c *conn) receive(r *Request) (*Answer, error) {
	if _, err := c.reader.Peek(1); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, ErrNoAnswer
		}
		return nil, err
	}
	first := time.Now()
	if err := c.readHeader(); err != nil {
		return nil, err
	}
	c.answer = Answer{Status: c.header.status, Body: c.answer.Body[:0], First: first, header: &c.header}
	if err := c.readBody(r); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			err = ErrCutOff
		}
		return &c.answer, err
	}
	return &c.answer, nil
}

// readHeader reads the header of the answer, past those that only announce it (100, 103).
func (c *conn) readHeader() error {
	for {
		err := c.header.read(c.reader)
		switch {
		case errors.Is(err, io.EOF):
			return ErrCutOff
		case err != nil:
			return err
		case c.header.status >= 200 || c.header.status == 101:
			return nil
		}
	}
}
