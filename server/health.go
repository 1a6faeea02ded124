package server

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"
)

const (
	readyTimeout = 2 * time.Second
	// readyFor is how long an answer about the store holds: asking us often must
	// not be asking the store and its key often.
	readyFor = time.Second
)

// healthy is GET /healthz, for the load balancer. It depends on nothing but the
// process: a fleet must not lose its instances because something else is down.
func healthy(c *gin.Context) {
	c.Header("Cache-Control", "no-store")
	c.String(http.StatusOK, "ok")
}

// readiness remembers whether the history's store and key were reachable.
type readiness struct {
	draining atomic.Bool

	mu    sync.Mutex
	asked time.Time
	err   error
}

// ready is GET /readyz: whether this instance can do everything it is for, the
// history too, and is not shutting down.
func (s *Server) ready(c *gin.Context) error {
	if s.readiness.draining.Load() {
		return newProblem(http.StatusServiceUnavailable,
			"this instance is shutting down: it finishes the requests in flight and accepts no new ones")
	}
	if s.config.History != nil && s.readiness.ask(c.Request.Context(), s.config.History) != nil {
		return newProblem(http.StatusServiceUnavailable, "the history's store or its key cannot be reached: calculating works without it")
	}
	c.Header("Cache-Control", "no-store")
	c.String(http.StatusOK, "ready")
	return nil
}

// ask returns the store's answer of the last second, or asks it.
func (r *readiness) ask(ctx context.Context, s store) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asked.IsZero() && time.Since(r.asked) < readyFor {
		return r.err
	}
	// The next client gets the same answer: it must not depend on this one.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), readyTimeout)
	defer cancel()
	r.err = s.Ready(ctx)
	r.asked = time.Now()
	return r.err
}
