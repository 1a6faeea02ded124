package server

import (
	"context"
	"time"

	"github.com/gin-gonic/gin"

	"secondwind/server/bignum"
	"secondwind/server/python"
)

// calculateAsOriginal is GET /_calculate: {"result":…} with a JSON number, or
// {"result":"Error!"}, always with status 200 as the original has it. Only a
// server that has no time for it answers otherwise.
func (s *Server) calculateAsOriginal(c *gin.Context) error {
	number1 := c.DefaultQuery("number1", "0")
	operator := c.DefaultQuery("operator", "+")
	number2 := c.DefaultQuery("number2", "0")

	result, err, late := s.evaluateAsOriginal(c.Request.Context(), number1, operator, number2)
	if late != nil {
		return late
	}
	c.Writer.Header()["Cache-Control"] = noStore
	if err != nil {
		writeOriginal(c, `"`+python.Error+`"`)
		return nil
	}
	s.remember(c, Calculation{Operation: bignum.Operation(operator), Operands: Operands{number1, number2}}, bignum.Answer{Text: result})
	writeOriginal(c, result)
	return nil
}

// evaluateAsOriginal waits for its turn, which it leaves before anything else is waited for.
// err is of the calculation, late of who has no time for it.
func (s *Server) evaluateAsOriginal(ctx context.Context, number1, operator, number2 string) (result string, err, late error) {
	// What is done in a microsecond needs no timer, which takes as long to set.
	if short := len(number1)+len(number2) <= shortOperands; short && s.admission.tryEnter() {
		ctx = context.WithoutCancel(ctx)
	} else {
		var cancel context.CancelFunc
		ctx, cancel = s.outlasting(ctx)
		defer cancel()
		if err := s.admission.enter(ctx); err != nil {
			return "", nil, err
		}
	}
	defer s.admission.leave()
	start := time.Now()
	result, err = python.Evaluate(ctx, number1, operator, number2)
	if ctx.Err() != nil {
		return "", nil, ctx.Err()
	}
	s.metrics.asked(int64(len(number1) + len(number2)))
	s.metrics.calculated(time.Since(start), len(result), err)
	return result, err, nil
}

// shortOperands are together so short, in characters, that calculating with them
// takes no time.
const shortOperands = 64

var noStore = []string{"no-store"}

var originalType = []string{"application/json; charset=utf-8"}

// writeOriginal writes a result that is JSON already.
func writeOriginal(c *gin.Context, result string) {
	c.Writer.Header()["Content-Type"] = originalType
	// An error is that of a client that has gone.
	_, _ = c.Writer.WriteString(`{"result":` + result + `}`)
}
