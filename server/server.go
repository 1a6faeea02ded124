package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/gin-gonic/gin"

	"secondwind/server/bignum"
)

// Server is the calculator. Make it with New.
type Server struct {
	config    Config
	instance  *instance
	admission *admissionLimiter
	memory    *budget
	limits    bignum.Limits
	page      *page
	metrics   *metrics
	recorder  *recorder

	requestIDs *requestIDs
	readiness  readiness
	engine     *gin.Engine
	handler    http.Handler
}

// New returns a Server that is ready to Serve. It returns the errors of
// Config.Validate.
func New(cfg Config) (*Server, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	cfg = cfg.withDefaults()
	page, err := newPage()
	if err != nil {
		return nil, err
	}
	s := &Server{
		config:     cfg,
		instance:   newInstance(),
		admission:  newAdmissionLimiter(cfg.MaxCalculations, cfg.MaxQueued, cfg.QueueTimeout),
		memory:     newBudget(cfg.MaxHeldBytes, cfg.QueueTimeout),
		limits:     bignum.Limits{MaxDigits: cfg.MaxDigits},
		page:       page,
		requestIDs: newRequestIDs(),
	}
	s.recorder = newRecorder(cfg.History, s.memory, cfg.Log)
	s.metrics = newMetrics(s.admission, s.memory, s.recorder)
	s.recorder.metrics = s.metrics
	s.engine = s.routes()
	s.metrics.know(s.engine.Routes())
	s.handler = s.instance.named(s.engine)
	return s, nil
}

// routes lists every path that is answered.
func (s *Server) routes() *gin.Engine {
	gin.SetMode(gin.ReleaseMode)
	r := gin.New()
	r.HandleMethodNotAllowed = true
	r.RedirectTrailingSlash = false
	r.Use(s.observed, s.recovered, secure, s.placing, s.pacing)

	read := []string{http.MethodGet, http.MethodHead}
	r.Match(read, "/", s.failing(s.showPage))
	r.POST("/", s.holding, s.failing(s.usePage))
	r.Match(read, "/assets/:name", s.failing(s.showAsset))
	r.Match(read, "/healthz", healthy)
	r.Match(read, "/readyz", s.failing(s.ready))
	r.GET("/metrics", s.metrics.handler(s.instance.name))
	r.Match(read, "/openapi.json", describe)
	r.GET("/_calculate", s.failing(s.calculateAsOriginal))

	v1 := r.Group("/v1")
	v1.POST("/calculate", s.holding, s.failing(s.calculate))
	v1.POST("/batch", s.holding, s.failing(s.calculateBatch))
	v1.POST("/statistics", s.holding, s.failing(s.summarize))
	v1.GET("/version", s.showVersion)
	v1.GET("/history", s.failing(s.listHistory))
	v1.DELETE("/history", s.failing(s.deleteHistory))
	v1.DELETE("/history/:id", s.failing(s.deleteEntry))

	r.NoRoute(func(c *gin.Context) {
		writeProblem(c, newProblem(http.StatusNotFound, "there is nothing here: the calculator is at /, its API is described at /openapi.json"))
	})
	r.NoMethod(func(c *gin.Context) {
		writeProblem(c, newProblem(http.StatusMethodNotAllowed, "this path does not support %s: use %s", c.Request.Method,
			c.Writer.Header().Get("Allow")))
	})
	return r
}

// Handler answers without a listener of its own, for tests and other servers.
// The instance keeps its local name.
func (s *Server) Handler() http.Handler { return s.handler }

// Serve answers on the listener until ctx ends. Then it accepts nothing more,
// answers what is in flight with Connection: close, and returns nil, or an
// error if that took longer than Config.DrainTimeout. It closes the listener.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	ctx, stop := context.WithCancel(ctx)
	var background sync.WaitGroup
	defer background.Wait()
	defer stop()

	asked := make(chan struct{})
	background.Go(func() { s.instance.learn(ctx, s.config.InstanceID, asked, s.config.Log) })
	// So that the first request that an instance serves carries its name.
	select {
	case <-asked:
	case <-time.After(s.config.InstanceIDWait):
	}

	places := limited(listener, s.config.MaxConnections)
	h := s.httpServer(ctx)
	h.ConnState, h.ConnContext = places.changed, withConnection
	ended := make(chan error, 1)
	background.Go(func() { ended <- h.Serve(places) })
	s.config.Log.Info("listening", "address", listener.Addr().String(), "instance", s.instance.name())
	select {
	case err := <-ended:
		return fmt.Errorf("serve %s: %w", listener.Addr(), err)
	case <-ctx.Done():
		return s.drain(ctx, h)
	}
}

func (s *Server) httpServer(ctx context.Context) *http.Server {
	return &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: s.config.ReadHeaderTimeout,
		ReadTimeout:       s.config.ReadTimeout,
		WriteTimeout:      s.config.WriteTimeout,
		IdleTimeout:       s.config.IdleTimeout,
		MaxHeaderBytes:    s.config.MaxHeaderBytes,
		ErrorLog:          slog.NewLogLogger(s.config.Log.Handler(), slog.LevelDebug),
		// A request in flight outlives the signal that ends the server.
		BaseContext: func(net.Listener) context.Context { return context.WithoutCancel(ctx) },
	}
}

// drain lets the requests in flight end. net/http answers them with
// Connection: close from here on.
func (s *Server) drain(ctx context.Context, h *http.Server) error {
	s.readiness.draining.Store(true)
	s.config.Log.Info("draining", "timeout", s.config.DrainTimeout.String())
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.DrainTimeout)
	defer cancel()
	defer s.recorder.end(ctx)
	if err := h.Shutdown(ctx); err != nil {
		// Cutting the connections ends the requests' contexts, so that their
		// calculations stop too.
		return errors.Join(fmt.Errorf("requests were still in flight after %v and were cut: %w", s.config.DrainTimeout, err), h.Close())
	}
	s.config.Log.Info("drained")
	return nil
}
