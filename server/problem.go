package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"secondwind/server/bignum"
)

// problem is an error as RFC 9457 writes it. Its type is always "about:blank":
// the status says what kind of problem it is, the detail what to do.
type problem struct {
	Type    string `json:"type"`
	Title   string `json:"title"`
	Status  int    `json:"status"`
	Detail  string `json:"detail"`
	Operand int    `json:"operand,omitempty"` // from 1, where one is at fault
	// Position is the character of the expression at fault, or the byte of the
	// body where it cannot be read, from 1.
	Position int `json:"position,omitempty"`
	Line     int `json:"line,omitempty"` // of a stream, from 1, where one is at fault
}

// Error returns the detail.
func (p *problem) Error() string { return p.Detail }

func newProblem(status int, format string, args ...any) *problem {
	return &problem{
		Type:   "about:blank",
		Title:  http.StatusText(status),
		Status: status,
		Detail: fmt.Sprintf(format, args...),
	}
}

// badRequest is a problem that is the client's fault.
func badRequest(format string, args ...any) *problem {
	return newProblem(http.StatusBadRequest, format, args...)
}

// asProblem is what a client may see of err.
func (s *Server) asProblem(err error) *problem {
	if known, ok := errors.AsType[*problem](err); ok {
		return known
	}
	if input, ok := errors.AsType[*bignum.InputError](err); ok {
		p := badRequest("%s", input.Error())
		p.Operand, p.Position = input.Operand, input.Position
		return p
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return newProblem(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes, the maximum accepted", tooLarge.Limit)
	}
	switch {
	case errors.Is(err, errBusy):
		return newProblem(http.StatusServiceUnavailable, "too many calculations are running on this instance: try again in a second")
	case errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusServiceUnavailable,
			"the calculation took longer than %v: use shorter operands, or try again when this instance is less busy", s.config.CalculationTimeout)
	case errors.Is(err, context.Canceled):
		// The client has gone: nobody reads this.
		return newProblem(http.StatusServiceUnavailable, "the request was cancelled")
	}
	return newProblem(http.StatusInternalServerError, "the calculator failed; its log says why")
}

// failing makes a handler of one that returns an error, and answers with the problem
// that it is. Only what is the server's own fault is logged, and never an operand.
func (s *Server) failing(handler func(*gin.Context) error) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := handler(c); err != nil {
			p := s.asProblem(err)
			if p.Status == http.StatusInternalServerError {
				s.config.Log.Error("request failed", "request", c.Writer.Header().Get(HeaderRequestID), "route", c.FullPath(), "error", err)
			}
			writeProblem(c, p)
		}
	}
}

// retryLater sets when to ask again a server that has no time for the request now.
func retryLater(c *gin.Context, p *problem) {
	if p.Status == http.StatusServiceUnavailable {
		c.Header("Retry-After", "1")
	}
}

func writeProblem(c *gin.Context, p *problem) {
	retryLater(c, p)
	c.Header("Cache-Control", "no-store")
	c.Header("Content-Type", "application/problem+json")
	c.AbortWithStatusJSON(p.Status, p)
}
