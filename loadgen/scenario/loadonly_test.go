package scenario

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestALoadByItselfHasAFaultAtItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"load_only: {profile: up}":                         `x.yaml:1:13: load_only.profile: is "up": "up" is not a rate`,
		"load_only:\n  profile: ramp:1..2\n":               `x.yaml:2:3: load_only.profile: is "ramp:1..2": no duration; write it as in ramp`,
		"load_only: {profile: ''}":                         `load_only.profile: is "": "" is not a rate`,
		"load_only: {duration: -1s}":                       "load_only.duration: is -1s; give more than 0s",
		"load_only:\n  require:\n  - p99 < 1s\n  - fast\n": `x.yaml:4:5: load_only.require[1]: "fast" is not a threshold; write a measure`,
		"load_only: {require: p98 < 1s}":                   `x.yaml:1:13: load_only.require[0]: "p98 < 1s": there is no measure p98; there are`,
		"load_only: {require: [errors < 1]}":               `load_only.require[0]: "errors < 1": the bound 1 is not a percentage`,
		"load_only: {abort: {errors: 50}}":                 `x.yaml:1:21: load_only.abort.errors: is "50"; give a percentage, for instance 50%`,
		"load_only: {abort: {errors: 101%}}":               "x.yaml:1:21: load_only.abort.errors: is 101%; give 0% to 100%",
		"load_only: {abort: {cpu: -1%}}":                   "load_only.abort.cpu: is -1%; give 0% to 100%",
		"load_only: {abort: {cpu: .nan%}}":                 `load_only.abort.cpu: is ".nan%"; give a percentage`,
		"load_only: {abort: {cpu: nan%}}":                  "load_only.abort.cpu: is NaN%; give 0% to 100%",
		"load_only: {abort: {memory: 1%}}":                 "x.yaml:1:21: load_only.abort.memory: unknown key; known here: errors, cpu",
		"load_only: {rate: 1}":                             "load_only.rate: unknown key; known here: profile, duration, require, abort",
	} {
		_, err := Parse("x.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Parse(%s) = %v, want only %q", text, err, want)
		}
	}
}

func TestALoadLastsAsItsDurationOrItsProfile(t *testing.T) {
	for _, tt := range []struct {
		load LoadOnly
		want time.Duration
	}{
		{LoadOnly{Profile: "200"}, 30 * time.Second},
		{LoadOnly{Profile: "200", Duration: time.Hour}, time.Hour},
		{LoadOnly{Profile: "ramp:10..200/5m"}, 5 * time.Minute},
		{LoadOnly{Profile: "ramp:10..200/5m", Duration: time.Minute}, time.Minute},
		{LoadOnly{Profile: "ramp:10..200/5m", Duration: time.Hour}, 5 * time.Minute},
		{Default().LoadOnly, 30 * time.Second},
	} {
		p, err := tt.load.Offered()
		if err != nil || p.Duration() != tt.want || p.Rate(tt.want+time.Second) != 0 {
			t.Errorf("Offered() of %+v lasts %v (%v), want %v", tt.load, p.Duration(), err, tt.want)
		}
	}
	if _, err := (LoadOnly{Profile: "up"}).Offered(); err == nil {
		t.Error("Offered() of no profile = nil error")
	}
}

func TestWhatIsRequiredIsReadInOrder(t *testing.T) {
	all, err := LoadOnly{Require: []string{"p99 < 250ms", " share(i-1) >= 40% "}}.Thresholds()
	var texts []string
	for _, one := range all {
		texts = append(texts, one.String())
	}
	if err != nil || !slices.Equal(texts, []string{"p99 < 250ms", "share(i-1) >= 40%"}) || all[0].Bound != 0.25 {
		t.Errorf("Thresholds() = %v, %v", all, err)
	}
	if all, err := (LoadOnly{Require: []string{"p99 < 1s", "fast"}}).Thresholds(); err == nil || all != nil {
		t.Errorf("Thresholds() with one that is none = %v, %v, want an error", all, err)
	}
}

func TestAPercentageIsReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]Percent{"50%": 50, "12.5%": 12.5, "0%": 0, "7 %": 7} {
		got, err := parsePercent(text)
		if err != nil || got != want || math.Abs(got.Share()-float64(want)/100) > 1e-12 {
			t.Errorf("parsePercent(%s) = %v, %v, want %v", text, got, err, want)
		}
		if again, err := parsePercent(got.String()); err != nil || again != got {
			t.Errorf("parsePercent(%s) = %v, %v, want %v", got, again, err, got)
		}
	}
}
