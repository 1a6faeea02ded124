package server

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
)

// Media types that are read and written.
const (
	typeJSON      = "application/json"
	typeJSONLines = "application/jsonl"
	typeNDJSON    = "application/x-ndjson"
	typeText      = "text/plain"
	typeCSV       = "text/csv"
)

// contentType is the body's media type, which must be one of those.
func contentType(c *gin.Context, accepted ...string) (string, error) {
	mediaType, parameters, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || !slices.Contains(accepted, mediaType) {
		return "", newProblem(http.StatusUnsupportedMediaType, "this Content-Type is not supported: send %s",
			strings.Join(accepted, " or "))
	}
	if charset := parameters["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		return "", newProblem(http.StatusUnsupportedMediaType, "the body must be UTF-8: send it without charset, or with charset=utf-8")
	}
	return mediaType, nil
}

// body is a request's body, uncompressed and within its limits. Its errors are
// problems.
type body struct {
	request  *http.Request
	from     io.Reader
	reserved *reservation // nil: the reader of the body counts what it keeps
	left     int64
	most     int64
	pace     *pace // nil: whoever reads it has deadlines of its own
}

// A body has bodyGrace to begin to arrive, and then arrives with at least leastRate
// (as Apache's mod_reqtimeout has it), or is answered with 408.
const (
	bodyGrace = 5 * time.Second
	leastRate = 500 // bytes per second
)

// pace is the deadline of a body, which is later the more of it has arrived.
type pace struct {
	control *http.ResponseController
	began   time.Time
	longest time.Duration
	allowed time.Duration // the deadline is then
}

// arrived sets the deadline after so many bytes.
func (p *pace) arrived(bytes int64, whole bool) {
	allowed := min(bodyGrace+time.Duration(bytes)*time.Second/leastRate, p.longest)
	if whole { // else the deadline would end the request: net/http watches whether the client goes
		allowed = p.longest
	}
	if allowed > p.allowed {
		p.allowed = allowed
		_ = p.control.SetReadDeadline(p.began.Add(allowed))
	}
}

// openPaced is openBody of a body that must arrive in Config.ReadTimeout.
func (s *Server) openPaced(c *gin.Context, held *reservation) (*body, error) {
	b, err := openBody(c, s.config.MaxBodyBytes, held)
	if err == nil {
		b.pace = &pace{control: http.NewResponseController(c.Writer), began: time.Now(), longest: s.config.ReadTimeout,
			allowed: min(bodyGrace, s.config.ReadTimeout)}
	}
	return b, err
}

// openBody returns the body, of which most bytes may be read, compressed or not.
func openBody(c *gin.Context, most int64, held *reservation) (*body, error) {
	if c.Request.ContentLength > most {
		return nil, &http.MaxBytesError{Limit: most}
	}
	b := &body{
		request:  c.Request,
		from:     http.MaxBytesReader(c.Writer, c.Request.Body, most),
		reserved: held, left: most, most: most,
	}
	switch encoding := c.GetHeader("Content-Encoding"); strings.ToLower(encoding) {
	case "", "identity":
	case "gzip", "x-gzip":
		unzipped, err := gzip.NewReader(b.from)
		if err != nil {
			return nil, bodyFault(err)
		}
		b.from = unzipped
	default:
		c.Header("Accept-Encoding", "gzip, identity") // RFC 9110, 15.5.16
		return nil, newProblem(http.StatusUnsupportedMediaType, "the Content-Encoding is not supported: use gzip or none")
	}
	return b, nil
}

// Read counts what it returns, in the request's reservation and against the limit.
func (b *body) Read(p []byte) (int, error) {
	if b.left < 0 {
		return 0, &http.MaxBytesError{Limit: b.most}
	}
	n, err := b.from.Read(p[:min(int64(len(p)), b.left+1)])
	if b.left -= int64(n); b.left < 0 {
		return 0, &http.MaxBytesError{Limit: b.most}
	}
	if b.pace != nil {
		b.pace.arrived(b.most-b.left, errors.Is(err, io.EOF))
	}
	if b.reserved != nil {
		if full := b.reserved.grow(b.request.Context(), int64(n)); full != nil {
			return 0, full
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		err = bodyFault(err)
	}
	return n, err
}

// refill lets as much be read again as at first.
func (b *body) refill() {
	b.left = b.most
	b.reserved.release()
}

// bodyFault says why a body cannot be read. The client is at fault, or gone.
func bodyFault(err error) error {
	if notJSON(err) {
		return err
	}
	if _, ok := errors.AsType[flate.CorruptInputError](err); ok || errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) {
		return badRequest("the body is not gzip, although its Content-Encoding says so, or it is damaged")
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return newProblem(http.StatusRequestTimeout, "the body arrived too slowly")
	}
	return badRequest("the body ends early")
}

func (s *Server) readBody(c *gin.Context) ([]byte, error) {
	from, err := s.openPaced(c, reservationOf(c))
	if err != nil {
		return nil, err
	}
	// Memory is claimed for what arrives, not for what was announced.
	var whole bytes.Buffer
	whole.Grow(int(min(max(c.Request.ContentLength, 0), 64<<10)) + bytes.MinRead)
	if _, err := whole.ReadFrom(from); err != nil {
		return nil, err
	}
	return whole.Bytes(), nil
}

// openBatch returns a batch's body. A proxy sends no more of it once the answer has
// begun: behind one it is read first, and may be as long as any other body. The
// caller calls release when nothing of it is needed any more.
func (s *Server) openBatch(c *gin.Context) (from *body, release func(), err error) {
	if c.GetHeader("X-Forwarded-For") == "" {
		from, err = openBody(c, s.config.MaxStreamBytes, nil)
		return from, func() {}, err
	}
	held := &reservation{budget: s.memory}
	if from, err = s.openPaced(c, held); err != nil {
		return nil, nil, err
	}
	whole, err := io.ReadAll(from)
	if err != nil {
		held.release()
		return nil, nil, err
	}
	length := int64(len(whole))
	return &body{request: c.Request, from: bytes.NewReader(whole), left: length, most: length}, held.release, nil
}

const reservationKey = "reservation"

// holding gives the request a reservation in the memory budget until it is
// answered.
func (s *Server) holding(c *gin.Context) {
	held := &reservation{budget: s.memory}
	defer held.release()
	c.Set(reservationKey, held)
	c.Next()
}

// reservationOf is the request's own. Every route that reads a body has one.
func reservationOf(c *gin.Context) *reservation { return c.MustGet(reservationKey).(*reservation) }
