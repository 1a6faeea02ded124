package profile

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
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
		{"200", Constant(200)},
		{"constant:0.5/90s", Linear{{0.5, 0.5, 90 * time.Second}}},
		{" ramp:10..200/5m ", Linear{{10, 200, 5 * time.Minute}}},
		{"ramp:200..0/1m", Linear{{200, 0, time.Minute}}},
		{"steps:10, 50,100/1m", Linear{{10, 10, time.Minute}, {50, 50, time.Minute}, {100, 100, time.Minute}}},
		{"sine:50..150@1m/10m", Sine{Low: 50, High: 150, Period: time.Minute, For: 10 * time.Minute}},
		{"spike:5..50@2m+30s/5m", Linear{{5, 5, 2 * time.Minute}, {50, 50, 30 * time.Second}, {5, 5, 150 * time.Second}}},
		{"cpu:32/10m", CPU{Linear{{10, 10, 10 * time.Minute}}, 32}},
		{"cpu:99.5", CPU{Linear{{10, 10, 0}}, 99.5}},
		{"spike:5..50@0s+1m/1m", Linear{{50, 50, time.Minute}}},
	}
	for _, tt := range tests {
		got, err := Parse(tt.text)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("Parse(%q) = %v, %v, want %v", tt.text, got, err, tt.want)
		}
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
		{"steps:1,2,3/1000000h", "too long"},
		{"steps:/1m", "not a rate"},
		{"sine:5..1@1m/2m", "lower rate first"},
		{"sine:1..5/2m", "has a period"},
		{"constant:1@1m/2m", "has a period"},
		{"cpu:0/1m", "cannot be held"},
		{"cpu:101/1m", "cannot be held"},
		{"cpu:1..2/1m", "not a rate"},
		{"spike:1..2/1m", "no peak"},
		{"spike:1..2@1m/5m", "no peak"},
		{"spike:1..2@1m+1m", "no duration"},
		{"spike:1..2@1m+5m/5m", "does not end within"},
		{"spike:1..2@-1s+1m/5m", "not positive"},
		{"spike:1..2@1s+0s/5m", "not positive"},
		{"spike:1..2@x+1m/5m", "not a duration"},
		{"spike:1..-2@0s+5m/5m", "out of range"},
		{"spike:1..2@2500000h+2500000h/1h", "does not end within"},
	}
	for _, tt := range tests {
		if got, err := Parse(tt.text); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Parse(%q) = %v, %v, want an error with %q", tt.text, got, err, tt.want)
		}
	}
}

func TestUsersAreWholeNumbers(t *testing.T) {
	for text, want := range map[string]bool{
		"5": true, "0": true, "ramp:1..50000/5m": true, "steps:1,0,7/1m": true,
		"": false, "many": false, "1.5": false, "-1": false, "50001": false, "NaN": false,
		"Inf": false, "ramp:1..2.5/5m": false, "sine:0.5..2@1m/2m": false,
	} {
		if p, err := ParseUsers(text); (err == nil) != want {
			t.Errorf("ParseUsers(%q) = %v, %v, want one: %t", text, p, err, want)
		}
	}
}

func TestADurationOfMillenniaIsOutOfRange(t *testing.T) {
	for text, want := range map[string]error{
		"1h30m": nil, "1y": nil, "": nil,
		"-9999999h": strconv.ErrRange, "9999999h1.5s": strconv.ErrRange, "99999999999999999999ns": strconv.ErrRange,
	} {
		if _, err := ParseDuration(text); errors.Is(err, strconv.ErrRange) != (want != nil) {
			t.Errorf("ParseDuration(%q) = %v, want %v", text, err, want)
		}
	}
}

func TestHitsAreTheIntegralOfTheRate(t *testing.T) {
	for _, text := range []string{"constant:30/40s", "ramp:10..200/1m", "ramp:200..0/1m", "steps:10,0,100/20s", "sine:0..150@17s/1m",
		"spike:5..100@10s+20s/1m"} {
		p := mustParse(t, text)
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
		"spike:50..500@2m+30s/5m", "spike:1..2@+/",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Parse(text)
		if err != nil {
			return
		}
		if rate := p.Rate(time.Second); p.Validate() != nil || !(rate >= 0) {
			t.Errorf("Parse(%q) = %+v, which is %v, Rate(1s) = %v, want a valid one, and 0 or more", text, p, p.Validate(), rate)
		}
	})
}

func ExampleParse() {
	p, err := Parse("ramp:10..200/5m")
	if err != nil {
		panic(err)
	}
	fmt.Println(p.Rate(0), p.Rate(150*time.Second), p.Hits(5*time.Minute))
	// Output: 10 105 31500
}
