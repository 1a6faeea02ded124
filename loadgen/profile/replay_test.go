package profile

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// replays are replays and spikes, with stretches at which nothing is offered.
var replays = rapid.Custom(func(t *rapid.T) Profile {
	rate := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.1, 2000))
	stretch := rapid.Int64Range(1, int64(5*time.Second))
	if rapid.Bool().Draw(t, "spike") {
		s := Spike{Base: rate.Draw(t, "base"), Peak: rate.Draw(t, "peak"), At: time.Duration(stretch.Draw(t, "at") - 1),
			Long: time.Duration(stretch.Draw(t, "long"))}
		s.For = s.At + s.Long + time.Duration(stretch.Draw(t, "rest")-1)
		return s
	}
	points := []Point{{Rate: rate.Draw(t, "first")}}
	for range rapid.IntRange(1, 10).Draw(t, "rows") {
		last := points[len(points)-1].At
		points = append(points, Point{At: last + time.Duration(stretch.Draw(t, "after")), Rate: rate.Draw(t, "rate")})
	}
	return NewReplay(points, rapid.Bool().Draw(t, "linear"))
})

// TestReplaysAndSpikesAreExact holds Hits against sums over pieces in which the rate is a
// straight line, and Due against Hits.
func TestReplaysAndSpikesAreExact(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := replays.Draw(t, "profile")
		if err := p.Validate(); err != nil {
			t.Fatalf("Validate(%v) = %v", p, err)
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Fatalf("Parse(%q) = %v, %v", p, again, err)
		}
		end := p.Duration()
		var sum float64
		cuts := edges(p)
		for i := 1; i < len(cuts); i++ {
			from, to := cuts[i-1], cuts[i]
			middle := from + (to-from)/2
			// A rate that is straight between the cuts has there the mean of its middle.
			sum += p.Rate(middle) * (to - from).Seconds()
			if got := p.Hits(to); math.Abs(got-sum) > 1e-5+1e-9*sum {
				t.Fatalf("%v: Hits(%v) = %v, want %v, the integral of its rate", p, to, got, sum)
			}
			if p.Hits(middle) > p.Hits(to) || p.Hits(middle) < p.Hits(from) {
				t.Fatalf("%v: hits fall between %v and %v", p, from, to)
			}
		}
		if p.Rate(-1) != 0 || p.Rate(end) != 0 || p.Hits(-1) != 0 || p.Hits(2*end) != p.Hits(end) {
			t.Fatalf("%v offers something outside [0, %v)", p, end)
		}
		n := rapid.Float64Range(0, 1).Draw(t, "share") * p.Hits(end)
		if due, ok := reaches(p, n); ok && (math.Abs(p.Hits(due)-n) > 1e-5+1e-9*n || due < 0 || due > end) || !ok && n < p.Hits(end) {
			t.Fatalf("%v: reaches(%v) = %v, %v, with %v hits", p, n, due, ok, p.Hits(due))
		}
	})
}

// edges are the times between which the rate is a straight line.
func edges(p Profile) []time.Duration {
	switch p := p.(type) {
	case Spike:
		return []time.Duration{0, p.At, p.At + p.Long, p.For}
	case Replay:
		var all []time.Duration
		for _, point := range p.points {
			all = append(all, point.At)
		}
		return all
	default:
		return nil
	}
}

func TestACSVOfRatesIsReplayed(t *testing.T) {
	const rows = "seconds,rate\n0,10\n# a comment\n60, 200\n90.5,0\n"
	r, err := ReadReplay(strings.NewReader(rows), false)
	if want := "replay:10@0s,200@1m0s,0@1m30.5s"; err != nil || r.String() != want {
		t.Fatalf("ReadReplay() = %v, %v, want %s", r, err, want)
	}
	if r.Rate(59*time.Second) != 10 || r.Rate(time.Minute) != 200 || r.Hits(time.Hour) != 600+30.5*200 {
		t.Errorf("%v: Rate = %v, then %v, Hits = %v", r, r.Rate(59*time.Second), r.Rate(time.Minute), r.Hits(time.Hour))
	}
	linear, err := ReadReplay(strings.NewReader(rows), true)
	if err != nil || linear.Rate(30*time.Second) != 105 || linear.Hits(time.Hour) != 105*60+100*30.5 {
		t.Errorf("linear: Rate(30s) = %v, Hits = %v, %v", linear.Rate(30*time.Second), linear.Hits(time.Hour), err)
	}
}

func TestWhatIsNoReplayOrSpikeIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "0 points",
		"0,10\n":                "1 points",
		"1,10\n2,0\n":           "the first point is at second 0",
		"0,10\n5,1\n5,0\n":      "sort the points by time",
		"0,10\nx,1\n":           `line 2: "x" is not a number of seconds`,
		"0,10\n-1,1\n":          `line 2: "-1" is not a number of seconds`,
		"0,10\n1,many\n":        `line 2: "many" is not a rate`,
		"0,10\n1,-3\n":          "rate -3 is out of range",
		"0,10\n1,NaN\n":         "out of range",
		"0,10\n1e300,0\n":       "is not a number of seconds",
		"0,10,5\n":              "wrong number of fields",
		"0,10\nseconds,rate\n1": `line 2: "seconds" is not a number`,
	} {
		if r, err := ReadReplay(strings.NewReader(text), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadReplay(%q) = %v, %v, want an error with %q", text, r, err, want)
		}
	}
	for text, want := range map[string]string{
		"replay:10@0s":              "1 points",
		"replay:10,20@1m":           "not a rate at a time",
		"replay:10@0s,20@1":         "not a duration",
		"replay:10@5s,20@1m":        "first point is at second 0",
		"replay-linear:10@0s,20@0s": "sort the points",
		"spike:1..2/1m":             "no peak",
		"spike:1..2@1m/5m":          "no peak or no duration",
		"spike:1..2@1m+5m/5m":       "not within",
		"spike:1..2@-1s+5m/5m":      "not positive",
		"spike:1..-2@0s+5m/5m":      "out of range",
	} {
		if p, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q) = %v, %v, want an error with %q", text, p, err, want)
		}
	}
}

func FuzzReadReplay(f *testing.F) {
	f.Add("seconds,rate\n0,10\n60,200\n90.5,0\n", true)
	f.Add("0,1e6\n1e-9,0\n", false)
	f.Fuzz(func(t *testing.T, text string, linear bool) {
		r, err := ReadReplay(strings.NewReader(text), linear)
		if err != nil {
			return
		}
		if again, err := Parse(r.String()); err != nil || again.String() != r.String() {
			t.Errorf("Parse(%q) = %v, %v", r, again, err)
		}
		if hits := r.Hits(r.Duration()); !(hits >= 0) || math.IsInf(hits, 0) {
			t.Errorf("%v: Hits = %v", r, hits)
		}
	})
}
