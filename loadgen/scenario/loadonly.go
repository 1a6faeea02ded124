package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"secondwind/loadgen/profile"
	"secondwind/loadgen/summary"
	"secondwind/runlog/threshold"
)

// LoadOnly is what a load by itself needs beside the requests. A proof ignores it: its
// load follows from the group and from Load.
type LoadOnly struct {
	Profile string `yaml:"profile"` // of the rate, as profile.Parse reads it
	// Duration is where the profile ends; 0 means at its own end, or after 30 s without one.
	Duration time.Duration `yaml:"duration"`
	// Require are thresholds, such as p99 < 250ms, on summary.Measures.
	Require []string `yaml:"require"`
	Abort   Abort    `yaml:"abort"`
}

// Abort is when a load ends early: when a share was above its bound over AbortWindow. 0 means
// never.
type Abort struct {
	Errors Percent `yaml:"errors"` // of the requests that were sent failed
	CPU    Percent `yaml:"cpu"`    // of this machine, as the load generator sees it
}

// AbortWindow is how long what Abort bounds is looked at.
const AbortWindow = 10 * time.Second

// Percent is a share, written as 50% where Percent is 50.
type Percent float64

// Share is the fraction: 0.5 of 50%.
func (p Percent) Share() float64 { return float64(p) / 100 }

// String is the percentage as it is written.
func (p Percent) String() string { return strconv.FormatFloat(float64(p), 'f', -1, 64) + "%" }

// MarshalText implements encoding.TextMarshaler.
func (p Percent) MarshalText() ([]byte, error) { return []byte(p.String()), nil }

func parsePercent(text string) (Percent, error) {
	number, ok := strings.CutSuffix(text, "%")
	value, err := strconv.ParseFloat(strings.TrimSpace(number), 64)
	if err == nil && !ok {
		err = fmt.Errorf("%q has no %%", text)
	}
	return Percent(value), err
}

// unending is how long a profile without an end lasts.
const unending = 30 * time.Second

// Offered is the profile of the rate for as long as the load lasts.
func (l LoadOnly) Offered() (profile.Profile, error) {
	p, err := profile.Parse(l.Profile)
	if err != nil {
		return nil, err
	}
	return profile.Until(p, cmp.Or(l.Duration, p.Duration(), unending)), nil
}

// Thresholds are what is required. The error is that of the first one that is none.
func (l LoadOnly) Thresholds() (all []threshold.Threshold, err error) {
	for _, text := range l.Require {
		t, err := summary.Measures.Parse(text)
		if err != nil {
			return nil, err
		}
		all = append(all, t)
	}
	return all, nil
}

// faults checks the values.
func (l LoadOnly) faults(check func(ok bool, key, format string, args ...any)) {
	if _, err := l.Offered(); err != nil {
		check(false, "load_only.profile", "is %q: %s", l.Profile, errors.Unwrap(err)) // which says the profile, too
	}
	check(l.Duration >= 0, "load_only.duration", "is %s; give more than 0s, for instance 5m, or 0s for as long as the profile", l.Duration)
	for i, text := range l.Require {
		_, err := summary.Measures.Parse(text)
		check(err == nil, fmt.Sprintf("load_only.require[%d]", i), "%v", err)
	}
	check(l.Abort.Errors.possible(), "load_only.abort.errors", "is %s; give 0%% to 100%%, for instance 50%%", l.Abort.Errors)
	check(l.Abort.CPU.possible(), "load_only.abort.cpu", "is %s; give 0%% to 100%%, for instance 90%%", l.Abort.CPU)
}

func (p Percent) possible() bool { return p >= 0 && p <= 100 }
