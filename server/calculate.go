package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"

	"github.com/gin-gonic/gin"

	"secondwind/server/exact"
)

// Calculation is the body of POST /v1/calculate.
// It holds an operation with its operands, or an expression.
type Calculation struct {
	Operation exact.Operation `json:"operation"`
	// Operands are numbers as text, so that no digit is lost.
	Operands   []string `json:"operands"`
	Expression string   `json:"expression"`
	// Precision is the answer's number of significant digits; 0 is exact.
	Precision int `json:"precision"`
}

// Result is the answer to a Calculation.
type Result struct {
	Result string `json:"result"`
	Exact  bool   `json:"exact"` // false: rounded to the precision that was asked for
}

// calculate is POST /v1/calculate.
func (s *Server) calculate(c *gin.Context) {
	asked, err := s.readCalculation(c)
	if err != nil {
		s.fail(c, err)
		return
	}
	result, err := s.evaluate(c.Request.Context(), asked)
	if err != nil {
		s.fail(c, err)
		return
	}
	c.Header("Cache-Control", "no-store")
	c.Header("Vary", "Accept")
	if c.NegotiateFormat(gin.MIMEJSON, gin.MIMEPlain) == gin.MIMEPlain {
		c.String(http.StatusOK, "%s\n", result.Text)
		return
	}
	c.JSON(http.StatusOK, Result{result.Text, result.Exact})
}

// evaluate waits for its turn and calculates, both within the timeout.
func (s *Server) evaluate(ctx context.Context, asked Calculation) (exact.Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, s.config.CalculationTimeout)
	defer cancel()
	if err := s.gate.enter(ctx); err != nil {
		return exact.Answer{}, err
	}
	defer s.gate.leave()
	return s.limits.Answer(ctx, exact.Question(asked))
}

// readCalculation reads the whole body before anything waits for a turn, so
// that a slow client holds up nobody.
func (s *Server) readCalculation(c *gin.Context) (Calculation, error) {
	mediaType, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || mediaType != gin.MIMEJSON {
		return Calculation{}, newProblem(http.StatusUnsupportedMediaType, "the body must be JSON: send it with Content-Type: application/json")
	}
	if encoding := c.GetHeader("Content-Encoding"); encoding != "" && encoding != "identity" {
		return Calculation{}, newProblem(http.StatusUnsupportedMediaType, "the body must not be compressed: send it without Content-Encoding")
	}
	body, err := s.readBody(c)
	if err != nil {
		return Calculation{}, err
	}
	return decode(body)
}

func (s *Server) readBody(c *gin.Context) ([]byte, error) {
	length := c.Request.ContentLength
	if length > s.config.MaxBodyBytes {
		return nil, &http.MaxBytesError{Limit: s.config.MaxBodyBytes}
	}
	// Memory is claimed for what arrives, not for what was announced.
	var body bytes.Buffer
	body.Grow(int(min(max(length, 0), 64<<10)) + bytes.MinRead)
	if _, err := body.ReadFrom(http.MaxBytesReader(c.Writer, c.Request.Body, s.config.MaxBodyBytes)); err != nil {
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			return nil, err
		}
		return nil, newProblem(http.StatusBadRequest, "the body ended early, or too slowly")
	}
	return body.Bytes(), nil
}

// decode reads a Calculation strictly: an unknown field is a mistake of the
// client that it wants to know of.
func decode(body []byte) (Calculation, error) {
	var asked Calculation
	d := json.NewDecoder(bytes.NewReader(body))
	d.DisallowUnknownFields()
	if err := d.Decode(&asked); err != nil {
		return Calculation{}, newProblem(http.StatusBadRequest, "the body is not a calculation (%s): send for instance %s", jsonFault(err), example)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Calculation{}, newProblem(http.StatusBadRequest, "the body goes on after its JSON object: send one object only")
	}
	return asked, nil
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
		return fmt.Sprintf("%.40q must not be a %.20s: numbers are given as text in quotes, so that no digit is lost", kind.Field, kind.Value)
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "it ends early"
	}
	return fmt.Sprintf("%.80s", err) // an unknown field, by its name
}
