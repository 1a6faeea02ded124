package server

import (
	"context"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"secondwind/server/exact"
	"secondwind/server/python"
)

// calculateAsOriginal is GET /_calculate: {"result":…} with a JSON number, or
// {"result":"Error!"}, always with status 200 as the original has it. Only a
// server that has no time for it answers otherwise.
func (s *Server) calculateAsOriginal(c *gin.Context) {
	number1 := c.DefaultQuery("number1", "0")
	operator := c.DefaultQuery("operator", "+")
	number2 := c.DefaultQuery("number2", "0")

	ctx, cancel := context.WithTimeout(c.Request.Context(), s.config.CalculationTimeout)
	defer cancel()
	if err := s.gate.enter(ctx); err != nil {
		s.fail(c, err)
		return
	}
	defer s.gate.leave()
	start := time.Now()
	result, err := python.Evaluate(ctx, number1, operator, number2)
	if ctx.Err() != nil {
		err = ctx.Err()
		s.fail(c, err)
		return
	}
	s.metrics.asked(int64(len(number1) + len(number2)))
	s.metrics.calculated(time.Since(start), len(result), err)
	c.Header("Cache-Control", "no-store")
	if err != nil {
		writeOriginal(c, `"`+python.Error+`"`)
		return
	}
	s.remember(c, Calculation{Operation: exact.Operation(operator), Operands: Operands{number1, number2}}, exact.Answer{Text: result})
	writeOriginal(c, result)
}

// writeOriginal writes a result that is JSON already.
func writeOriginal(c *gin.Context, result string) {
	c.Data(http.StatusOK, "application/json; charset=utf-8", []byte(`{"result":`+result+`}`))
}
