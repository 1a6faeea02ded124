package profile

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func steady(rate float64) Profile { return Constant{PerSecond: rate} }

// shapes are profiles of every kind, with stretches at which nothing is offered.
var shapes = rapid.Custom(func(t *rapid.T) Profile {
	rate := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.1, 2000))
	over := time.Duration(rapid.Int64Range(1, int64(20*time.Second)).Draw(t, "over"))
	low := rate.Draw(t, "low")
	return rapid.SampledFrom([]Profile{
		steady(low), Constant{PerSecond: low, For: over}, Ramp{From: low, To: rate.Draw(t, "to"), Over: over},
		Steps{Rates: []float64{low, 0, rate.Draw(t, "step")}, Each: over},
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
		if got := s.Hits(at); math.Abs(got-want) > 1e-6*max(1, want) {
			t.Fatalf("Hits(%v) = %v, want %v", at, got, want)
		}
		s.Follow(at, steady(1)) // so that what has begun is due some time
		var last time.Duration
		for seq := range uint64(min(want, 3000)) {
			due, ok := s.Due(seq)
			if !ok || due < last {
				t.Fatalf("Due(%d) = %v, %v, want a time not before %v", seq, due, ok, last)
			}
			if hits := s.Hits(due); math.Abs(hits-float64(seq)) > 1e-3 {
				t.Fatalf("Hits(Due(%d)) = %v, want %d", seq, hits, seq)
			}
			last = due
		}
	})
}

func TestNothingIsDueWhileTheRateIsZero(t *testing.T) {
	for _, rate := range []float64{0, -5, math.NaN()} {
		var s Schedule
		s.Follow(0, steady(rate))
		if due, ok := s.Due(0); ok {
			t.Errorf("rate %v: Due(0) = %v, want never", rate, due)
		}
		s.Follow(time.Hour, steady(10))
		if due, ok := s.Due(0); !ok || due != time.Hour {
			t.Errorf("rate %v, then 10 after 1 h: Due(0) = %v, %v, want 1h", rate, due, ok)
		}
	}
	var ended Schedule
	ended.Follow(0, Constant{PerSecond: 2, For: time.Second})
	if last, ok := ended.Due(1); !ok || last != 500*time.Millisecond {
		t.Errorf("2 a second for a second: Due(1) = %v, %v, want 500ms", last, ok)
	}
	if due, ok := ended.Due(2); ok {
		t.Errorf("2 a second for a second: Due(2) = %v, want never", due)
	}
	for _, text := range []string{"steps:2,0,2/10s", "spike:2..0@10s+10s/30s", "replay:2@0s,0@10s,2@20s,0@30s"} {
		paused := following(mustParse(t, text))
		if due, ok := paused.Due(20); !ok || due != 20*time.Second {
			t.Errorf("%s: Due(20) = %v, %v, want 20s, when the pause ends", text, due, ok)
		}
	}
	var zero Schedule
	if due, ok := zero.Due(0); ok || zero.Hits(time.Hour) != 0 {
		t.Errorf("zero Schedule: Due(0) = %v, Hits = %v, want nothing", due, zero.Hits(time.Hour))
	}
}

func mustParse(t *testing.T, text string) Profile {
	t.Helper()
	p, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestASoakOfManyChangesStaysBounded(t *testing.T) {
	var s Schedule
	for i := range 10 * maxSegments {
		s.Follow(time.Duration(i)*time.Second, steady(float64(i%7)))
	}
	if len(s.segments) > maxSegments {
		t.Errorf("%d segments are remembered, want at most %d", len(s.segments), maxSegments)
	}
}

func ExampleSchedule() {
	var s Schedule
	s.Follow(0, Constant{PerSecond: 2})
	s.Follow(1250*time.Millisecond, Constant{PerSecond: 10}) // half-way between two requests
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
	s.Follow(0, steady(1000))
	var seq uint64
	for b.Loop() {
		s.Due(seq)
		seq++
	}
}
