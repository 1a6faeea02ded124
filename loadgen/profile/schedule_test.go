package profile

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// steps holds each rate for the same time.
func steps(each time.Duration, rates ...float64) (l Linear) {
	for _, rate := range rates {
		l = append(l, Piece{rate, rate, each})
	}
	return l
}

// shapes are profiles of every kind, with stretches at which nothing is offered.
var shapes = rapid.Custom(func(t *rapid.T) Profile {
	rate := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.1, 2000))
	over := time.Duration(rapid.Int64Range(1, int64(20*time.Second)).Draw(t, "over"))
	low := rate.Draw(t, "low")
	return rapid.SampledFrom([]Profile{
		Constant(low), Linear{{low, low, over}}, Linear{{low, rate.Draw(t, "to"), over}},
		steps(over, low, 0, rate.Draw(t, "step")),
		Sine{Low: low, High: low + rate.Draw(t, "swing"), Period: over, For: 3 * over},
	}).Draw(t, "shape")
})

func TestAChangeOfRateNeitherLosesNorDoublesARequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Schedule
		var at time.Duration
		var want float64
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			p := shapes.Draw(t, "profile")
			held := time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "held"))
			s.Follow(at, p)
			at += held
			want += p.Hits(held)
		}
		if got := s.hits(at); math.Abs(got-want) > 1e-6*max(1, want) {
			t.Fatalf("Hits(%v) = %v, want %v", at, got, want)
		}
		s.Follow(at, Constant(1)) // so that what has begun is due some time
		var last time.Duration
		for seq := range uint64(min(want, 3000)) {
			due, ok := s.Due(seq)
			if !ok || due < last {
				t.Fatalf("Due(%d) = %v, %v, want a time not before %v", seq, due, ok, last)
			}
			if hits := s.hits(due); math.Abs(hits-float64(seq)) > 1e-3 {
				t.Fatalf("Hits(Due(%d)) = %v, want %d", seq, hits, seq)
			}
			last = due
		}
	})
}

// exact is rate × time of a profile that is made of whole numbers, in integers: what
// a sine swings comes to nothing over whole periods.
func exact(t *rapid.T) (p Profile, requests int64) {
	seconds := rapid.Int64Range(1, 5000).Draw(t, "seconds")
	a, b := rapid.Int64Range(0, 2000).Draw(t, "a"), rapid.Int64Range(0, 2000).Draw(t, "b")
	// Tenths, which are no binary fractions.
	rateA, rateB, long := float64(a)/10, float64(b)/10, time.Duration(seconds)*time.Second
	ceil := func(n, of int64) int64 { return (n + of - 1) / of }
	switch rapid.SampledFrom([]string{"constant", "ramp", "steps", "sine"}).Draw(t, "shape") {
	case "ramp":
		return Linear{{rateA, rateB, long}}, ceil((a+b)*seconds, 20)
	case "steps": // with a spike between
		return steps(long, rateA, 0, rateB, rateA), ceil((2*a+b)*seconds, 10)
	case "sine":
		return Sine{Low: min(rateA, rateB), High: max(rateA, rateB), Period: long, For: 3 * long}, ceil((a+b)*3*seconds, 20)
	}
	return Linear{{rateA, rateA, long}}, ceil(a*seconds, 10)
}

func TestExactlyRateTimesTimeRequestsAreOffered(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p, want := exact(t)
		var s Schedule
		s.Follow(0, p)
		for _, after := range []time.Duration{0, 1, time.Microsecond, time.Hour} {
			if got := s.Before(p.Duration() + after); got != uint64(want) {
				t.Fatalf("%+v: Before(end + %v) = %d, want %d", p, after, got, want)
			}
		}
		if due, ok := s.Due(uint64(want)); ok {
			t.Fatalf("%+v: Due(%d) = %v, want never: it is the first that is not offered", p, want, due)
		}
		if want > 0 {
			if last, ok := s.Due(uint64(want) - 1); !ok || last >= p.Duration() {
				t.Fatalf("%+v: Due(%d) = %v, %v, want before %v", p, want-1, last, ok, p.Duration())
			}
		}
		// The same rate, cut off at the same time, by whatever follows.
		if l, ok := p.(Linear); ok && len(l) == 1 && l[0].From == l[0].To {
			var unlimited, followed Schedule
			rate, long := l[0].From, l[0].For
			unlimited.Follow(0, Until(Constant(rate), long))
			followed.Follow(0, Constant(rate))
			followed.Follow(long, Linear{})
			if cut, changed := unlimited.Before(2*long), followed.Before(2*long); cut != uint64(want) || changed != uint64(want) {
				t.Fatalf("%+v: cut off %d, changed to 0 %d, want %d of both", p, cut, changed, want)
			}
		}
	})
}

func TestAProfileIsCutOffWhereItsLoadEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := shapes.Draw(t, "profile")
		end := time.Duration(rapid.Int64Range(1, int64(30*time.Second)).Draw(t, "end"))
		cut := Until(p, end)
		if got := cut.Duration(); got <= 0 || got > end || cut.Validate() != nil {
			t.Fatalf("Duration() = %v, Validate() = %v, want at most %v, and nil", got, cut.Validate(), end)
		}
		at := time.Duration(rapid.Int64Range(0, int64(40*time.Second)).Draw(t, "at"))
		if rate := cut.Rate(at); at >= end && rate != 0 || at < end && rate != p.Rate(at) {
			t.Fatalf("Rate(%v) = %v, want that of the whole before %v, and 0 from there on", at, rate, end)
		}
		if hits := cut.Hits(at); hits != p.Hits(min(at, end)) {
			t.Fatalf("Hits(%v) = %v, want %v", at, hits, p.Hits(min(at, end)))
		}
	})
}

func TestARequestOnTheEdgeOfASilenceWaitsForItsEnd(t *testing.T) {
	var s Schedule
	s.Follow(0, steps(time.Second, 50, 0, 100))
	for seq, want := range map[uint64]time.Duration{49: 980 * time.Millisecond, 50: 2 * time.Second, 51: 2010 * time.Millisecond} {
		if due, ok := s.Due(seq); !ok || (due-want).Abs() > time.Microsecond {
			t.Errorf("Due(%d) = %v, %v, want %v", seq, due, ok, want)
		}
	}
	if got := s.Before(1500 * time.Millisecond); got != 50 {
		t.Errorf("Before(1.5s) = %d, want 50: nothing is due in the silence", got)
	}
}

func TestNothingIsDueWhileTheRateIsZero(t *testing.T) {
	for _, rate := range []float64{0, -5, math.NaN()} {
		var s Schedule
		s.Follow(0, Constant(rate))
		if due, ok := s.Due(0); ok {
			t.Errorf("rate %v: Due(0) = %v, want never", rate, due)
		}
		s.Follow(time.Hour, Constant(10))
		if due, ok := s.Due(0); !ok || due != time.Hour {
			t.Errorf("rate %v, then 10 after 1 h: Due(0) = %v, %v, want 1h", rate, due, ok)
		}
	}
	var ended Schedule
	ended.Follow(0, Linear{{2, 2, time.Second}})
	if last, ok := ended.Due(1); !ok || last != 500*time.Millisecond {
		t.Errorf("2 a second for a second: Due(1) = %v, %v, want 500ms", last, ok)
	}
	if due, ok := ended.Due(2); ok {
		t.Errorf("2 a second for a second: Due(2) = %v, want never", due)
	}
	var zero Schedule
	if due, ok := zero.Due(0); ok || zero.hits(time.Hour) != 0 {
		t.Errorf("zero Schedule: Due(0) = %v, Hits = %v, want nothing", due, zero.hits(time.Hour))
	}
}

func ExampleSchedule() {
	var s Schedule
	s.Follow(0, Constant(2))
	s.Follow(1250*time.Millisecond, Constant(10)) // half-way between two requests
	for seq := range uint64(5) {
		due, _ := s.Due(seq)
		fmt.Println(due)
	}
	// Output:
	// 0s
	// 500ms
	// 1s
	// 1.3s
	// 1.4s
}

func BenchmarkDue(b *testing.B) {
	var s Schedule
	s.Follow(0, Constant(1000))
	var seq uint64
	for b.Loop() {
		s.Due(seq)
		seq++
	}
}

// TestARequestOfRoundingIsDueWithTheNextProfile has a profile that offers a billionth of a request in
// its last nanosecond: that begins a request, which must not be lost where the next profile begins.
func TestARequestOfRoundingIsDueWithTheNextProfile(t *testing.T) {
	brief := Sequence{
		parts: []Profile{Linear{{0, 0, 1}}, Linear{{1.5, 1.5, 1}}, Linear{{0, 0, 1}}},
		from:  []time.Duration{0, 1, 2}, hits: []float64{0, 0, 1.5e-9},
	}
	s := new(Schedule)
	s.Follow(0, beginning{Profile: brief, end: 2})
	s.Follow(2, Constant(1))
	if due, ok := s.Due(0); due != 2 || !ok {
		t.Errorf("Due(0) = %v, %v, want 2ns", due, ok)
	}
	if n := s.Before(time.Second); n != 1 {
		t.Errorf("Before(1s) = %d, want 1", n)
	}
}
