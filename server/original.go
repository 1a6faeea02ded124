package server

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/gin-gonic/gin"

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
	answer := json.RawMessage(`"` + python.Error + `"`)
	switch result, err := python.Evaluate(ctx, number1, operator, number2); {
	case ctx.Err() != nil:
		s.fail(c, ctx.Err())
		return
	case err == nil:
		answer = json.RawMessage(result)
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, struct {
		Result json.RawMessage `json:"result"`
	}{answer})
}
