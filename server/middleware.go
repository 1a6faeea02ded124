package server

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

// HeaderRequestID names the request in the answer and in the log.
const HeaderRequestID = "X-Request-Id"

// contentSecurityPolicy allows the page its own files and nothing else: no
// script, style or event handler may be in the HTML itself.
const contentSecurityPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; " +
	"connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// safe are headers that keep a browser from doing more than it must. All answers
// share them: what is set for each would cost more than a small calculation.
var safe = http.Header{
	"Content-Security-Policy": {contentSecurityPolicy},
	"X-Content-Type-Options":  {"nosniff"},
	"Referrer-Policy":         {"no-referrer"}, // the page's address may contain operands
}

func secure(c *gin.Context) {
	h := c.Writer.Header()
	for name, value := range safe {
		h[name] = value[:1:1]
	}
}

// requestIDs makes names for requests: the process's own, and a count.
type requestIDs struct {
	process string
	count   atomic.Uint64
}

func newRequestIDs() *requestIDs {
	var random [6]byte
	rand.Read(random[:]) // never fails
	return &requestIDs{process: hex.EncodeToString(random[:]) + "-"}
}

func (ids *requestIDs) next() string {
	return ids.process + strconv.FormatUint(ids.count.Add(1), 16)
}

// traceIDs are what a load balancer names a request. Any other text of a client
// could hold anything, and is not logged.
var traceIDs = regexp.MustCompile(`^(?:Self=[0-9a-f-]{1,64};)?Root=1-[0-9a-f]{8}-[0-9a-f]{24}$`)

// observed counts each request and writes a line for it: route and status,
// never the query or the body, in which the operands are. The line is at the
// debug level unless the server is at fault or has no time.
func (s *Server) observed(c *gin.Context) {
	start := time.Now()
	id := s.requestIDs.next()
	c.Writer.Header().Set(HeaderRequestID, id)
	c.Next()
	took, status := time.Since(start), c.Writer.Status()
	s.metrics.answered(c.FullPath(), status, took)
	level := slog.LevelDebug
	if status >= http.StatusInternalServerError {
		level = slog.LevelWarn
	}
	if !s.config.Log.Enabled(c.Request.Context(), level) {
		return
	}
	attributes := []slog.Attr{
		slog.String("request", id),
		slog.String("method", method(c.Request.Method)),
		slog.String("route", c.FullPath()),
		slog.Int("status", status),
		slog.String("took", took.String()),
		slog.Int("bytes", c.Writer.Size()),
	}
	if trace := c.GetHeader("X-Amzn-Trace-Id"); traceIDs.MatchString(trace) {
		attributes = append(attributes, slog.String("trace", trace))
	}
	s.config.Log.LogAttrs(c.Request.Context(), level, "request", attributes...)
}

// method is a request's method where that is a known word.
func method(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "other"
}

// placing has every request that is not about the instance's health wait for a place of
// its connection: see connections.
func (s *Server) placing(c *gin.Context) {
	p, spare := c.Request.Context().Value(placedKey{}).(*placed)
	if !spare || slices.Contains([]string{"/healthz", "/readyz", "/metrics"}, c.FullPath()) {
		return
	}
	if p.occupy(c.Request.Context(), s.config.QueueTimeout) != nil {
		_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now()) // the answer does not wait for the body
		c.Header("Connection", "close")
		writeProblem(c, newProblem(http.StatusServiceUnavailable, "this instance has too many connections: try again in a second"))
	}
}

// pacing gives a body its first time to arrive, whether or not a handler reads it; an answer
// waits for the rest of a body.
func (s *Server) pacing(c *gin.Context) {
	if c.Request.ContentLength != 0 {
		_ = http.NewResponseController(c.Writer).SetReadDeadline(time.Now().Add(min(bodyGrace, s.config.ReadTimeout)))
	}
}

// digits in the cause of a panic might be an operand's.
var digits = regexp.MustCompile(`[0-9]+`)

// recovered turns a panic into a 500 that says so, and a log line with the stack.
func (s *Server) recovered(c *gin.Context) {
	defer func() {
		cause := recover()
		if cause == nil {
			return
		}
		if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) { // how a handler has the connection cut
			panic(cause)
		}
		s.logPanic(cause, c.Writer.Header().Get(HeaderRequestID), c.FullPath())
		if c.Writer.Written() {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		writeProblem(c, newProblem(http.StatusInternalServerError, "the calculator failed; its log says why"))
	}()
	c.Next()
}

func (s *Server) logPanic(cause any, request, route string) {
	s.metrics.panics.Inc()
	s.config.Log.Error("panic", "request", request, "route", route,
		"cause", digits.ReplaceAllString(fmt.Sprintf("%.200v", cause), "#"), "stack", string(debug.Stack()))
}
