package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"secondwind/server/bignum"
)

// Calculation is the body of POST /v1/calculate.
// It holds an operation with its operands, or an expression.
type Calculation struct {
	Operation bignum.Operation `json:"operation"`
	// Operands are numbers as text, so that no digit is lost.
	Operands   Operands `json:"operands"`
	Expression string   `json:"expression"`
	// Precision is the answer's number of significant digits; 0 is exact.
	Precision int `json:"precision"`
}

func (a Calculation) question() bignum.Question {
	return bignum.Question{Operation: a.Operation, Operands: a.Operands, Expression: a.Expression, Precision: a.Precision}
}

// bytes is about how much memory the texts take.
func (a Calculation) bytes() int64 {
	return textBytes(a.Expression, string(a.Operation), a.Operands)
}

// textBytes is about how much memory two texts and operands take.
func textBytes(a, b string, operands []string) int64 {
	n := len(a) + len(b)
	for _, o := range operands {
		n += len(o) + 16
	}
	return int64(n)
}

// Operands are numbers as text.
type Operands []string

// UnmarshalJSON refuses too many of them before it makes any.
func (o *Operands) UnmarshalJSON(text []byte) error {
	if len(text) > 0 && text[0] == '[' && bytes.Count(text, []byte(",")) >= bignum.DefaultMaxOperands {
		return badRequest("there are more than %d operands, the maximum allowed here", bignum.DefaultMaxOperands)
	}
	if err := json.Unmarshal(text, (*[]string)(o)); err != nil {
		return badRequest(`the body is not a calculation ("operands" must be a list of strings: numbers are quoted, `+
			`so that no digit is lost): send for example %s`, example)
	}
	return nil
}

// Result is the answer to a Calculation.
type Result struct {
	Result string `json:"result"`
	Exact  bool   `json:"exact"` // false: rounded to the precision that was asked for
}

// calculate is POST /v1/calculate.
func (s *Server) calculate(c *gin.Context) error {
	form, err := negotiate(c, typeJSON, typeText)
	if err != nil {
		return err
	}
	asked, err := s.readCalculation(c)
	if err != nil {
		return err
	}
	result, err := s.answer(c, asked)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	writeResult(c, form, result)
	return nil
}

// writeResult writes the parts one by one: a result of millions of digits is
// not copied to be put in quotes. It holds nothing that JSON would escape.
func writeResult(c *gin.Context, form string, result bignum.Answer) {
	before, after := "", "\n"
	if form == typeJSON {
		before, after = `{"result":"`, `","exact":`+strconv.FormatBool(result.Exact)+`}`
	}
	c.Header("Content-Type", form+"; charset=utf-8")
	c.Header("Content-Length", strconv.Itoa(len(before)+len(result.Text)+len(after)))
	c.Status(http.StatusOK)
	for _, part := range []string{before, result.Text, after} {
		if _, err := c.Writer.WriteString(part); err != nil {
			return // the client is gone
		}
	}
}

// answer evaluates what was asked, reserves memory for the result until it is
// written, and adds it to the user's history.
func (s *Server) answer(c *gin.Context, asked Calculation) (bignum.Answer, error) {
	s.metrics.asked(asked.bytes())
	result, err := s.evaluate(c.Request.Context(), asked, reservationOf(c))
	if err == nil {
		s.remember(c, asked, result)
	}
	return result, err
}

// evaluate waits for its turn and calculates, both within the timeout. Before
// it lets the next one have its turn, it reserves memory for the result.
func (s *Server) evaluate(ctx context.Context, asked Calculation, held *reservation) (bignum.Answer, error) {
	ctx, cancel := s.outlasting(ctx)
	defer cancel()
	if err := s.admission.enter(ctx); err != nil {
		return bignum.Answer{}, err
	}
	defer s.admission.leave()
	start := time.Now()
	result, err := s.limits.Answer(ctx, asked.question())
	s.metrics.calculated(time.Since(start), len(result.Text), err)
	if err != nil {
		return bignum.Answer{}, err
	}
	return result, held.grow(ctx, int64(len(result.Text)))
}

// halfClosedFor is how long a calculation goes on for a client that has closed at least its
// half of the connection: it may wait for the answer, or may have gone.
const halfClosedFor = time.Second

// outlasting ends with the calculation's timeout, or a little after ctx.
func (s *Server) outlasting(ctx context.Context) (context.Context, context.CancelFunc) {
	longer, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.CalculationTimeout)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(halfClosedFor, cancel) })
	return longer, func() { stop(); cancel() }
}

// readCalculation reads the whole body before anything waits for a turn, so
// that a slow client holds up nobody.
func (s *Server) readCalculation(c *gin.Context) (Calculation, error) {
	mediaType, err := contentType(c, typeJSON, typeText)
	if err != nil {
		return Calculation{}, err
	}
	if mediaType == typeText {
		return s.readText(c)
	}
	for _, name := range []string{"operation", "precision"} {
		if _, given := c.GetQuery(name); given {
			return Calculation{}, badRequest("%q is in the query string: with JSON, put it in the body", name)
		}
	}
	from, err := s.openPaced(c, reservationOf(c))
	if err != nil {
		return Calculation{}, err
	}
	return decode(from)
}

// readText reads a body of text/plain: an expression, or the operands of
// ?operation=, one a line. ?precision= is the answer's.
func (s *Server) readText(c *gin.Context) (Calculation, error) {
	precision, err := strconv.Atoi(c.DefaultQuery("precision", "0"))
	if err != nil {
		return Calculation{}, badRequest("the precision %.20q is not a number of digits", c.Query("precision"))
	}
	whole, err := s.readBody(c)
	if err != nil {
		return Calculation{}, err
	}
	if at := invalidUTF8(whole); at > 0 {
		p := badRequest("the body is not UTF-8 from its byte %d on", at)
		p.Position = at
		return Calculation{}, p
	}
	text := strings.TrimRight(string(whole), "\r\n")
	operation := c.Query("operation")
	if operation == "" {
		if strings.TrimSpace(text) == "" {
			return Calculation{}, badRequest("the body is empty: send an expression such as 2^100 + 1/3, or operands, one a line, and ?operation=")
		}
		return Calculation{Expression: text, Precision: precision}, nil
	}
	if strings.Count(text, "\n") >= bignum.DefaultMaxOperands {
		return Calculation{}, badRequest("there are more than %d operands, the maximum allowed here", bignum.DefaultMaxOperands)
	}
	asked := Calculation{Operation: bignum.Operation(operation), Precision: precision}
	for line := range strings.SplitSeq(text, "\n") {
		asked.Operands = append(asked.Operands, strings.TrimSpace(line))
	}
	return asked, nil
}

// invalidUTF8 is the place of the first byte, from 1, that is no UTF-8; 0 where
// all are.
func invalidUTF8(text []byte) int {
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRune(text[at:])
		if r == utf8.RuneError && size == 1 {
			return at + 1
		}
		at += size
	}
	return 0
}

// decode reads a Calculation strictly: an unknown field is a mistake of the
// client that it wants to know of.
func decode(from io.Reader) (Calculation, error) {
	var asked Calculation
	d := json.NewDecoder(from)
	d.DisallowUnknownFields()
	if err := d.Decode(&asked); err != nil {
		return Calculation{}, decodeFault(err)
	}
	switch _, err := d.Token(); {
	case errors.Is(err, io.EOF):
		return asked, nil
	case notJSON(err):
		return Calculation{}, err
	}
	return Calculation{}, badRequest("there is more after the JSON object: send one object only")
}

// decodeFault is the answer to a calculation that cannot be decoded.
func decodeFault(err error) error {
	if notJSON(err) {
		return err
	}
	p := badRequest("the body is not a calculation (%s): send for example %s", jsonFault(err), example)
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		p.Position = int(syntax.Offset)
	}
	return p
}

// notJSON says that an error of decoding is not about JSON, but one of the body.
func notJSON(err error) bool {
	_, known := errors.AsType[*problem](err)
	_, tooLarge := errors.AsType[*http.MaxBytesError](err)
	return known || tooLarge || errors.Is(err, errBusy) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

const example = `{"operation":"*","operands":["2","3"]}`

// jsonFault says in few words what is wrong, without repeating the body.
func jsonFault(err error) string {
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return fmt.Sprintf("not JSON at byte %d", syntax.Offset)
	}
	if kind, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		if kind.Field == "" {
			return "not a JSON object"
		}
		return fmt.Sprintf("%.40q must not be a %.20s", kind.Field, kind.Value)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends early"
	}
	return fmt.Sprintf("%.80s", err) // an unknown field, by its name
}
