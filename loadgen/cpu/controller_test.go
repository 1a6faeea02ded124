package cpu

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// world is a service in virtual time, a period a step.
type world struct {
	name      string
	base      float64               // percent of CPU without load
	slope     float64               // percent a request per second, of one instance
	noise     float64               // standard deviation of what is seen, in percentage points
	delay     int                   // periods by which the CPU is seen late
	instances func(period int) int  // nil: one
	silent    func(period int) bool // nil: never
	most      float64               // 0: 50,000
	answered  func(rate float64) float64

	within float64 // points from 32 % in the last third of the time; 0: it does not come to that
	rate   float64 // that is not exceeded; 0: 50,000
	note   string  // that is given in the end
}

const (
	target  = 32.0
	periods = 60
	start   = 10.0
)

func TestTheCPUIsHeld(t *testing.T) {
	late := func(period int) bool { return period >= 3 }
	for _, w := range []world{
		{name: "linear", slope: 0.05, within: 1.5},
		{name: "with a base", base: 8, slope: 0.2, within: 1.5},
		{name: "cheap requests", slope: 0.001, within: 1.5},
		{name: "dear requests", slope: 5, within: 1.5},
		{name: "noise", base: 3, slope: 0.05, noise: 1.5, within: 6},
		{name: "seen a period late", slope: 0.05, delay: 1, within: 1.5},
		{name: "seen two periods late, with noise", slope: 0.05, delay: 2, noise: 0.5, within: 5},
		{name: "a second instance comes", slope: 0.05, within: 1.5, instances: func(p int) int { return 1 + p/30 }},
		{name: "an instance goes", slope: 0.05, within: 1.5, instances: func(p int) int { return 2 - p/30 }},
		{name: "the ceiling", slope: 0.05, most: 100, rate: 100, note: "100 requests/s, does not bring"},
		{name: "no load is too much", base: 60, slope: 0.05, rate: start, note: "above 32 % without load"},
		{name: "silent", slope: 0.05, silent: func(int) bool { return true }, rate: start, note: "cannot be read"},
		{name: "silent from some time on", slope: 0.001, silent: late, rate: 8 * start, note: "cannot be read"},
		{name: "silent for a while", slope: 0.05, silent: func(p int) bool { return p > 5 && p < 15 }, within: 1.5},
		{name: "always 0", rate: 8 * start, note: "said to be 0"},
		{name: "another limit", slope: 0.001, answered: func(rate float64) float64 { return min(1, 300/rate) }, rate: 700,
			note: "9 of 10"},
	} {
		t.Run(w.name, func(t *testing.T) {
			for seed := range uint64(20) {
				w.hold(t, rand.New(rand.NewPCG(seed, 0)))
			}
		})
	}
}

func (w world) hold(t *testing.T, random *rand.Rand) {
	c := Controller{Most: 50_000}
	if w.most > 0 {
		c.Most = w.most
	}
	rate, note, highest := start, "", 0.0
	var offered []float64
	for period := range periods {
		offered = append(offered, rate)
		highest = max(highest, rate)
		instances := 1
		if w.instances != nil {
			instances = w.instances(period)
		}
		real := w.base + w.slope*offered[max(0, period-w.delay)]/float64(instances)
		seen := Observation{CPU: real + w.noise*random.NormFloat64(), Known: w.silent == nil || !w.silent(period), Answered: 1}
		if w.slope == 0 {
			seen.CPU = 0
		}
		if w.answered != nil {
			seen.Answered = w.answered(rate)
		}
		settled := period >= periods*2/3
		if settled && w.within > 0 && math.Abs(real-target) > w.within {
			t.Fatalf("period %d: CPU is %.1f %% at %.1f/s, want %v ± %v", period, real, rate, target, w.within)
		}
		rate, note = c.Next(target, rate, seen)
	}
	if w.rate > 0 && highest > w.rate || !(rate >= lowest && highest <= c.Most) {
		t.Fatalf("the rate came to %.1f/s, want at most %v", highest, w.rate)
	}
	if !strings.Contains(note, w.note) || w.note == "" && note != "" {
		t.Fatalf("in the end it notes %q, want %q", note, w.note)
	}
}

// TestARateIsRaisedOnlyByAnObservationBelowTheTarget has any observations whatever, and holds the rate against
// what was known.
func TestARateIsRaisedOnlyByAnObservationBelowTheTarget(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 0))
	c := Controller{Most: 1000}
	rate := start
	for range 10_000 {
		seen := Observation{CPU: 100 * random.Float64() * float64(random.IntN(2)), Known: random.IntN(3) > 0, Answered: random.Float64() * 2}
		next, _ := c.Next(target, rate, seen)
		if next > rate && (!seen.Known || seen.CPU >= target || seen.Answered < fewest) || next > 1000 || next < lowest || next > 2*rate {
			t.Fatalf("Next(%v, %v, %+v) = %v", target, rate, seen, next)
		}
		rate = next
	}
}
