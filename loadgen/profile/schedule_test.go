package profile

import (
	"fmt"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestAChangeOfRateNeitherLosesNorDoublesARequest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Schedule
		var at time.Duration
		var want float64
		for range rapid.IntRange(1, 30).Draw(t, "changes") {
			rate := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.1, 2000)).Draw(t, "rate")
			held := time.Duration(rapid.Int64Range(0, int64(20*time.Second)).Draw(t, "held"))
			s.SetRate(at, rate)
			at += held
			want += rate * held.Seconds()
		}
		if got := s.Hits(at); math.Abs(got-want) > 1e-6*max(1, want) {
			t.Fatalf("Hits(%v) = %v, want %v", at, got, want)
		}
		s.SetRate(at, 1) // so that what has begun is due some time
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
		s.SetRate(0, rate)
		if due, ok := s.Due(0); ok {
			t.Errorf("rate %v: Due(0) = %v, want never", rate, due)
		}
		s.SetRate(time.Hour, 10)
		if due, ok := s.Due(0); !ok || due != time.Hour {
			t.Errorf("rate %v, then 10 after 1 h: Due(0) = %v, %v, want 1h", rate, due, ok)
		}
	}
	var zero Schedule
	if due, ok := zero.Due(0); ok || zero.Hits(time.Hour) != 0 {
		t.Errorf("zero Schedule: Due(0) = %v, Hits = %v, want nothing", due, zero.Hits(time.Hour))
	}
}

func TestASoakOfManyChangesStaysBounded(t *testing.T) {
	var s Schedule
	for i := range 10 * maxSegments {
		s.SetRate(time.Duration(i)*time.Second, float64(i%7))
	}
	if len(s.segments) > maxSegments {
		t.Errorf("%d segments are remembered, want at most %d", len(s.segments), maxSegments)
	}
}

func ExampleSchedule() {
	var s Schedule
	s.SetRate(0, 2)
	s.SetRate(1250*time.Millisecond, 10) // half-way between two requests
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
	s.SetRate(0, 1000)
	var seq uint64
	for b.Loop() {
		s.Due(seq)
		seq++
	}
}
