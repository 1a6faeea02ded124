package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"time"

	"secondwind/loadgen/executor"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/summary"
	"secondwind/runlog/threshold"
)

// LoadOnly is what a load by itself needs beside the requests. A proof ignores it: its
// load follows from the group and from Load. Each key is written as the flag of that name.
type LoadOnly struct {
	Profile string `yaml:"profile,omitempty"` // of the rate, as profile.Parse reads it
	Replay  string `yaml:"replay,omitempty"`  // instead of Profile: a file of rates
	// Users send instead of a rate, each waiting for its answer: how many, as a profile.
	Users    string `yaml:"users,omitempty"`
	Think    string `yaml:"think,omitempty"` // of Users, as executor.ParseThink reads it
	Arrivals string `yaml:"arrivals"`        // even or poisson
	Precise  bool   `yaml:"precise"`
	// Duration is where the profile ends; 0 means at its own end, or after 30 s without one.
	Duration time.Duration `yaml:"duration"`
	Require  []string      `yaml:"require"` // thresholds on summary.Measures
	Abort    []string      `yaml:"abort"`   // thresholds on AbortMeasures, over 10 s, that end the load
}

// The defaults of LoadOnly.
const (
	defaultProfile = "constant:50"
	unending       = 30 * time.Second // how long a profile without an end lasts
)

// AbortMeasures are what can end a load: summary.Measures, and cpu, which is the share of the
// machine's CPU that is in use.
var AbortMeasures = func() threshold.Measures {
	all := maps.Clone(summary.Measures)
	all["cpu"] = threshold.Fraction
	return all
}()

// Offered is the profile of the rate, or of the users, for as long as the load lasts.
func (s Scenario) Offered() (profile.Profile, error) {
	l := s.LoadOnly
	var p profile.Profile
	var err error
	if l.Replay != "" {
		p, err = s.replay()
	} else {
		p, err = profile.Parse(cmp.Or(l.Users, l.Profile, defaultProfile))
	}
	if err != nil {
		return nil, err
	}
	return profile.Until(p, cmp.Or(l.Duration, p.Duration(), unending)), nil
}

func (s Scenario) replay() (profile.Profile, error) {
	file, err := s.Open(s.LoadOnly.Replay)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return profile.ReadReplay(file, false)
}

// fileFaults are what is wrong with the files that the scenario names.
func (s Scenario) fileFaults() []mix.Fault {
	found := faults(s.Check(s.Open))
	s.In(s.Dir).Options(found.check)
	if s.LoadOnly.Replay != "" {
		_, err := s.replay()
		found.check(err == nil, "load_only.replay", "is %q: %v", s.LoadOnly.Replay, err)
	}
	return found
}

// faults checks the values.
func (l LoadOnly) faults(check func(ok bool, key, format string, args ...any)) {
	for key, text := range map[string]string{"load_only.profile": l.Profile, "load_only.users": l.Users} {
		if _, err := profile.Parse(text); text != "" && err != nil {
			check(false, key, "is %q: %v", text, errors.Unwrap(err)) // which says the text, too
		}
	}
	check(l.Replay == "" || l.Profile == "", "load_only.replay", "is given together with profile; keep one")
	check(l.Users == "" || l.Profile == "" && l.Replay == "", "load_only.users", "is given together with a rate; keep one")
	check(l.Users == "" || l.Arrivals == "even", "load_only.arrivals", "is of a rate, and users send when they have their answers; keep one")
	check(l.Users == "" || !l.Precise, "load_only.precise", "is of a rate, and users send when they have their answers; keep one")
	check(l.Arrivals == "even" || l.Arrivals == "poisson", "load_only.arrivals", "is %q; give even or poisson", l.Arrivals)
	if l.Think != "" {
		_, err := executor.ParseThink(l.Think)
		check(err == nil, "load_only.think", "%v", err)
		check(l.Users != "", "load_only.think", "is of users; give users, too")
	}
	check(l.Duration >= 0, "load_only.duration", "is %s; give more than 0s, for instance 5m, or 0s for as long as the profile", l.Duration)
	for i, text := range l.Require {
		_, err := summary.Measures.Parse(text)
		check(err == nil, fmt.Sprintf("load_only.require[%d]", i), "%v", err)
	}
	for i, text := range l.Abort {
		_, err := AbortMeasures.Parse(text)
		check(err == nil, fmt.Sprintf("load_only.abort[%d]", i), "%v", err)
	}
}
