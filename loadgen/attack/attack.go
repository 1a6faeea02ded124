package attack

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/loadgen/payload"
	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// Config is what an Attack is made of.
type Config struct {
	URL     string       // of the server; /v1/calculate is appended
	Payload *payload.Set // what to send
	Users   int          // how many users the requests come from; 0 means 1
	Timeout time.Duration
	Seed    uint64 // of which user sends which body when
	// MaxWorkers bounds the requests in flight; 0 means 512. What is due while
	// none is free is sent late, and dropped after a second: both are recorded.
	MaxWorkers int
	// Sink receives a line an interval. Its error ends the attack.
	Sink func(runlog.LoadLine) error
	// Transport is for tests; nil means a tuned one.
	Transport http.RoundTripper
}

// Attack is load under way, at a rate that changes without a connection being
// made anew.
type Attack struct {
	cfg      Config
	url      string
	schedule *profile.Schedule
	checker  *checker
	sent     atomic.Int64
	bytesOut atomic.Int64

	mu       sync.Mutex // guards what follows, and the order of lines
	pacer    *pacer     // nil until Run
	tally    *tally
	began    time.Time
	phase    runlog.Phase
	offered  profile.Profile
	since    time.Duration // when that began, from began
	interval time.Duration
	flushed  flushed
	stopped  bool
	err      error
}

// flushed is where the last line ended.
type flushed struct {
	at                                        time.Time
	offered, sent, dropped, bytesIn, bytesOut int64
}

// New returns an Attack at rate zero. It is an error if the URL is none.
func New(cfg Config) (*Attack, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("%q is not an http or https URL", cfg.URL)
	}
	if cfg.Payload == nil || cfg.Payload.Len() == 0 || cfg.Sink == nil {
		return nil, errors.New("attack: payload and sink are needed")
	}
	cfg.Users = max(cfg.Users, 1)
	if cfg.MaxWorkers <= 0 {
		cfg.MaxWorkers = 512
	}
	if cfg.Transport == nil {
		cfg.Transport = newTransport(cfg.MaxWorkers)
	}
	return &Attack{
		cfg:      cfg,
		url:      strings.TrimSuffix(cfg.URL, "/") + "/v1/calculate",
		schedule: new(profile.Schedule),
		checker:  &checker{next: cfg.Transport, set: cfg.Payload},
		tally:    newTally(),
		phase:    runlog.PhaseSetup,
		offered:  profile.Linear{},
		interval: time.Second,
	}, nil
}

// SetPhase changes the phase, and what is offered from now on, at once; before Run,
// it is what Run begins with. The interval under way ends with the old ones, so that
// no line is of two phases.
func (a *Attack) SetPhase(phase runlog.Phase, offered profile.Profile) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pacer != nil {
		a.flush(time.Now())
	}
	a.phase, a.offered = phase, offered
	if a.pacer == nil || a.stopped {
		return
	}
	a.since = time.Since(a.began)
	a.schedule.Follow(a.since, offered)
	a.pacer.wake(false)
}

// SetInterval changes how long an interval, and so a line, is; from the next on.
func (a *Attack) SetInterval(d time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.interval = max(d, time.Second)
}

// Run sends until ctx ends, which is no error: what is due by then is still sent,
// within a second, requests in flight are waited for, at most Timeout, and the last
// lines are written. It can be called once.
func (a *Attack) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a.start()
	attacker := vegeta.NewAttacker(
		vegeta.Client(&http.Client{Transport: a.checker, Timeout: a.cfg.Timeout, CheckRedirect: noRedirect}),
		vegeta.Workers(uint64(min(10, a.cfg.MaxWorkers))), vegeta.MaxWorkers(uint64(a.cfg.MaxWorkers)),
	)
	results := attacker.Attack(a.targeter(), a.pacer, 0, "")
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	done := ctx.Done()
	var tooLate <-chan time.Time
	for {
		select {
		case <-done:
			done, tooLate = nil, time.After(maxLate)
			a.stop()
		case <-tooLate:
			attacker.Stop() // Vegeta is waiting for a free worker, instead of in Pace
		case result, ok := <-results:
			if !ok {
				return a.end()
			}
			a.note(result)
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
	a.began = time.Now()
	a.flushed.at = a.began
	a.schedule.Follow(0, a.offered)
	a.pacer = &pacer{schedule: a.schedule, began: a.began, changed: make(chan struct{})}
}

func noRedirect(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// targeter draws user and body; both are made already, so drawing takes no time
// that would count as latency.
func (a *Attack) targeter() vegeta.Targeter {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(a.cfg.Seed, 0x05e75))
	return func(t *vegeta.Target) error {
		mu.Lock()
		user, body := random.IntN(a.cfg.Users), random.IntN(a.cfg.Payload.Len())
		mu.Unlock()
		t.Method, t.URL, t.Body = http.MethodPost, a.url, a.cfg.Payload.Body(body)
		t.Header = http.Header{
			"Content-Type": {"application/json"},
			"Cookie":       {fmt.Sprintf("user=u%05d", user)},
			payloadHeader:  {strconv.Itoa(body)},
		}
		a.sent.Add(1)
		a.bytesOut.Add(int64(len(t.Body)))
		return nil
	}
}

// note counts a result into the interval under way.
func (a *Attack) note(r *vegeta.Result) {
	fromSchedule := r.Latency
	if due, ok := a.pacer.due(r.Seq); ok && r.Timestamp.After(due) {
		fromSchedule += r.Timestamp.Sub(due)
	}
	failure := r.Error
	if r.Code != 0 { // Vegeta calls any status outside 200–399 an error too; the checker's text is better
		failure = r.Headers.Get(answeredHeader)
	} else if failure != "" {
		failure = errorText(failure)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.tally.add(outcome{
		instance: r.Headers.Get(instanceHeader), failure: failure, ended: r.Timestamp.Add(r.Latency),
		fromSchedule: fromSchedule, fromSending: r.Latency,
	})
}

// tick ends the interval if it is over.
func (a *Attack) tick(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if now.Sub(a.flushed.at) >= a.interval-100*time.Millisecond {
		a.flush(now)
	}
	return a.err
}

// stop makes nothing due from now on, so that what is waited for afterwards
// does not count as offered.
func (a *Attack) stop() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.schedule.Follow(time.Since(a.began), profile.Linear{})
	a.stopped = true
	a.pacer.wake(true)
}

// end writes the last line: every request in flight has ended, and what was due
// but is still not sent never will be.
func (a *Attack) end() error {
	a.mu.Lock()
	defer a.mu.Unlock()
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

// count is where the counters stand. A request due at the very time is not yet
// offered, one due before it is.
func (a *Attack) count(now time.Time) flushed {
	return flushed{
		at: now, offered: int64(a.schedule.Before(now.Sub(a.began))),
		sent: a.sent.Load(), dropped: a.pacer.dropped.Load(), bytesIn: a.checker.bytesIn.Load(), bytesOut: a.bytesOut.Load(),
	}
}

// write writes the line from where the last one ended. The caller holds mu.
func (a *Attack) write(is flushed) {
	if a.err != nil {
		return
	}
	was := a.flushed
	second := a.tally.take()
	middle := (was.at.Sub(a.began) + is.at.Sub(a.began)) / 2
	second.Phase, second.OfferedRate = a.phase, a.offered.Rate(max(0, middle-a.since))
	second.IntervalSeconds = is.at.Sub(was.at).Seconds()
	second.Offered = is.offered - was.offered
	second.Sent, second.Dropped = is.sent-was.sent, is.dropped-was.dropped
	second.BytesIn, second.BytesOut = is.bytesIn-was.bytesIn, is.bytesOut-was.bytesOut
	a.flushed = is
	a.err = a.cfg.Sink(runlog.LoadLine{Time: is.at.UTC(), Second: second})
}
