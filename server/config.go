package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"secondwind/server/bignum"
	"secondwind/server/internal/config"
)

// Config is what a Server is made of. Every zero value means its default.
type Config struct {
	Log     *slog.Logger // nil: discard
	History store        // a *history.History; nil: none is kept
	// Durability is that of entries whose request does not ask for Written; "" means Written.
	Durability Durability
	Version    string // of the program, for GET /v1/version; "" means dev

	MaxBodyBytes       int64         // of a request, and of a line of a stream; 0 means 16 MiB
	MaxStreamBytes     int64         // of a batch or of statistics, which are not held in memory; 0 means 1 GiB
	MaxHeldBytes       int64         // of bodies and answers of all requests together; 0 means 4 × MaxBodyBytes
	MaxDigits          int           // of an operand and of a result; 0 means bignum.DefaultMaxDigits
	CalculationTimeout time.Duration // waiting and calculating; 0 means 10 s
	MaxCalculations    int           // at once; 0 means 2 for each core
	MaxQueued          int           // calculations that wait for their turn; 0 means 256
	QueueTimeout       time.Duration // longest wait for a turn; 0 means 3 s
	DrainTimeout       time.Duration // longest wait for requests in flight; 0 means 10 s

	MaxConnections int // at once, others wait to be accepted; 0 means 1024
	// MaxHeaderBytes is of a request's first line and header together: the operands
	// of a GET are in its first line. 0 means 64 KiB.
	MaxHeaderBytes    int
	ReadHeaderTimeout time.Duration // 0 means 5 s
	// ReadTimeout is of a body, or of the next line of a stream. 0 means 60 s: a body
	// of 16 MB takes ten seconds at 13 Mbit/s.
	ReadTimeout  time.Duration
	WriteTimeout time.Duration // of a request in all, or of the next line of a stream; 0 means 90 s
	// IdleTimeout is of a connection between two requests. 0 means 120 s: longer than
	// an Application Load Balancer's 60 s, since the balancer must be the one to close.
	IdleTimeout time.Duration

	// InstanceID asks where this process runs, until it is answered.
	// nil means the instance metadata service: see MetadataInstanceID.
	InstanceID func(context.Context) (string, error)
	// InstanceIDWait is how long Serve holds back the first answer for the instance
	// id. 0 means 50 ms: IMDSv2 answers within a few where there is one.
	InstanceIDWait time.Duration
}

// fields are the numbers, with their defaults.
func (c *Config) fields() []config.Field {
	return []config.Field{
		config.Number("max body bytes", &c.MaxBodyBytes, 16<<20),
		config.Number("max stream bytes", &c.MaxStreamBytes, 1<<30),
		config.Number("max held bytes", &c.MaxHeldBytes, 4*cmp.Or(c.MaxBodyBytes, 16<<20)),
		config.Number("max digits", &c.MaxDigits, bignum.DefaultMaxDigits),
		config.Number("calculation timeout", &c.CalculationTimeout, 10*time.Second),
		config.Number("max calculations", &c.MaxCalculations, 2*runtime.GOMAXPROCS(0)),
		config.Number("max queued", &c.MaxQueued, 256),
		config.Number("queue timeout", &c.QueueTimeout, 3*time.Second),
		config.Number("drain timeout", &c.DrainTimeout, 10*time.Second),
		config.Number("max connections", &c.MaxConnections, 1024),
		config.Number("max header bytes", &c.MaxHeaderBytes, 64<<10),
		config.Number("read header timeout", &c.ReadHeaderTimeout, 5*time.Second),
		config.Number("read timeout", &c.ReadTimeout, 60*time.Second),
		config.Number("write timeout", &c.WriteTimeout, 90*time.Second),
		config.Number("idle timeout", &c.IdleTimeout, 120*time.Second),
		config.Number("instance id wait", &c.InstanceIDWait, 50*time.Millisecond),
	}
}

// Validate reports every field that is out of range.
func (c Config) Validate() error {
	var wrong error
	if c.Durability != "" && c.Durability != Written && c.Durability != Queued {
		wrong = fmt.Errorf("the durability %q is unknown: use %s or %s", c.Durability, Written, Queued)
	}
	return errors.Join(wrong, config.Validate(c.fields()))
}

// withDefaults fills in what was left zero.
func (c Config) withDefaults() Config {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	if c.InstanceID == nil {
		c.InstanceID = MetadataInstanceID()
	}
	c.Durability = cmp.Or(c.Durability, Written)
	config.Fill(c.fields())
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

// MemoryBound is the most memory in bytes that the limits let the server take:
// about limits times how many of each there may be at once.
func (s *Server) MemoryBound() int64 {
	c := s.config
	connections := int64(c.MaxConnections+spare) * (connectionBytes + headerCopies*int64(c.MaxHeaderBytes))
	calculations := int64(c.MaxCalculations) * int64(c.MaxDigits) * bytesPerDigit
	alive := idleBytes + connections + heldCopies*c.MaxHeldBytes + calculations
	return alive + alive/4 // what is not yet collected
}
