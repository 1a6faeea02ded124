package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/summary"
)

// LoadOnly is what a load by itself needs beside the requests. A proof ignores it: its
// load follows from the group and from Load. Each key is written as the flag of that name.
type LoadOnly struct {
	URL string `yaml:"url,omitempty"` // of the server; the command line may give it
	// Targets is a file of requests in one of Vegeta's formats, instead of a URL and
	// Requests, of which one may stand there for the headers and the body of all targets.
	Targets string `yaml:"targets,omitempty"`
	Format  string `yaml:"format,omitempty"`  // of Targets; "" means http
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
	Abort    []string      `yaml:"abort"`   // the same over 10 s, which end the load
}

// The defaults of LoadOnly.
const (
	defaultProfile = "constant:50"
	unending       = 30 * time.Second // how long a profile without an end lasts
)

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

// Shown is what is offered, as a person writes it.
func (l LoadOnly) Shown() string {
	rate, constant := strings.CutPrefix(cmp.Or(l.Profile, defaultProfile), "constant:")
	switch {
	case l.Users != "":
		return l.Users + " users"
	case l.Replay != "":
		return "the rates of " + l.Replay
	case constant:
		return rate + "/s"
	}
	return l.Profile
}

// faults checks the values.
func (l LoadOnly) faults(check func(ok bool, key, format string, args ...any)) {
	l.destinationFaults(check)
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
	l.endFaults(check)
}

// destinationFaults checks where requests go.
func (l LoadOnly) destinationFaults(check func(ok bool, key, format string, args ...any)) {
	if l.URL != "" {
		_, err := attack.ParseServer(l.URL)
		check(err == nil, "load_only.url", "%v", err)
	}
	check(l.URL == "" || l.Targets == "", "load_only.targets", "name their URLs themselves; leave the other URL out")
	check(l.Format == "" || l.Targets != "", "load_only.format", "is of targets; give targets, too")
	check(slices.Contains([]string{"", "http", "json"}, l.Format), "load_only.format", "is %q; give http or json", l.Format)
}

// endFaults checks when the load ends, and what is held against it.
func (l LoadOnly) endFaults(check func(ok bool, key, format string, args ...any)) {
	check(l.Duration >= 0, "load_only.duration", "is %s; give more than 0s, for instance 5m, or 0s for as long as the profile", l.Duration)
	for i, text := range l.Require {
		_, err := summary.Measures.Parse(text)
		check(err == nil, fmt.Sprintf("load_only.require[%d]", i), "%v", err)
	}
	for i, text := range l.Abort {
		_, err := summary.Measures.Parse(text)
		check(err == nil, fmt.Sprintf("load_only.abort[%d]", i), "%v", err)
	}
}
