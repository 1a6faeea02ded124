package executor

import (
	"errors"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/client"
	"secondwind/loadgen/profile"
)

// server is a Client that takes as long for an exchange as it is told.
type server struct {
	serve          func(seq uint64) time.Duration
	inFlight, most atomic.Int64
	opened, closed atomic.Int64
	mu             sync.Mutex
	outcomes       []Outcome
	visits         []visit
}

type connection struct {
	*server
	number int64
}

// visit is an exchange of a connection.
type visit struct {
	connection int64
	at         time.Time
	takes      time.Duration
}

var errRefused = errors.New("refused")

func (c *connection) Exchange(r *client.Request, deadline time.Time) (*client.Answer, error) {
	now := c.inFlight.Add(1)
	defer c.inFlight.Add(-1)
	for most := c.most.Load(); now > most && !c.most.CompareAndSwap(most, now); most = c.most.Load() {
	}
	takes := c.serve(uint64(r.Keep))
	c.mu.Lock()
	c.visits = append(c.visits, visit{c.number, time.Now(), takes})
	c.mu.Unlock()
	if takes < 0 {
		return nil, errRefused
	}
	time.Sleep(min(takes, time.Until(deadline)))
	return &client.Answer{Status: 200}, nil
}

func (c *connection) Close() { c.closed.Add(1) }

// run executes a schedule on the server until the time is up and the last answer is there.
func (s *server) run(t *testing.T, cfg Config, lasts time.Duration, meanwhile func(*Executor)) *Executor {
	t.Helper()
	cfg = s.serves(t, cfg)
	e := New(cfg)
	if meanwhile != nil {
		go meanwhile(e)
	}
	go func() {
		time.Sleep(lasts)
		cfg.Schedule.Follow(time.Since(cfg.Began), profile.Linear{})
		e.End()
	}()
	e.Run()
	s.sort()
	return e
}

func (s *server) sort() {
	slices.SortFunc(s.outcomes, func(a, b Outcome) int { return int(a.Seq) - int(b.Seq) })
}

// serves returns cfg with the server as what is loaded.
func (s *server) serves(t *testing.T, cfg Config) Config {
	if cfg.Began.IsZero() {
		cfg.Began = time.Now()
	}
	cfg.Source = func(seq uint64, r *client.Request) { r.Keep = int(seq) } // any field will do
	cfg.NewClient = func() client.Client { return &connection{server: s, number: s.opened.Add(1)} }
	cfg.Done = func(_ int, o *Outcome) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if o.Request.Keep != int(o.Seq) {
			t.Errorf("outcome %d carries request %d", o.Seq, o.Request.Keep)
		}
		s.outcomes = append(s.outcomes, *o)
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 5 * time.Second
	}
	if cfg.MaxLate == 0 {
		cfg.MaxLate = time.Second
	}
	return cfg
}

func steady(rate float64) *profile.Schedule {
	s := new(profile.Schedule)
	s.Follow(0, profile.Constant(rate))
	return s
}

func quick(uint64) time.Duration { return 2 * time.Millisecond }

func TestEveryRequestIsSentWhenItIsDue(t *testing.T) {
	for _, shards := range []int{1, 2, 3, 7} {
		for _, rate := range []float64{0.5, 3, 100, 1000} {
			synctest.Test(t, func(t *testing.T) {
				s := &server{serve: quick}
				began := time.Now()
				e := s.run(t, Config{Schedule: steady(rate), MaxInFlight: 64, Shards: shards}, 4*time.Second-1, nil)
				want := int(math.Ceil(4 * rate))
				if len(s.outcomes) != want || e.Sent() != int64(want) || e.Dropped() != 0 {
					t.Fatalf("%d shards, %v/s: %d outcomes, %d sent, %d dropped; want %d sent",
						shards, rate, len(s.outcomes), e.Sent(), e.Dropped(), want)
				}
				for i, o := range s.outcomes {
					due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
					late := o.Timestamp.Sub(o.Due)
					if o.Seq != uint64(i) || o.Due.Sub(due).Abs() > 1 || late < 0 || late > 1 || o.Latency != 2*time.Millisecond {
						t.Fatalf("%d shards, %v/s: outcome %d = %+v, want due and sent at %v", shards, rate, i, o, due)
					}
				}
				if s.opened.Load() != s.closed.Load() {
					t.Errorf("%d clients opened, %d closed", s.opened.Load(), s.closed.Load())
				}
			})
		}
	}
}

// TestPoissonArrivalsAreSentWhenTheyAreDue holds what shards send against the timetable, and
// what is offered against what was due.
func TestPoissonArrivalsAreSentWhenTheyAreDue(t *testing.T) {
	for _, shards := range []int{1, 2, 3} {
		synctest.Test(t, func(t *testing.T) {
			s := &server{serve: quick}
			began := time.Now()
			arrivals := profile.Arrivals{Poisson: true, Seed: 5}
			schedule := steady(200)
			e := s.run(t, Config{Schedule: schedule, Arrivals: arrivals, MaxInFlight: 64, Shards: shards}, 5*time.Second-1, nil)
			n, offered := int64(len(s.outcomes)), e.Offered(began.Add(5*time.Second-1))
			if n != offered || e.Sent() != n || e.Dropped() != 0 || n < 900 || n > 1100 {
				t.Errorf("%d outcomes, %d offered, %d sent, %d dropped, want about 1000 of all and none dropped",
					n, offered, e.Sent(), e.Dropped())
			}
			table := schedule.Timetable(arrivals)
			for i, o := range s.outcomes {
				due, _ := table.Due(uint64(i))
				if o.Seq != uint64(i) || o.Due.Sub(began) != due || o.Timestamp.Sub(o.Due) != 0 {
					t.Fatalf("outcome %d = %+v, want due and sent after %v", i, o, due)
				}
			}
		})
	}
}

func TestPoissonArrivalsThatAreTooLateAreDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(uint64) time.Duration { return 400 * time.Millisecond }}
		e := s.run(t, Config{
			Schedule: steady(50), Arrivals: profile.Arrivals{Poisson: true, Seed: 5}, MaxInFlight: 4, Shards: 2,
		}, 10*time.Second-1, nil)
		waiting := e.Offered(time.Now()) - e.Sent() - e.Dropped()
		if e.Dropped() < 300 || waiting < 0 || waiting > 100 {
			t.Errorf("%d offered, %d sent, %d dropped: %d wait, want those of the last second and of an exchange at most",
				e.Offered(time.Now()), e.Sent(), e.Dropped(), waiting)
		}
	})
}

func TestAStalledServerDoesNotSlowTheScheduleDown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(seq uint64) time.Duration {
			if seq == 100 {
				return 2 * time.Second
			}
			return quick(seq)
		}}
		s.run(t, Config{Schedule: steady(200), MaxInFlight: 64, Shards: 2}, 5*time.Second-1, nil)
		for _, o := range s.outcomes {
			if late := o.Timestamp.Sub(o.Due); late > 1 {
				t.Fatalf("request %d was sent %v late", o.Seq, late)
			}
		}
		if len(s.outcomes) != 1000 {
			t.Errorf("%d sent, want 1000", len(s.outcomes))
		}
	})
}

func TestTheLimitInFlightIsKeptAndWhatIsTooLateIsDropped(t *testing.T) {
	for _, limit := range []int{1, 2, 5, 64} {
		synctest.Test(t, func(t *testing.T) {
			s := &server{serve: func(uint64) time.Duration { return 400 * time.Millisecond }}
			e := s.run(t, Config{Schedule: steady(50), MaxInFlight: limit, Shards: 2}, 10*time.Second-1, nil)
			if most := int(s.most.Load()); most > limit {
				t.Errorf("limit %d: %d in flight", limit, most)
			}
			dropped, seen := int(e.Dropped()), map[uint64]bool{}
			for _, o := range s.outcomes {
				if seen[o.Seq] {
					t.Fatalf("limit %d: request %d was sent twice", limit, o.Seq)
				}
				seen[o.Seq] = true
				if late := o.Timestamp.Sub(o.Due); late > 1500*time.Millisecond {
					t.Errorf("limit %d: request %d was sent %v late, though it is too late after 1 s", limit, o.Seq, late)
				}
			}
			// 500 are due; what is neither sent nor dropped was still waiting at the end.
			waiting := 500 - dropped - len(s.outcomes)
			if waiting < 0 || waiting > 72 {
				t.Errorf("limit %d: %d sent, %d dropped, so %d wait; want those of the last second and of an exchange at most", limit,
					len(s.outcomes), dropped, waiting)
			}
			if (dropped == 0) != (limit == 64) {
				t.Errorf("limit %d: %d dropped", limit, dropped)
			}
		})
	}
}

// TestWhatIsSentLateWaitedForASlotOnlyIfAllWereTaken has workers that are slow to begin: what they
// keep from being sent did not wait for one of many slots, but would have for the only one.
func TestWhatIsSentLateWaitedForASlotOnlyIfAllWereTaken(t *testing.T) {
	for slots, want := range map[int]bool{10: false, 1: true} {
		synctest.Test(t, func(t *testing.T) {
			s := &server{serve: func(uint64) time.Duration { return 15 * time.Millisecond }}
			cfg := s.serves(t, Config{Schedule: steady(100), MaxInFlight: slots, Shards: 1})
			begins := cfg.NewClient
			cfg.NewClient = func() client.Client {
				c := begins()
				if s.opened.Load() > 1 {
					time.Sleep(100 * time.Millisecond)
				}
				return c
			}
			e := New(cfg)
			go func() {
				time.Sleep(50 * time.Millisecond)
				cfg.Schedule.Follow(time.Since(cfg.Began), profile.Linear{})
				e.End()
			}()
			e.Run()
			late, waited := 0, 0
			for _, o := range s.outcomes {
				if o.Timestamp.After(o.Due) {
					late++
				}
				if o.Free.After(o.Due) {
					waited++
				}
			}
			if late == 0 || waited > 0 != want {
				t.Errorf("%d slots: %d of %d requests were late, %d of them waited for a slot", slots, late, len(s.outcomes), waited)
			}
		})
	}
}

func TestAChangedScheduleIsFollowedAtOnceWithoutLosingARequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, schedule := &server{serve: quick}, steady(0)
		began := time.Now()
		s.run(t, Config{Schedule: schedule, MaxInFlight: 64, Shards: 2}, 10*time.Second-1, func(e *Executor) {
			// No request is due in the very instant of a change.
			for at, rate := range []float64{0, 10.5, 100, 0, 0.2, 1000, 0} {
				schedule.Follow(time.Since(began), profile.Constant(rate))
				e.Wake()
				time.Sleep(time.Duration(at+1)*time.Second - time.Since(began))
			}
		})
		perSecond := make([]int, 10)
		for i, o := range s.outcomes {
			if o.Seq != uint64(i) || o.Timestamp.Sub(o.Due) > 1 {
				t.Fatalf("outcome %d = %+v", i, o)
			}
			perSecond[int(o.Timestamp.Sub(began)/time.Second)]++
		}
		if want := []int{0, 11, 100, 0, 0, 1000, 0, 0, 0, 0}; !slices.Equal(perSecond, want) {
			t.Errorf("sent a second: %v, want %v", perSecond, want)
		}
	})
}

func TestTheEndWaitsForAnswersAndSendsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(uint64) time.Duration { return time.Hour }}
		began := time.Now()
		s.run(t, Config{Schedule: steady(10), MaxInFlight: 64, Shards: 2, Timeout: 3 * time.Second}, 2*time.Second-1, nil)
		if took := time.Since(began); len(s.outcomes) != 20 || took < 4*time.Second || took > 5*time.Second {
			t.Errorf("Run() ended after %v with %d outcomes, want 20 after the last one's 3 s", took, len(s.outcomes))
		}
	})
}

func TestAFailureIsAnOutcome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(seq uint64) time.Duration {
			if seq%2 == 1 {
				return -1
			}
			return time.Millisecond
		}}
		s.run(t, Config{Schedule: steady(10), MaxInFlight: 4, Shards: 1}, time.Second-1, nil)
		for _, o := range s.outcomes {
			if failed := o.Err != nil; failed != (o.Seq%2 == 1) || failed == (o.Answer != nil) {
				t.Errorf("outcome %d = %+v", o.Seq, o)
			}
		}
	})
}
