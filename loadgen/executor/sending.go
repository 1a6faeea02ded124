package executor

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/loadgen/client"
	"secondwind/loadgen/profile"
)

// Config is what an Executor or Users are made of.
type Config struct {
	// Schedule is counted from Began. It offers requests to an Executor, and is how many
	// Users there are.
	Schedule *profile.Schedule
	Began    time.Time
	// Sent and Dropped are the first requests of the schedule that an earlier part of the run
	// took care of; both are counted on.
	Sent, Dropped int64
	Arrivals      profile.Arrivals // an Executor's
	// Source makes request seq (0, 1, 2 …) of the schedule, into memory that the worker
	// uses again. It is called by many goroutines.
	Source func(seq uint64, r *client.Request)
	// NewClient is called once a worker, or once a user.
	NewClient func() client.Client
	// Done receives what became of each request. It is called by many goroutines, never
	// by two at a time for one shard; the outcome's answer is valid during the call.
	Done        func(shard int, o *Outcome)
	Timeout     time.Duration // of a request, from when it is sent
	MaxInFlight int           // an Executor's, over all shards; 0 means 1
	// MaxLate is how late an Executor may send a request. It is dropped after that: it
	// would be sent too late to mean anything.
	MaxLate time.Duration
	Shards  int // 0 means one a core
	// Precise has an Executor send some 30 µs after a request is due instead of some 550 µs,
	// where the system has timers for it (Linux). Requests then go out one by one, and each
	// wakes a thread: at 5,000/s that doubles the CPU time a request takes.
	Precise bool
}

// Outcome is what became of a request that was sent.
type Outcome struct {
	// Result has Seq, Timestamp (when it was sent), Latency (from then), Code, BytesIn and
	// BytesOut; Error is the caller's to name.
	vegeta.Result
	Due time.Time // not after Timestamp
	// Free is when the worker that sent it had ended the request before, whose slot it takes; zero if
	// it is the worker's first, or slots were left that no request had taken yet, and of Users. A
	// request that was due before waited for that slot.
	Free    time.Time
	Request *client.Request
	Answer  *client.Answer // with Err what came of it; nil: nothing
	Err     error
}

// sending is what the models have in common.
type sending struct {
	cfg   Config
	sent  atomic.Int64
	lanes []*lane
}

// lane is where outcomes of a shard are handed over one after the other.
type lane struct {
	number int
	mu     sync.Mutex // held during Done
}

func newSending(cfg Config, mostShards int) *sending {
	if cfg.Shards <= 0 {
		cfg.Shards = runtime.GOMAXPROCS(0)
	}
	s := &sending{cfg: cfg}
	s.sent.Store(cfg.Sent)
	for i := range min(cfg.Shards, mostShards) {
		s.lanes = append(s.lanes, &lane{number: i})
	}
	return s
}

// Sent counts requests up to now.
func (s *sending) Sent() int64 { return s.sent.Load() }

// exchange sends the outcome's request, and fills the outcome in.
func (s *sending) exchange(l *lane, c client.Client, o *Outcome) {
	s.cfg.Source(o.Seq, o.Request)
	o.BytesOut = uint64(len(o.Request.Body))
	s.sent.Add(1)
	o.Timestamp = time.Now()
	o.Answer, o.Err = c.Exchange(o.Request, o.Timestamp.Add(s.cfg.Timeout))
	o.Latency = time.Since(o.Timestamp)
	if o.Answer != nil {
		o.BytesIn = uint64(o.Answer.Length)
	}
	if o.Err == nil { // to Vegeta a code below 400 is success
		o.Code = uint16(o.Answer.Status)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	s.cfg.Done(l.number, o)
}
