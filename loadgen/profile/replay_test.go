package profile

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// replays have stretches at which nothing is offered, and may end before their time.
var replays = rapid.Custom(func(t *rapid.T) Profile {
	rate := rapid.OneOf(rapid.Just(0.0), rapid.Float64Range(0.1, 2000))
	var pieces Linear
	for range rapid.IntRange(1, 10).Draw(t, "pieces") {
		p := Piece{From: rate.Draw(t, "from"), For: time.Duration(rapid.Int64Range(1, int64(5*time.Second)).Draw(t, "for"))}
		if p.To = p.From; rapid.Bool().Draw(t, "ramp") {
			p.To = rate.Draw(t, "to")
		}
		pieces = append(pieces, p)
	}
	var parts []Profile
	for _, p := range pieces {
		parts = append(parts, Linear{p})
	}
	r := NewSequence(parts...)
	if rapid.Bool().Draw(t, "cut off") {
		return Until(r, time.Duration(rapid.Int64Range(1, int64(50*time.Second)).Draw(t, "until")))
	}
	return r
})

// TestAReplayIsItsPieces holds a Sequence against the Linear of the same pieces, which walks
// where a Sequence searches, and against the integral of its rate; Due is the inverse.
func TestAReplayIsItsPieces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Sequence
		p := replays.Draw(t, "replay")
		linear := p
		switch is := p.(type) {
		case Sequence:
			r, linear = is, walked(is)
		case beginning:
			r = is.Profile.(Sequence)
			linear = Until(walked(r), is.end)
		}
		end := p.Duration()
		if p.Validate() != nil || end != linear.Duration() {
			t.Fatalf("Validate() = %v, Duration() = %v, want %v", p.Validate(), end, linear.Duration())
		}
		at := time.Duration(rapid.Int64Range(-1, int64(end+1)).Draw(t, "at"))
		for _, at := range append(r.from, -1, at, end-1, end, end+1) {
			near := func(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, b) }
			if !near(p.Rate(at), linear.Rate(at)) || !near(p.Hits(at), linear.Hits(at)) || p.Hits(at) > p.Hits(at+1)*(1+1e-12) {
				t.Fatalf("at %v: Rate = %v, Hits = %v, want %v and %v", at, p.Rate(at), p.Hits(at), linear.Rate(at), linear.Hits(at))
			}
		}
		var sum float64
		for i, from := range r.from { // a line has, over a piece, the mean of its middle
			from, to := min(from, end), min(from+r.parts[i].Duration(), end)
			middle := p.Rate(from) + (p.Rate(max(from, to-1))-p.Rate(from))/2
			sum += middle * (to - from).Seconds()
		}
		if got := p.Hits(end); math.Abs(got-sum) > 1e-5+1e-9*sum {
			t.Fatalf("Hits = %v, want %v, the integral of its rate", got, sum)
		}
		n := rapid.Float64Range(0, 1).Draw(t, "share") * p.Hits(end)
		due, ok := passes(p, n)
		if ok && (math.Abs(p.Hits(due)-n) > 1e-5+1e-9*n || due < 0 || due >= end) || !ok && n < p.Hits(end)-1e-5 {
			t.Fatalf("passes(%v) = %v, %v, with %v hits", n, due, ok, p.Hits(due))
		}
	})
}

func walked(s Sequence) (l Linear) {
	for _, p := range s.parts {
		l = append(l, p.(Linear)...)
	}
	return l
}

func TestACSVOfRatesIsReplayed(t *testing.T) {
	const rows = "seconds,rate\n0,10\n# a comment\n60, 200\n90.5,0\n"
	r, err := ReadReplay(strings.NewReader(rows), false)
	if err != nil || r.Duration() != 90500*time.Millisecond {
		t.Fatalf("ReadReplay() = %+v, %v, want 90.5 s", r, err)
	}
	if r.Rate(59*time.Second) != 10 || r.Rate(time.Minute) != 200 || r.Hits(time.Hour) != 600+30.5*200 {
		t.Errorf("Rate = %v, then %v, Hits = %v", r.Rate(59*time.Second), r.Rate(time.Minute), r.Hits(time.Hour))
	}
	linear, err := ReadReplay(strings.NewReader(rows), true)
	if err != nil || linear.Rate(30*time.Second) != 105 || linear.Hits(time.Hour) != 105*60+100*30.5 {
		t.Errorf("linear: Rate(30s) = %v, Hits = %v, %v", linear.Rate(30*time.Second), linear.Hits(time.Hour), err)
	}
}

func TestWhatIsNoReplayIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"":                      "too few rows",
		"0,10\n":                "too few rows",
		"1,10\n2,0\n":           "line 1: it begins at second 1",
		"0,10\n5,1\n5,0\n":      "line 3: second 5 does not come after",
		"0,10\nx,1\n":           `line 2: "x" is not a number of seconds`,
		"0,10\n-1,1\n":          `line 2: "-1" is not a number of seconds`,
		"0,10\n1,many\n":        `line 2: "many" is not a rate`,
		"0,10\n1,-3\n":          "line 2: rate -3 is out of range",
		"0,10\n1,NaN\n":         "out of range",
		"0,10\n1e300,0\n":       "is not a number of seconds",
		"0,10,5\n":              "wrong number of fields",
		"0,10\nseconds,rate\n1": `line 2: "seconds" is not a number`,
	} {
		if r, err := ReadReplay(strings.NewReader(text), false); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ReadReplay(%q) = %v, %v, want an error with %q", text, r, err, want)
		}
	}
	if due, ok := passes(Sequence{}, 0); ok || (Sequence{}).Rate(0) != 0 || (Sequence{}).Hits(5) != 0 {
		t.Errorf("the zero Sequence has something due at %v", due)
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
		if hits := r.Hits(r.Duration()); r.Validate() != nil || !(hits >= 0) || math.IsInf(hits, 0) {
			t.Errorf("ReadReplay(%q): Hits = %v, Validate() = %v", text, hits, r.Validate())
		}
	})
}
