package server

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"runtime"
	"time"

	"secondwind/server/bignum"
	"secondwind/server/internal/config"
)

// Defaults of a Config.
const (
	DefaultMaxBodyBytes       = 16 << 20
	DefaultCalculationTimeout = 10 * time.Second
	DefaultDrainTimeout       = 10 * time.Second
	DefaultQueueTimeout       = 3 * time.Second
	DefaultMaxQueued          = 256
	// DefaultMaxStreamBytes is of a batch or of statistics, which are not held in
	// memory.
	DefaultMaxStreamBytes = 1 << 30
	DefaultMaxConnections = 1024
	// DefaultMaxHeaderBytes is of a request's first line and header together: the
	// operands of a GET are in its first line.
	DefaultMaxHeaderBytes    = 64 << 10
	DefaultReadHeaderTimeout = 5 * time.Second
	// DefaultReadTimeout is of a whole body. One of 16 MB takes ten seconds at 13 Mbit/s.
	DefaultReadTimeout  = 60 * time.Second
	DefaultWriteTimeout = 90 * time.Second
	// DefaultIdleTimeout is longer than an Application Load Balancer's 60 s: it
	// must be the one to close.
	DefaultIdleTimeout = 120 * time.Second
	// DefaultInstanceIDWait is how long Serve holds back the first answer for
	// the instance id: IMDSv2 answers within a few milliseconds where there is one.
	DefaultInstanceIDWait = 50 * time.Millisecond
)

// Config is what a Server is made of. Every zero value means its default.
type Config struct {
	Log     *slog.Logger // nil: discard
	History store        // a *history.History; nil: none is kept

	MaxBodyBytes       int64         // of a request, and of a line of a stream; 0 means DefaultMaxBodyBytes
	MaxStreamBytes     int64         // of a batch or of statistics; 0 means DefaultMaxStreamBytes
	MaxHeldBytes       int64         // of bodies and answers of all requests together; 0 means 4 × MaxBodyBytes
	MaxDigits          int           // of an operand and of a result; 0 means bignum.DefaultMaxDigits
	CalculationTimeout time.Duration // waiting and calculating; 0 means DefaultCalculationTimeout
	MaxCalculations    int           // at once; 0 means 2 for each core
	MaxQueued          int           // calculations that wait for their turn; 0 means DefaultMaxQueued
	QueueTimeout       time.Duration // longest wait for a turn; 0 means DefaultQueueTimeout
	DrainTimeout       time.Duration // longest wait for requests in flight; 0 means DefaultDrainTimeout

	MaxConnections    int           // at once, others wait to be accepted; 0 means DefaultMaxConnections
	MaxHeaderBytes    int           // 0 means DefaultMaxHeaderBytes
	ReadHeaderTimeout time.Duration // 0 means DefaultReadHeaderTimeout
	ReadTimeout       time.Duration // of a body, or of the next line of a stream; 0 means DefaultReadTimeout
	WriteTimeout      time.Duration // of a request in all, or of the next line of a stream; 0 means DefaultWriteTimeout
	IdleTimeout       time.Duration // of a connection between two requests; 0 means DefaultIdleTimeout

	// InstanceID asks where this process runs, until it is answered.
	// nil means the instance metadata service: see MetadataInstanceID.
	InstanceID func(context.Context) (string, error)
	// InstanceIDWait: 0 means DefaultInstanceIDWait.
	InstanceIDWait time.Duration
}

// Validate reports every field that is out of range.
func (c Config) Validate() error {
	return errors.Join(
		config.NotNegative("max body bytes", c.MaxBodyBytes),
		config.NotNegative("max stream bytes", c.MaxStreamBytes),
		config.NotNegative("max held bytes", c.MaxHeldBytes),
		config.NotNegative("max digits", c.MaxDigits),
		config.NotNegative("calculation timeout", c.CalculationTimeout),
		config.NotNegative("max calculations", c.MaxCalculations),
		config.NotNegative("max queued", c.MaxQueued),
		config.NotNegative("queue timeout", c.QueueTimeout),
		config.NotNegative("drain timeout", c.DrainTimeout),
		config.NotNegative("max connections", c.MaxConnections),
		config.NotNegative("max header bytes", c.MaxHeaderBytes),
		config.NotNegative("read header timeout", c.ReadHeaderTimeout),
		config.NotNegative("read timeout", c.ReadTimeout),
		config.NotNegative("write timeout", c.WriteTimeout),
		config.NotNegative("idle timeout", c.IdleTimeout),
		config.NotNegative("instance id wait", c.InstanceIDWait),
	)
}

// withDefaults fills in what was left zero.
func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.InstanceID == nil {
		c.InstanceID = MetadataInstanceID()
	}
	c.MaxBodyBytes = cmp.Or(c.MaxBodyBytes, DefaultMaxBodyBytes)
	c.MaxStreamBytes = cmp.Or(c.MaxStreamBytes, DefaultMaxStreamBytes)
	c.MaxHeldBytes = cmp.Or(c.MaxHeldBytes, 4*c.MaxBodyBytes)
	c.MaxDigits = cmp.Or(c.MaxDigits, bignum.DefaultMaxDigits)
	c.CalculationTimeout = cmp.Or(c.CalculationTimeout, DefaultCalculationTimeout)
	c.MaxCalculations = cmp.Or(c.MaxCalculations, 2*runtime.GOMAXPROCS(0))
	c.MaxQueued = cmp.Or(c.MaxQueued, DefaultMaxQueued)
	c.QueueTimeout = cmp.Or(c.QueueTimeout, DefaultQueueTimeout)
	c.DrainTimeout = cmp.Or(c.DrainTimeout, DefaultDrainTimeout)
	c.MaxConnections = cmp.Or(c.MaxConnections, DefaultMaxConnections)
	c.MaxHeaderBytes = cmp.Or(c.MaxHeaderBytes, DefaultMaxHeaderBytes)
	c.ReadHeaderTimeout = cmp.Or(c.ReadHeaderTimeout, DefaultReadHeaderTimeout)
	c.ReadTimeout = cmp.Or(c.ReadTimeout, DefaultReadTimeout)
	c.WriteTimeout = cmp.Or(c.WriteTimeout, DefaultWriteTimeout)
	c.IdleTimeout = cmp.Or(c.IdleTimeout, DefaultIdleTimeout)
	c.InstanceIDWait = cmp.Or(c.InstanceIDWait, DefaultInstanceIDWait)
	return c
}

// The memory that the limits stand for; measured, then rounded up.
const (
	idleBytes       = 48 << 20 // the process itself
	connectionBytes = 32 << 10 // with its two buffers and its goroutines, before any header
	headerCopies    = 2        // as read, and as parsed
	heldCopies      = 5        // a body as it grows, as read, and as decoded
	bytesPerDigit   = 20       // of a calculation, with its intermediate results
)

// memoryBound: see Server.MemoryBound.
func (c Config) memoryBound() int64 {
	connections := int64(c.MaxConnections) * (connectionBytes + headerCopies*int64(c.MaxHeaderBytes))
	calculations := int64(c.MaxCalculations) * int64(c.MaxDigits) * bytesPerDigit
	alive := idleBytes + connections + heldCopies*c.MaxHeldBytes + calculations
	return alive + alive/4 // what is not yet collected
}
