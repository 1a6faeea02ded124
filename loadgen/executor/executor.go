// Package executor sends the requests of a schedule when they are due, whatever becomes
// of those before: a server that stalls does not slow the schedule down (an open model).
//
// The schedule is cut into shards, one a core, that share nothing but counters. In a
// shard one worker at a time, the leader, waits for the next due request; when it is due it makes
// another worker the leader, and sends the request itself. So a request passes through
// no queue, and is sent by the goroutine that reads its answer.
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

// Config is what an Executor is made of.
type Config struct {
	Schedule *profile.Schedule // counted from Began
	Began    time.Time
	// Source makes request seq (0, 1, 2 …) of the schedule, into memory that the worker
	// uses again. It is called by many goroutines.
	Source func(seq uint64, r *client.Request)
	// NewClient is called once a worker.
	NewClient func() client.Client
	// Done receives what became of each request. It is called by many goroutines, never
	// by two at a time for one shard; the outcome's answer is valid during the call.
	Done        func(shard int, o *Outcome)
	Timeout     time.Duration // of a request, from when it is sent
	MaxInFlight int           // over all shards; 0 means 1
	// MaxLate is how late a request may be sent. It is dropped after that: it would be
	// sent too late to mean anything.
	MaxLate time.Duration
	Shards  int // 0 means one a core
}

// Outcome is what became of a request that was sent.
type Outcome struct {
	// Result has Seq, Timestamp (when it was sent), Latency (from then), Code, BytesIn and
	// BytesOut; Error is the caller's to name.
	vegeta.Result
	Due     time.Time // not after Timestamp
	Request *client.Request
	Answer  *client.Answer // nil with Err
	Err     error
}

// Executor is a schedule under way.
type Executor struct {
	cfg           Config
	shards        []*shard
	sent, dropped atomic.Int64
	ending        atomic.Bool
}

// shard sends every len(shards)-th request of the schedule.
type shard struct {
	*Executor
	number  int
	lead    chan struct{} // holds a token, unless a worker leads; closed at the end
	changed chan struct{} // holds a token after Wake
	idle    atomic.Int64  // workers that wait for the lead
	mu      sync.Mutex    // held during Done

	// What follows is the leader's.
	next    uint64
	workers int
	most    int
	timer   *time.Timer
}

// New returns an Executor that has sent nothing yet.
func New(cfg Config) *Executor {
	if cfg.Shards <= 0 {
		cfg.Shards = runtime.GOMAXPROCS(0)
	}
	cfg.MaxInFlight = max(1, cfg.MaxInFlight)
	cfg.Shards = min(cfg.Shards, cfg.MaxInFlight)
	e := &Executor{cfg: cfg}
	for i := range cfg.Shards {
		e.shards = append(e.shards, &shard{
			Executor: e, number: i, next: uint64(i), most: (cfg.MaxInFlight + i) / cfg.Shards,
			lead: make(chan struct{}, 1), changed: make(chan struct{}, 1),
		})
	}
	return e
}

// Sent and Dropped count requests up to now.
func (e *Executor) Sent() int64    { return e.sent.Load() }
func (e *Executor) Dropped() int64 { return e.dropped.Load() }

// Wake makes the shards look at the schedule again: it was changed.
func (e *Executor) Wake() {
	for _, s := range e.shards {
		select {
		case s.changed <- struct{}{}:
		default: // it will look anyway
		}
	}
}

// End lets Run end: what is due is still sent, unless it is too late. A schedule that goes
// on must be ended before.
func (e *Executor) End() {
	e.ending.Store(true)
	e.Wake()
}

// Run sends until End, and waits for requests in flight, which Timeout bounds. It is for
// one call.
func (e *Executor) Run() {
	var workers sync.WaitGroup
	for _, s := range e.shards {
		s.timer = time.NewTimer(time.Hour)
		defer s.timer.Stop()
		s.workers = 1
		s.lead <- struct{}{}
		workers.Go(func() { s.work(&workers) })
	}
	workers.Wait()
}

// work leads and sends, in turn, until the end.
func (s *shard) work(workers *sync.WaitGroup) {
	c := s.cfg.NewClient()
	defer c.Close()
	var o Outcome
	var request client.Request
	for {
		s.idle.Add(1)
		_, more := <-s.lead
		s.idle.Add(-1)
		if !more {
			return
		}
		seq, due, ok := s.await()
		if !ok {
			close(s.lead)
			return
		}
		if s.idle.Load() == 0 && s.workers < s.most {
			s.workers++
			workers.Go(func() { s.work(workers) })
		}
		s.lead <- struct{}{}
		o = Outcome{Result: vegeta.Result{Seq: seq}, Due: due, Request: &request}
		s.exchange(c, &o)
	}
}

// await returns the shard's next request as soon as it is due; ok is false at the end.
func (s *shard) await() (seq uint64, due time.Time, ok bool) {
	for {
		ending := s.ending.Load() // before the schedule is read: that was ended first
		wait := time.Hour         // nothing is due until the schedule changes
		if at, known := s.cfg.Schedule.Due(s.next); known {
			due = s.cfg.Began.Add(at)
			if wait = time.Until(due); wait <= 0 {
				if s.dropLate(-wait) {
					continue
				}
				seq = s.next
				s.next += uint64(len(s.shards))
				return seq, due, true
			}
		}
		if ending {
			return 0, due, false
		}
		s.timer.Reset(wait)
		select {
		case <-s.changed:
		case <-s.timer.C:
		}
	}
}

// dropLate leaves out what is due for longer than MaxLate, and tells whether anything was.
func (s *shard) dropLate(late time.Duration) bool {
	if late <= s.cfg.MaxLate {
		return false
	}
	shards := uint64(len(s.shards))
	first := s.cfg.Schedule.Before(time.Since(s.cfg.Began) - s.cfg.MaxLate)
	if first <= s.next {
		return false
	}
	left := (first - s.next + shards - 1) / shards
	s.next += left * shards
	s.dropped.Add(int64(left))
	return true
}

func (s *shard) exchange(c client.Client, o *Outcome) {
	s.cfg.Source(o.Seq, o.Request)
	o.BytesOut = uint64(len(o.Request.Body))
	s.sent.Add(1)
	o.Timestamp = time.Now()
	o.Answer, o.Err = c.Exchange(o.Request, o.Timestamp.Add(s.cfg.Timeout))
	o.Latency = time.Since(o.Timestamp)
	if o.Err == nil {
		o.Code, o.BytesIn = uint16(o.Answer.Status), uint64(o.Answer.Length)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cfg.Done(s.number, o)
}
