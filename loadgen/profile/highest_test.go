package profile

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestNoRateIsAboveTheHighest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := rapid.OneOf(shapes, replays).Draw(t, "profile")
		end := max(p.Duration(), time.Nanosecond)
		at := time.Duration(rapid.Int64Range(0, int64(end)).Draw(t, "at"))
		if highest := Highest(p); p.Rate(at) > highest*(1+1e-12) {
			t.Fatalf("%v: Rate(%v) = %v, above Highest = %v", p, at, p.Rate(at), highest)
		}
	})
	for text, want := range map[string]float64{
		"5": 5, "ramp:10..200/5m": 200, "ramp:200..10/5m": 200, "steps:10,90,50/1m": 90, "sine:50..150@1m/10m": 150,
		"spike:50..500@1m+1m/5m": 500, "spike:50..5@1m+1m/5m": 50,
	} {
		if got := Highest(mustParse(t, text)); got != want {
			t.Errorf("Highest(%s) = %v, want %v", text, got, want)
		}
		if got := Highest(Until(mustParse(t, text), time.Hour)); got != want {
			t.Errorf("Highest(%s for an hour) = %v, want %v", text, got, want)
		}
	}
}
