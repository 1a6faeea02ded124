package attack

import (
	"cmp"
	"context"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/loadgen/client"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/generator"
	"secondwind/loadgen/latency"
	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// Config is what an Attack is made of.
type Config struct {
	Server   *url.URL // scheme and host; the rest stands in the requests
	Requests Requests
	Timeout  time.Duration
	// MaxInFlight bounds the requests in flight; 0 means 512. What is due while no more
	// may be sent is sent late: that is recorded.
	MaxInFlight int
	// MaxLate is how late a request may be sent; after that it is dropped, which is
	// recorded, too. 0 means Timeout: whatever a server does, after that long a request in
	// flight makes room for another one. So what is due during a stall is sent after it, as
	// by wrk2, which never drops; but under an overload without end, neither lateness nor
	// memory grows without end. (k6 drops at once, so that its percentiles lack the stall.)
	MaxLate time.Duration
	// Sink receives a line an interval. Its error ends the attack.
	Sink func(runlog.LoadLine) error
	// Result receives every result, of several at a time; nil: nobody asks. Its error ends
	// the attack.
	Result func(*vegeta.Result) error
	// Connections are how the server is reached.
	Connections client.Options
	// Arrivals are how requests are spread over the time.
	Arrivals profile.Arrivals
	// Users, if any, send the requests, and what is offered is how many there are.
	Users   *executor.Behavior
	Precise bool // as in executor.Config
	// Phases are the parts of what is offered, by the time at which they begin, for lines; nil:
	// SetPhase says.
	Phases []Phase
	// Start is where what is offered goes on, for the second part of an attack.
	Start Position
	// Duration is how long the attack lasts, counted from the start of what is offered; 0
	// means until its context ends. If it is set, an earlier end of the context is an
	// interruption: nothing more is sent, and what is in flight is waited for at most Grace.
	Duration, Grace time.Duration
}

// model is who sends, and when: an executor.Executor or executor.Users.
type model interface {
	// Run sends until End, and waits for what is in flight.
	Run()
	End()
	// Halt, before End, has nothing sent any more that is due for long.
	Halt()
	// Wake reports that the schedule was changed.
	Wake()
	// Offered is how many requests are due before a time.
	Offered(before time.Time) int64
	// Sent and Dropped count requests up to now.
	Sent() int64
	Dropped() int64
	// Starved counts those dropped because all slots were taken.
	Starved() int64
}

// Attack is load under way, at a rate that changes without a connection being
// made anew.
type Attack struct {
	cfg      Config
	schedule *profile.Schedule
	bytesIn  atomic.Int64
	bytesOut atomic.Int64

	counting sync.Mutex // guards tally; no result waits for a line to be made
	tally    *tally

	mu       sync.Mutex // guards what follows, and the order of lines
	model    model      // nil until Run
	spare    *tally     // of the interval that has just ended, or empty
	began    time.Time
	server   *client.Server
	sampler  *generator.Sampler
	phase    runlog.Phase
	phases   []Phase // that are still to begin
	offered  profile.Profile
	since    time.Duration // when that began, from began
	interval time.Duration
	cpu      float64       // percent to hold in the phase under way, 0 for none
	rate     float64       // that holds it, or did in an earlier phase; 0: not known
	ends     time.Duration // of that phase, from began
	observed time.Duration // when Observe was called last, from began
	seen     float64       // CPU of the service, in percent; 0: not seen in the interval
	needed   int           // slots, if no request of what was offered up to now is answered
	flushed  flushed
	budget   budget
	stopped  bool
	grace    *time.Timer // after which Run ends what is in flight; nil before an interruption
	err      error
}

// flushed is where the last line ended.
type flushed struct {
	at                                        time.Time
	offered, sent, dropped, bytesIn, bytesOut int64
	starved                                   int64
	connections                               client.Connections
}

// New returns an Attack at rate zero.
func New(cfg Config) *Attack {
	if cfg.MaxInFlight <= 0 {
		cfg.MaxInFlight = 512
	}
	kinds, causes := cfg.Requests.Kinds(), map[string]bool{}
	return &Attack{
		cfg:      cfg,
		schedule: new(profile.Schedule),
		tally:    newTally(kinds, causes),
		spare:    newTally(kinds, causes),
		phase:    runlog.PhaseSetup,
		offered:  profile.Linear{},
		interval: time.Second,
		budget:   newBudget(daily),
	}
}

// SetInterval changes how long an interval, and so a line, is; from the next on. Intervals are
// longer than that if the lines would come to more than 95 MB a day.
func (a *Attack) SetInterval(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.interval = max(d, time.Second)
}

// Run sends for Duration or until ctx ends, which is no error: what is due by then is still
// sent, within MaxLate, requests in flight are waited for, at most Timeout, and the last
// lines are written. It can be called once.
func (a *Attack) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	ended := make(chan struct{})
	a.start()
	go func() {
		defer close(ended)
		a.model.Run()
	}()
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	var over <-chan time.Time
	if a.cfg.Duration > 0 {
		over = time.After(time.Until(a.began.Add(a.cfg.Duration)))
	}
	next := a.turn()
	done := ctx.Done()
	for {
		select {
		case <-over:
			a.stop()
		case <-done:
			done, over = nil, nil
			a.interrupt()
		case <-ended:
			return a.end()
		case <-next:
			next = a.turn()
		case now := <-ticker.C:
			if a.tick(now) != nil {
				cancel()
			}
		}
	}
}

func (a *Attack) start() {
	a.mu.Lock()
	defer a.mu.Unlock()
	start := a.cfg.Start
	a.flushed = flushed{at: time.Now(), offered: start.Offered, sent: start.Sent, dropped: start.Dropped}
	a.began = a.flushed.at.Add(-start.At)
	a.observed = start.At
	if a.cfg.holds() {
		a.offered = start.before()
	}
	a.schedule.Follow(0, a.offered)
	a.phases = a.cfg.Phases
	connections := a.cfg.Connections
	connections.Opened = a.opened
	a.server, a.sampler = client.NewServer(a.cfg.Server, connections), generator.NewSampler()
	cfg := executor.Config{
		Schedule: a.schedule, Began: a.began, Sent: start.Sent, Dropped: start.Dropped,
		Arrivals: a.cfg.Arrivals, Source: a.cfg.Requests.Request, Done: a.note,
		Timeout: a.cfg.Timeout, MaxInFlight: a.cfg.MaxInFlight, MaxLate: cmp.Or(a.cfg.MaxLate, a.cfg.Timeout),
		Precise: a.cfg.Precise, NewClient: a.server.Client,
	}
	if a.cfg.Users != nil {
		cfg.NewClient = a.server.Session
		a.model = executor.NewUsers(cfg, *a.cfg.Users)
	} else {
		a.model = executor.New(cfg)
	}
}

// opened counts a connection into the interval under way.
func (a *Attack) opened(o client.Opening) {
	a.counting.Lock()
	defer a.counting.Unlock()
	latency.Record(a.tally.connect, o.Connect)
	if o.TLS > 0 {
		latency.Record(a.tally.tls, o.TLS)
	}
}

// note counts an outcome into the interval under way.
func (a *Attack) note(_ int, o *executor.Outcome) {
	a.bytesIn.Add(int64(o.BytesIn))
	a.bytesOut.Add(int64(o.BytesOut))
	is := outcome{
		ended: o.Timestamp.Add(o.Latency), fromSchedule: o.Timestamp.Sub(o.Due) + o.Latency, fromSending: o.Latency,
		kind: a.cfg.Requests.Kind(o.Seq),
	}
	is.lag = is.fromSchedule - is.fromSending
	if waited := o.Free.Sub(o.Due); waited > 0 {
		is.lag, is.waited = is.lag-waited, true
	}
	if o.Err != nil {
		is.failure = causeOf(o.Err)
	} else {
		is.instance, is.failure = a.cfg.Requests.Instance(o.Answer), a.cfg.Requests.Failure(o.Seq, o.Answer)
		is.firstByte = o.Answer.First.Sub(o.Timestamp) - o.Answer.Opening
	}
	var err error
	if a.cfg.Result != nil {
		o.Error, o.Method, o.URL = is.failure, o.Request.Method(), a.cfg.Server.String()+o.Request.Target()
		err = a.cfg.Result(&o.Result)
	}
	if err != nil {
		a.fail(err)
	}
	a.counting.Lock()
	defer a.counting.Unlock()
	if first := a.tally.add(is); first != "" {
		a.tally.example(first, a.example(is.failure, o))
	}
}

func (a *Attack) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.err = cmp.Or(a.err, err)
}

// tick ends the interval if it is over.
func (a *Attack) tick(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begin(now)
	if since := now.Sub(a.flushed.at); since >= a.interval-100*time.Millisecond && a.budget.allows(since) {
		a.flush(now)
	}
	return a.err
}

// stop makes nothing due from now on, so that what is waited for afterwards
// does not count as offered.
func (a *Attack) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begin(time.Now())
	a.phases = nil
	a.schedule.Follow(time.Since(a.began), profile.Linear{})
	a.stopped = true
	a.model.End()
}

// interrupt is stop, and an end at once to an attack that was to last longer.
func (a *Attack) interrupt() {
	if a.cfg.Duration > 0 {
		a.model.Halt()
		a.grace = time.AfterFunc(a.cfg.Grace, a.server.End)
	}
	a.stop()
}

// end writes the last line: every request in flight has ended, and what was due
// but is still not sent never will be.
func (a *Attack) end() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.grace != nil {
		a.grace.Stop()
	}
	is := a.count(time.Now())
	if !is.at.After(a.flushed.at) {
		is.at = a.flushed.at.Add(1) // the last answer came with a tick; it still needs a line
	}
	is.offered = max(is.offered, is.sent+is.dropped) // one may be sent in the very instant of stopping
	is.dropped = is.offered - is.sent
	a.write(is)
	return a.err
}

// flush writes the line of the interval that ends now. The caller holds mu.
func (a *Attack) flush(now time.Time) {
	if now.After(a.flushed.at) {
		a.write(a.count(now))
	}
}

// count ends an interval and is where the counters stand: whatever ended in the interval was
// sent in it or before. A request due at the very time is not yet offered, one due before it is.
func (a *Attack) count(now time.Time) flushed {
	a.counting.Lock()
	a.tally, a.spare = a.spare, a.tally
	a.counting.Unlock()
	return flushed{
		at: now, offered: a.model.Offered(now),
		sent: a.model.Sent(), dropped: a.model.Dropped(), starved: a.model.Starved(), bytesIn: a.bytesIn.Load(), bytesOut: a.bytesOut.Load(),
		connections: a.server.Connections(),
	}
}

// write writes the line from where the last one ended. The caller holds mu.
func (a *Attack) write(is flushed) {
	if a.err != nil {
		return
	}
	was := a.flushed
	second, lagP99 := a.spare.take()
	middle := (was.at.Sub(a.began) + is.at.Sub(a.began)) / 2
	second.Phase, second.OfferedRate = a.phase, a.offered.Rate(max(0, middle-a.since))
	second.IntervalSeconds = is.at.Sub(was.at).Seconds()
	second.Offered = is.offered - was.offered
	if a.cfg.Users != nil && second.IntervalSeconds > 0 { // what the profile has is how many they are
		second.OfferedRate = float64(second.Offered) / second.IntervalSeconds
	}
	second.Sent, second.Dropped = is.sent-was.sent, is.dropped-was.dropped
	second.Starved = is.starved - was.starved
	second.BytesIn, second.BytesOut = is.bytesIn-was.bytesIn, is.bytesOut-was.bytesOut
	second.Reused = is.connections.Reused - was.connections.Reused
	second.Opened = since(is.connections.Opened, was.connections.Opened)
	second.Generator = a.used(second, lagP99)
	second.ServiceCPU, a.seen = a.seen, 0
	a.flushed = is
	line := runlog.LoadLine{Time: is.at.UTC(), Second: second}
	a.budget.spend(sizeOf(line), is.at.Sub(was.at))
	a.err = a.cfg.Sink(line)
}
