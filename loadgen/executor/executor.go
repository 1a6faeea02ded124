// Package executor sends load in one of two models. An Executor sends the requests of a
// schedule when they are due, whatever becomes of those before: a server that stalls does
// not slow the schedule down (an open model). With Users, each sends the next request after
// the last one's answer (a closed model).
//
// An Executor's schedule is cut into shards, one a core, that share nothing but counters. In a
// shard one worker at a time, the leader, waits for the next due request; when it is due it makes
// another worker the leader, and sends the request itself. So a request passes through
// no queue, and is sent by the goroutine that reads its answer.
package executor

import (
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/loadgen/client"
	"secondwind/loadgen/profile"
)

// Executor is a schedule under way.
type Executor struct {
	*sending
	shards  []*shard
	dropped atomic.Int64
	starved atomic.Int64 // of these
	ending  atomic.Bool
	halted  atomic.Bool
	mu      sync.Mutex
	offered *profile.Timetable // guarded by mu
}

// shard sends every len(shards)-th request of the schedule.
type shard struct {
	*Executor
	lane  *lane
	lead  chan struct{} // holds a token, unless a worker leads; closed at the end
	idle  atomic.Int64  // workers that wait for the lead
	alarm alarm         // rings when the schedule was changed, or all is over

	// What follows is the leader's.
	table   *profile.Timetable
	next    uint64
	workers int
	most    int
}

// New returns an Executor that has sent nothing yet. Run frees what it holds.
func New(cfg Config) *Executor {
	cfg.MaxInFlight = max(1, cfg.MaxInFlight)
	e := &Executor{sending: newSending(cfg, cfg.MaxInFlight), offered: cfg.Schedule.Timetable(cfg.Arrivals)}
	e.dropped.Store(cfg.Dropped)
	first, shards := uint64(cfg.Sent+cfg.Dropped), uint64(len(e.lanes))
	e.offered.Due(first) // what came before is not looked at one by one
	for i, l := range e.lanes {
		e.shards = append(e.shards, &shard{
			Executor: e, lane: l, next: first + (uint64(i)+shards-first%shards)%shards, most: (cfg.MaxInFlight + i) / len(e.lanes),
			table: cfg.Schedule.Timetable(cfg.Arrivals), lead: make(chan struct{}, 1), alarm: newAlarm(cfg.Precise),
		})
	}
	return e
}

// Dropped counts requests that were left out up to now, because they were too late.
func (e *Executor) Dropped() int64 { return e.dropped.Load() }

// Starved counts those of the dropped requests for which no slot was free until it was too late, as
// all requests in flight waited for their answers.
func (e *Executor) Starved() int64 { return e.starved.Load() }

// Offered is how many requests are due before a time, which is not before that of the last call.
func (e *Executor) Offered(before time.Time) int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	return int64(e.offered.Before(before.Sub(e.cfg.Began)))
}

// Wake makes the shards look at the schedule again: it was changed.
func (e *Executor) Wake() {
	for _, s := range e.shards {
		s.alarm.ring()
	}
}

// End lets Run end: what is due is still sent, unless it is too late. A schedule that goes
// on must be ended before.
func (e *Executor) End() {
	e.ending.Store(true)
	e.Wake()
}

// Halt has nothing sent any more that is due for long; End is still to be called.
func (e *Executor) Halt() { e.halted.Store(true) }

// justDue is how long a request is due, at most, that is sent in spite of Halt: its sender was
// about to wake. It would be counted as dropped otherwise, and nothing was in its way.
const justDue = 10 * time.Millisecond

// Run sends until End, and waits for requests in flight, which Timeout bounds. It is for
// one call.
func (e *Executor) Run() {
	var workers sync.WaitGroup
	for _, s := range e.shards {
		defer s.alarm.stop()
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
		free := o.Timestamp.Add(o.Latency) // the zero time at first
		if s.workers < s.most {
			free = time.Time{} // slots are left, so that what is late did not wait for this one
		}
		seq, due, ok := s.await(free)
		if !ok {
			close(s.lead)
			return
		}
		if s.idle.Load() == 0 && s.workers < s.most {
			s.workers++
			workers.Go(func() { s.work(workers) })
		}
		s.lead <- struct{}{}
		o = Outcome{Result: vegeta.Result{Seq: seq}, Due: due, Free: free, Request: &request}
		s.exchange(s.lane, c, &o)
	}
}

// await returns the shard's next request as soon as it is due; ok is false at the end. Who waits has
// been free since a time.
func (s *shard) await(free time.Time) (seq uint64, due time.Time, ok bool) {
	for {
		ending := s.ending.Load() // before the schedule is read: that was ended first
		wait := time.Hour         // nothing is due until the schedule changes
		if at, known := s.table.Due(s.next); known {
			due = s.cfg.Began.Add(at)
			if wait = time.Until(due); wait <= 0 {
				if wait < -justDue && s.halted.Load() {
					return 0, due, false
				}
				if s.dropLate(-wait, free.Sub(due) > s.cfg.MaxLate) {
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
		s.alarm.wait(wait)
	}
}

// dropLate leaves out what is due for longer than MaxLate, and tells whether anything was; starved
// if that is for want of a slot.
func (s *shard) dropLate(late time.Duration, starved bool) bool {
	if late <= s.cfg.MaxLate {
		return false
	}
	shards := uint64(len(s.shards))
	first := s.table.Before(time.Since(s.cfg.Began) - s.cfg.MaxLate)
	if first <= s.next {
		return false
	}
	left := (first - s.next + shards - 1) / shards
	s.next += left * shards
	if s.dropped.Add(int64(left)); starved {
		s.starved.Add(int64(left))
	}
	return true
}
