package profile

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseReadsEveryShape(t *testing.T) {
	tests := []struct {
		text string
		want Profile
	}{
		{"200", Constant{PerSecond: 200}},
		{"constant:0.5/90s", Constant{PerSecond: 0.5, For: 90 * time.Second}},
		{" ramp:10..200/5m ", Ramp{From: 10, To: 200, Over: 5 * time.Minute}},
		{"ramp:200..0/1m", Ramp{From: 200, Over: time.Minute}},
		{"sine:50..150@1m/10m", Sine{Low: 50, High: 150, Period: time.Minute, For: 10 * time.Minute}},
	}
	for _, tt := range tests {
		got, err := Parse(tt.text)
		if err != nil || got != tt.want {
			t.Errorf("Parse(%q) = %v, %v, want %v", tt.text, got, err, tt.want)
		}
	}
	got, err := Parse("steps:10, 50,100/1m")
	if err != nil || got.String() != "steps:10,50,100/1m0s" || got.Duration() != 3*time.Minute {
		t.Errorf("Parse(steps) = %v, %v, want three steps", got, err)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", "not a rate"},
		{"-1", "out of range"},
		{"NaN", "out of range"},
		{"Inf", "out of range"},
		{"rampp:1..2/1m", "unknown shape"},
		{"ramp:1..2", "no duration"},
		{"ramp:1/1m", "not a range"},
		{"ramp:1..2/0s", "not positive"},
		{"ramp:1..2/5", "not a duration"},
		{"steps:/1m", "not a rate"},
		{"sine:5..1@1m/2m", "lower rate first"},
		{"sine:1..5/2m", "no period"},
	}
	for _, tt := range tests {
		if got, err := Parse(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q) = %v, %v, want an error with %q", tt.text, got, err, tt.want)
		}
	}
}

func TestHitsAreTheIntegralOfTheRate(t *testing.T) {
	for _, text := range []string{"constant:30/40s", "ramp:10..200/1m", "ramp:200..0/1m", "steps:10,0,100/20s", "sine:0..150@17s/1m"} {
		p, err := Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		const slice = time.Millisecond
		var sum float64
		for at := time.Duration(0); at < 70*time.Second; at += slice {
			sum += p.Rate(at+slice/2) * slice.Seconds()
		}
		if got := p.Hits(time.Hour); math.Abs(got-sum) > 0.05 || p.Hits(-time.Second) != 0 {
			t.Errorf("%s: Hits = %v, want %v, the sum of its rates", text, got, sum)
		}
		if before, after := p.Rate(-time.Second), p.Rate(time.Hour); before != 0 || after != 0 {
			t.Errorf("%s: Rate outside = %v, %v, want 0", text, before, after)
		}
	}
}

func TestARateIsNeverNegativeAndHitsNeverFall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		low := rapid.Float64Range(0, 100).Draw(t, "low")
		p := Sine{Low: low, High: low + rapid.Float64Range(0, 100).Draw(t, "swing"), Period: time.Minute, For: time.Hour}
		a := time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "a"))
		b := a + time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "b"))
		if p.Rate(a) < 0 || p.Hits(b) < p.Hits(a)-1e-9*p.Hits(a) {
			t.Fatalf("%v: Rate(%v) = %v, Hits = %v then %v", p, a, p.Rate(a), p.Hits(a), p.Hits(b))
		}
	})
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		"200", "constant:1/1s", "ramp:10..200/5m", "steps:10,50,100/1m", "sine:50..150@1m/10m", "ramp:..", "sine:@/",
		"spike:50..500@2m+30s/5m", "replay:10@0s,200@1m,0@2m", "replay-linear:10@0s,200@1m",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		again, err := Parse(p.String())
		if err != nil || again.String() != p.String() {
			t.Errorf("Parse(%q) = %v, %v, want %v again", p.String(), again, err, p)
		}
		if rate := p.Rate(time.Second); !(rate >= 0) {
			t.Errorf("%v: Rate(1s) = %v, want 0 or more", p, rate)
		}
	})
}

func ExampleParse() {
	p, err := Parse("ramp:10..200/5m")
	if err != nil {
		panic(err)
	}
	fmt.Println(p, p.Rate(0), p.Rate(150*time.Second), p.Hits(5*time.Minute))
	// Output: ramp:10..200/5m0s 10 105 31500
}
