package executor

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/loadgen/profile"
)

func think(t *testing.T, text string) Think {
	t.Helper()
	parsed, err := ParseThink(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

func follow(t *testing.T, text string) *profile.Schedule {
	t.Helper()
	p, err := profile.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	s := new(profile.Schedule)
	s.Follow(0, p)
	return s
}

// use has users load the server for a time.
func (s *server) use(t *testing.T, users string, b Behavior, lasts time.Duration) *Users {
	t.Helper()
	u := NewUsers(s.serves(t, Config{Schedule: follow(t, users), Shards: 2}), b)
	time.AfterFunc(lasts, u.End)
	u.Run()
	s.sort()
	return u
}

// stays are the visits of each connection: of one user from arrival to leaving.
func (s *server) stays() map[int64][]visit {
	all := map[int64][]visit{}
	for _, v := range s.visits {
		all[v.connection] = append(all[v.connection], v)
	}
	return all
}

func TestUsersArriveAndLeaveWithTheProfile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(uint64) time.Duration { return 100 * time.Millisecond }}
		began := time.Now()
		u := s.use(t, "steps:3,10,0,5/10s", Behavior{Think: think(t, "900ms")}, time.Minute)
		stays := s.stays()
		arrived := map[time.Duration]int{}
		for _, visits := range stays {
			first, last := visits[0].at.Sub(began), visits[len(visits)-1].at.Sub(began)
			arrived[first.Round(10*time.Second)]++
			// Each stays to the end of a step that has fewer users, and asks once a second.
			leaves := 20 * time.Second
			if first >= 30*time.Second {
				leaves = 40 * time.Second
			}
			if last > leaves+look || leaves-last > time.Second+look {
				t.Errorf("a user was there from %v to %v, want to %v", first, last, leaves)
			}
			for i := 1; i < len(visits); i++ {
				if gap := visits[i].at.Sub(visits[i-1].at); gap != time.Second {
					t.Errorf("a user sent again after %v, want 1s: 100ms to the answer, 900ms of thought", gap)
				}
			}
		}
		if len(stays) != 15 || arrived[0] != 3 || arrived[10*time.Second] != 7 || arrived[30*time.Second] != 5 {
			t.Errorf("users arrived: %v, want 3, 7 and 5", arrived)
		}
		if s.opened.Load() != 15 || s.closed.Load() != 15 {
			t.Errorf("%d clients opened, %d closed, want 15", s.opened.Load(), s.closed.Load())
		}
		if n := int64(len(s.outcomes)); u.Sent() != n || u.Offered(time.Now()) != n || u.Dropped() != 0 {
			t.Errorf("%d outcomes, %d sent, %d offered, %d dropped", n, u.Sent(), u.Offered(time.Now()), u.Dropped())
		}
		for i, o := range s.outcomes {
			if o.Seq != uint64(i) || !o.Due.Equal(o.Timestamp) || o.Latency != 100*time.Millisecond {
				t.Fatalf("outcome %d = %+v", i, o)
			}
		}
	})
}

func TestAStalledServerGetsFewerRequestsOfUsers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(seq uint64) time.Duration {
			if seq == 100 {
				return 4 * time.Second
			}
			return 0
		}}
		s.use(t, "1", Behavior{Think: think(t, "10ms")}, 10*time.Second-1)
		if n := len(s.outcomes); n != 600 {
			t.Errorf("%d sent, want 600: 10 s without the 4 s of the stall", n)
		}
	})
}

func TestAUserWhoLeavesFinishesTheRequestAndNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(uint64) time.Duration { return 3 * time.Second }}
		s.use(t, "steps:4,0/1s", Behavior{}, 10*time.Second)
		if len(s.outcomes) != 4 {
			t.Fatalf("%d sent, want one of each user", len(s.outcomes))
		}
		for _, o := range s.outcomes {
			if o.Err != nil || o.Latency != 3*time.Second {
				t.Errorf("outcome %d = %+v, want the whole answer", o.Seq, o)
			}
		}
	})
}

func TestTheEndOfUsersSendsNothingMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(seq uint64) time.Duration { return time.Duration(seq%2) * time.Hour }}
		began := time.Now()
		s.use(t, "2", Behavior{Think: think(t, "1h")}, 2*time.Second) // one waits, one thinks
		if took := time.Since(began); len(s.outcomes) != 2 || took != 5*time.Second {
			t.Errorf("Run() ended after %v with %d outcomes, want 2 after the time-out of 5s", took, len(s.outcomes))
		}
	})
}

func TestAChangedNumberOfUsersIsFollowedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, schedule := &server{serve: quick}, new(profile.Schedule)
		u := NewUsers(s.serves(t, Config{Schedule: schedule}), Behavior{Think: think(t, "1h")})
		ended := make(chan struct{})
		go func() { defer close(ended); u.Run() }()
		time.Sleep(time.Second + look/3)
		schedule.Follow(time.Since(u.cfg.Began), profile.Constant(7))
		u.Wake()
		synctest.Wait()
		if s.inFlight.Load() != 7 {
			t.Errorf("%d users have sent, want 7", s.inFlight.Load())
		}
		u.End()
		<-ended
	})
}

func TestUsersDoNotHammerAServiceThatRefuses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &server{serve: func(uint64) time.Duration { return -1 }}
		s.use(t, "3", Behavior{}, time.Second-1)
		if len(s.outcomes) != 30 {
			t.Errorf("%d sent in a second, want 30: 10 of each user", len(s.outcomes))
		}
	})
}

func TestAUserThinksAsLongInEveryRunWithASeed(t *testing.T) {
	gaps := func(seed uint64) (all [][]time.Duration) {
		synctest.Test(t, func(t *testing.T) {
			s := &server{serve: func(uint64) time.Duration { return 0 }}
			s.use(t, "4", Behavior{Think: think(t, "exponential:1s"), Seed: seed}, time.Minute)
			began := s.visits[0].at
			for _, visits := range s.stays() {
				var at []time.Duration
				for _, v := range visits {
					at = append(at, v.at.Sub(began))
				}
				all = append(all, at)
			}
		})
		slices.SortFunc(all, slices.Compare)
		return all
	}
	first, again, other := gaps(1), gaps(1), gaps(2)
	if !slices.EqualFunc(first, again, slices.Equal) {
		t.Errorf("two runs with a seed differ: %v, %v", first, again)
	}
	if slices.EqualFunc(first, other, slices.Equal) || slices.Equal(first[0], first[1]) {
		t.Errorf("another seed, or another user, thinks as long: %v, %v", first, other)
	}
}

func TestThinkTimesHaveTheirDistribution(t *testing.T) {
	const n = 50_000
	for _, tt := range []struct {
		text                       string
		low, high, mean, deviation float64 // seconds
	}{
		{"0s", 0, 0, 0, 0},
		{"1.5s", 1.5, 1.5, 1.5, 0},
		{"1s..3s", 1, 3, 2, 2 / math.Sqrt(12)},
		{"exponential:2s", 0, 20, 2, 2},
	} {
		is := think(t, tt.text)
		if again := think(t, is.String()); again != is {
			t.Errorf("ParseThink(%q) = %v, want %v", is, again, is)
		}
		r := rand.New(rand.NewPCG(1, 2))
		var sum, squares float64
		for range n {
			s := is.draw(r).Seconds()
			if s < tt.low || s > tt.high {
				t.Fatalf("%s: %v s, want %v to %v", tt.text, s, tt.low, tt.high)
			}
			sum, squares = sum+s, squares+s*s
		}
		mean := sum / n
		deviation := math.Sqrt(max(0, squares/n-mean*mean))
		if math.Abs(mean-tt.mean) > 0.02*tt.mean || math.Abs(deviation-tt.deviation) > 0.03*tt.deviation+1e-6 {
			t.Errorf("%s: mean %.3f s, deviation %.3f s, want %.3f and %.3f", tt.text, mean, deviation, tt.mean, tt.deviation)
		}
	}
	for _, text := range []string{"", "2", "-1s", "3s..1s", "1s..", "exponential:0s", "exponential:", "normal:2s", "1s..2s..3s", "1000h"} {
		if got, err := ParseThink(text); err == nil || !strings.Contains(err.Error(), "is not a think time") {
			t.Errorf("ParseThink(%q) = %v, %v, want an error", text, got, err)
		}
	}
}
