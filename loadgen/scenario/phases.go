package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/cpu"
	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// Phase is a part of a load by itself. What is offered is one of Profile, Replay and Users, as
// in LoadOnly.
type Phase struct {
	Name    string `yaml:"name"`
	Profile string `yaml:"profile,omitempty"`
	Replay  string `yaml:"replay,omitempty"`
	Users   string `yaml:"users,omitempty"`
	// Duration is where the profile ends; 0 means at its own end.
	Duration time.Duration `yaml:"duration,omitempty"`
}

// The defaults of what a load by itself offers.
const (
	defaultProfile = "constant:50"
	unending       = 30 * time.Second // how long a profile without an end lasts
)

// maxPhases bounds the memory that a summary takes, and the lines that it has.
const maxPhases = 20

// ByUsers tells whether users send, instead of a rate.
func (l LoadOnly) ByUsers() bool {
	return slices.ContainsFunc(l.phases(), func(p Phase) bool { return p.Users != "" })
}

// whole is the only phase of a load that has none.
func (l LoadOnly) whole() Phase {
	return Phase{Name: string(runlog.PhaseLoad), Profile: l.Profile, Replay: l.Replay, Users: l.Users, Duration: l.Duration}
}

func (l LoadOnly) phases() []Phase {
	if len(l.Phases) > 0 {
		return l.Phases
	}
	return []Phase{l.whole()}
}

// Offered is the profile of the rate, or of the users, for as long as the load lasts, and the
// phases of which it is made.
func (s Scenario) Offered() (profile.Profile, []attack.Phase, error) {
	var parts []profile.Profile
	var phases []attack.Phase
	var from time.Duration
	for _, phase := range s.LoadOnly.phases() {
		p, err := s.offered(phase)
		if err != nil {
			return nil, nil, err
		}
		if end := s.LoadOnly.Duration; end > 0 && from >= end {
			break // it does not come to that
		}
		phases = append(phases, attack.Phase{Name: runlog.Phase(phase.Name), From: from})
		parts = append(parts, profile.Until(p, cmp.Or(phase.Duration, p.Duration(), unending)))
		from += parts[len(parts)-1].Duration()
	}
	if s.LoadOnly.holds() {
		for i := range phases {
			phases[i].Offered = parts[i]
		}
	}
	all := parts[0]
	if len(parts) > 1 {
		all = profile.NewSequence(parts...)
	}
	return profile.Until(all, cmp.Or(s.LoadOnly.Duration, from)), phases, all.Validate()
}

// offered is the profile of a phase, as it is given.
func (s Scenario) offered(p Phase) (profile.Profile, error) {
	if p.Replay == "" {
		return p.parse()
	}
	file, err := s.Open(p.Replay)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }() // it was only read
	return profile.ReadReplay(file, false)
}

// parse reads the profile of a phase without a replay.
func (p Phase) parse() (profile.Profile, error) {
	if p.Users != "" {
		return profile.ParseUsers(p.Users)
	}
	return profile.Parse(cmp.Or(p.Profile, defaultProfile))
}

// Shown is what is offered, as a person writes it.
func (l LoadOnly) Shown() string {
	if len(l.Phases) > 0 {
		var names []string
		for _, p := range l.Phases {
			names = append(names, p.Name)
		}
		return "the phases " + strings.Join(names, ", ")
	}
	rate, _, _ := strings.Cut(strings.TrimPrefix(cmp.Or(l.Profile, defaultProfile), "constant:"), "/") // how long is said elsewhere
	_, err := strconv.ParseFloat(rate, 64)
	switch {
	case l.Users == "1":
		return "1 user"
	case l.Users != "":
		return l.Users + " users"
	case l.Replay != "":
		return "the rates of " + l.Replay
	case err == nil:
		return rate + "/s"
	}
	return l.Profile
}

// faults checks what is offered; the key is what comes before the names of the keys.
func (p Phase) faults(key string, check func(ok bool, key, format string, args ...any)) {
	for name, given := range map[string]struct {
		text  string
		parse func(string) (profile.Profile, error)
	}{"profile": {p.Profile, profile.Parse}, "users": {p.Users, profile.ParseUsers}} {
		text := given.text
		if _, err := given.parse(text); text != "" && err != nil {
			check(false, key+name, "is %q: %v", text, errors.Unwrap(err)) // which says the text, too
		}
	}
	check(p.Replay == "" || p.Profile == "", key+"replay", "is given together with profile; keep one")
	check(p.Users == "" || p.Profile == "" && p.Replay == "", key+"users", "is given together with a rate; keep one")
	durationOrNone(check, key+"duration", p.Duration, "5m, or 0s for as long as the profile")
}

// offerFault says why a load of what is offered makes no sense as a whole; "" if it does.
func (s Scenario) offerFault() (key, text string) {
	l := s.LoadOnly
	key = "load_only." + map[bool]string{true: "replay", false: "profile"}[l.Replay != ""]
	text = fmt.Sprintf("is %q, which", cmp.Or(l.Replay, l.Profile))
	switch {
	case len(l.Phases) > 0:
		key, text = "load_only.phases", "is a list that"
	case l.Users != "":
		key, text = "load_only.users", fmt.Sprintf("is %q, which", l.Users)
	}
	offered, _, err := s.Offered()
	switch {
	case err != nil:
		return key, "cannot be offered: " + err.Error()
	case offered.Duration() > maxHold:
		return key, text + " lasts longer than a year; give less, or a duration"
	case offered.Hits(offered.Duration()) == 0:
		return key, text + " sends nothing; give more than 0"
	}
	return key, ""
}

// phaseFaults checks the phases.
func (l LoadOnly) phaseFaults(check func(ok bool, key, format string, args ...any)) {
	if len(l.Phases) == 0 {
		return
	}
	check(l.Profile == "" && l.Replay == "" && l.Users == "", "load_only.phases",
		"are given together with profile, replay or users; write that into the phases")
	check(len(l.Phases) <= maxPhases, "load_only.phases", "are %d; give at most %d", len(l.Phases), maxPhases)
	names := map[string]bool{}
	for i, p := range l.Phases {
		key := fmt.Sprintf("load_only.phases[%d].", i)
		err := runlog.Phase(p.Name).ValidateName()
		check(err == nil, key+"name", "%v", err)
		check(!names[p.Name], key+"name", "is %q, as that of another phase; give each its own", p.Name)
		names[p.Name] = true
		p.faults(key, check)
		check(p.Profile+p.Replay+p.Users != "", key+"profile", "is missing; give profile, replay or users")
		check((p.Users == "") == (l.Phases[0].Users == ""), key+"users",
			"are given in some phases and a rate in others; give all of them one or the other")
		given, err := p.parse()
		check(p.Replay != "" || err != nil || p.Duration != 0 || given.Duration() > 0, key+"duration",
			"is missing, and the profile has no end; give one, for instance 5m")
	}
}

// holds tells whether a profile is to hold a CPU, or some phase.
func holds(given string) bool { return strings.HasPrefix(strings.TrimSpace(given), "cpu:") }
func (l LoadOnly) holds() bool {
	return slices.ContainsFunc(l.phases(), func(p Phase) bool { return holds(p.Profile) })
}

// cpuFaults checks where the CPU is read that is to be held.
func (l LoadOnly) cpuFaults(check func(ok bool, key, format string, args ...any)) {
	check(len(l.CPUOf) > 0 || !l.holds(), "load_only.cpu_of",
		"is missing, and the profile holds a CPU; say where it is read: pid 1234, or http://10.0.0.7:9100/metrics")
	check(len(l.CPUOf) == 0 || l.holds(), "load_only.cpu_of", "is of a profile that holds a CPU; give one, for instance cpu:32/10m")
	for i, text := range l.CPUOf {
		_, err := cpu.ParseSource(text)
		check(err == nil, fmt.Sprintf("load_only.cpu_of[%d]", i), "%v", err)
	}
}

// Sources are where the CPU is read that is to be held; none without such a profile.
func (l LoadOnly) Sources() (all []*cpu.Source, err error) {
	for _, text := range l.CPUOf {
		s, wrong := cpu.ParseSource(text)
		all, err = append(all, s), errors.Join(err, wrong)
	}
	return all, err
}
