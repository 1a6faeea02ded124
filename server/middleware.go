package server

import (
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"
)

// contentSecurityPolicy allows the page its own files and nothing else: no
// script, style or event handler may stand in the HTML itself.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// secure sets the headers that keep a browser from doing more than it must.
func secure(c *gin.Context) {
	h := c.Writer.Header()
	h.Set("Content-Security-Policy", contentSecurityPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer") // the operands stand in the page's address
}

// logged writes a line for each request at the debug level: route and status,
// never the query or the body, in which the operands are.
func (s *Server) logged(c *gin.Context) {
	start := time.Now()
	c.Next()
	s.config.Log.LogAttrs(c.Request.Context(), slog.LevelDebug, "request",
		slog.String("method", c.Request.Method),
		slog.String("route", c.FullPath()),
		slog.Int("status", c.Writer.Status()),
		slog.String("took", time.Since(start).String()))
}

// recovered turns a panic into a 500 that says so, and a log line with the stack.
func (s *Server) recovered(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if cause == http.ErrAbortHandler { // how a handler asks for the connection to be cut
			panic(cause)
		}
		s.config.Log.Error("panic", "route", c.FullPath(), "cause", cause, "stack", string(debug.Stack()))
		if c.Writer.Written() {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		writeProblem(c, newProblem(http.StatusInternalServerError, "the calculator failed; its log says why"))
	}()
	c.Next()
}
