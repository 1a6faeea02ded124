package scenario

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/attack"
)

func TestALoadByItselfHasAFaultAtItsLine(t *testing.T) {
	wantFaults(t, map[string]string{
		"load_only: {profile: up}":                         `x.yaml:1:13: load_only.profile: is "up": "up" is not a rate`,
		"load_only:\n  profile: ramp:1..2\n":               `x.yaml:2:3: load_only.profile: is "ramp:1..2": no duration; write it as in ramp`,
		"load_only: {users: many}":                         `load_only.users: is "many": give whole numbers of users, at most 50000`,
		"load_only: {users: 1.5}":                          `x.yaml:1:13: load_only.users: is "1.5": give whole numbers of users, at most 50000`,
		"load_only: {users: -2}":                           `load_only.users: is "-2": give whole numbers of users, at most 50000`,
		"load_only: {users: 50001}":                        `load_only.users: is "50001": give whole numbers of users, at most 50000`,
		"load_only: {users: NaN}":                          `load_only.users: is "NaN": give whole numbers of users, at most 50000`,
		"load_only: {users: 'ramp:1..2.5/5m'}":             `load_only.users: is "ramp:1..2.5/5m": give whole numbers of users, at most 50000`,
		"load_only: {profile: 'ramp:1..2/9999999h'}":       "duration 9999999h is too long; give less",
		"load_only: {users: 5, profile: 5}":                "load_only.users: is given together with a rate; keep one",
		"load_only: {replay: a.csv, profile: 5}":           "load_only.replay: is given together with profile; keep one",
		"load_only: {replay: a.csv, users: 5}":             "load_only.users: is given together with a rate; keep one",
		"load_only: {users: 5, arrivals: poisson}":         "x.yaml:1:23: load_only.arrivals: is of a rate",
		"load_only: {users: 5, precise: true}":             "load_only.precise: is of a rate",
		"load_only: {arrivals: odd}":                       `load_only.arrivals: is "odd"; give even or poisson`,
		"load_only: {think: 2s}":                           "load_only.think: is of users; give users, too",
		"load_only: {users: 5, think: long}":               `load_only.think: "long" is not a think time`,
		"load_only: {duration: -1s}":                       "load_only.duration: is -1s; give 1ms to a year",
		"load_only:\n  require:\n  - p99 < 1s\n  - fast\n": `x.yaml:4:5: load_only.require[1]: "fast" is not a threshold; write a measure`,
		"load_only: {require: p98 < 1s}":                   `x.yaml:1:13: load_only.require[0]: "p98 < 1s": there is no measure p98; there are`,
		"load_only: {require: memory < 50%}":               `load_only.require[0]: "memory < 50%": there is no measure memory`,
		"load_only: {abort: [cpu > 90%, errors > 1]}":      `x.yaml:1:32: load_only.abort[1]: "errors > 1": the bound 1 is not a percentage`,
		"load_only: {abort: {errors: 50%}}":                "x.yaml:1:13: load_only.abort: is no list",
		"load_only: {profile: 'cpu:32'}":                   "load_only.cpu_of: is missing, and the profile holds a CPU; say where",
		"load_only: {profile: 5, cpu_of: pid 7}":           "load_only.cpu_of: is of a profile that holds a CPU; give one",
		"load_only: {profile: 'cpu:32', cpu_of: [7]}":      "load_only.cpu_of[0]: is neither a process nor a URL",
		"load_only: {profile: 'cpu:101', cpu_of: pid 7}":   `load_only.profile: is "cpu:101": a CPU of 101 % cannot be held`,
		"load_only: {users: 'cpu:32'}":                     `load_only.users: is "cpu:32": a CPU is held by a rate`,
		"load_only: {duration: 1ns}":                       "load_only.duration: is 1ns; give 1ms to a year",
		"load_only: {phases: []}":                          "x.yaml:1:13: load_only.phases: is an empty list; give at least one",
		"load_only: {rate: 1}":                             "load_only.rate: unknown key; known here: url, targets, format, profile, replay",
	})
}

func TestAPhaseHasAFaultAtItsLine(t *testing.T) {
	const one = "load_only: {phases: [{name: a, profile: 5, duration: 5s}, "
	wantFaults(t, map[string]string{
		"load_only: {phases: [{name: a, profile: 'cpu:32', duration: 5s}]}":     "load_only.cpu_of: is missing",
		"load_only: {profile: 5, phases: [{name: a, profile: 'ramp:1..2/5s'}]}": "x.yaml:1:25: load_only.phases: are given together with profile",
		"load_only: {phases: [{profile: 'ramp:1..2/5s'}]}":                      `load_only.phases[0].name: phase "" is no name; use 1 to 64`,
		"load_only: {phases: [{name: (a), profile: 'ramp:1..2/5s'}]}":           `phases[0].name: phase "(a)" is no name`,
		"load_only: {phases: [{name: a, profile: 5}]}":                          `phases[0].duration: is missing, and the profile has no`,
		"load_only: {phases: [{name: a, duration: 5s}]}":                        `phases[0].profile: is missing; give profile, replay or`,
		"load_only:\n  phases:\n  - {name: a, profile: 5/s, duration: 5s}\n":    `x.yaml:3:15: load_only.phases[0].profile: is "5/s"`,
		"load_only: {phases: [{name: a, profile: 5, duration: -5s}]}":           `load_only.phases[0].duration: is -5s`,
		one + "{name: a, profile: 6, duration: 5s}]}":                           `load_only.phases[1].name: is "a", as that of another phase`,
		one + "{name: b, users: 6, duration: 5s}]}":                             `phases[1].users: are given in some phases and a rate in others`,
		"load_only: {think: 1s, phases: [{name: a, profile: 5, duration: 5s}]}": "load_only.think: is of users",
	})
}

// wantFaults has each text refused with one fault.
func wantFaults(t *testing.T, cases map[string]string) {
	t.Helper()
	for text, want := range cases {
		_, err := Parse("x.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Parse(%s) = %v, want only %q", text, err, want)
		}
	}
}

// TestWhatSendsNothingIsRefused: a phase may be a pause, but not all of them.
func TestWhatSendsNothingIsRefused(t *testing.T) {
	const pause = "{name: a, profile: 0, duration: 2s}, {name: b, profile: 5, duration: 2s"
	for text, want := range map[string]string{
		"load_only: {users: 0}":                                    `x.yaml:1:13: load_only.users: is "0", which sends nothing; give more`,
		"load_only: {profile: 'steps:0,0/5s'}":                     `load_only.profile: is "steps:0,0/5s", which sends nothing`,
		"load_only: {replay: rates.csv}":                           `load_only.replay: is "rates.csv", which sends nothing; give more than 0`,
		"load_only: {phases: [{name: a, replay: rates.csv}]}":      "load_only.phases: is a list that sends nothing",
		"load_only: {phases: [{name: a, users: 0, duration: 1s}]}": "load_only.phases: is a list that sends nothing",
		"load_only: {profile: 'constant:1/9000h'}":                 `load_only.profile: is "constant:1/9000h", which lasts longer than a year`,
		"load_only: {phases: [" + pause + "}]}":                    "",
		"load_only: {duration: 2s, phases: [" + pause + "}]}":      "is a list that sends nothing",
	} {
		file := ratesIn(t, "0,0\n60,5\n")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(t.Context(), file); want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("Read(%s) = %v, want %q", text, err, want)
		}
	}
}

// ratesIn is a folder with rates.csv and a scenario that replays it.
func ratesIn(t *testing.T, rates string) (file string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"rates.csv": rates, "x.yaml": "load_only:\n  replay: rates.csv\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, "x.yaml")
}

func TestALoadLastsAsItsDurationOrItsProfile(t *testing.T) {
	replayed, err := Read(t.Context(), ratesIn(t, "0,5\n60,0\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		s    Scenario
		want time.Duration
	}{
		{Default(), 30 * time.Second},
		{Scenario{}, 30 * time.Second},
		{Scenario{LoadOnly: LoadOnly{Profile: "200", Duration: time.Hour}}, time.Hour},
		{Scenario{LoadOnly: LoadOnly{Profile: "ramp:10..200/5m"}}, 5 * time.Minute},
		{Scenario{LoadOnly: LoadOnly{Profile: "ramp:10..200/5m", Duration: time.Minute}}, time.Minute},
		{Scenario{LoadOnly: LoadOnly{Users: "ramp:1..20/5m", Duration: time.Hour}}, 5 * time.Minute},
		{replayed, time.Minute},
	} {
		p, _, err := tt.s.Offered()
		if err != nil || p.Duration() != tt.want || p.Rate(tt.want+time.Second) != 0 {
			t.Errorf("Offered() of %+v = %v, %v, want it to last %v", tt.s.LoadOnly, p, err, tt.want)
		}
	}
	for _, wrong := range []LoadOnly{{Profile: "up"}, {Replay: "none.csv"}} {
		if _, _, err := (Scenario{LoadOnly: wrong, Dir: t.TempDir()}).Offered(); err == nil {
			t.Errorf("Offered() of %+v = nil error", wrong)
		}
	}
}

func TestAReplayIsReadAndKept(t *testing.T) {
	const want = `x.yaml:2:3: load_only.replay: is "rates.csv": `
	if _, err := Read(t.Context(), ratesIn(t, "0,5\nx,0\n")); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Read() = %v, want what is wrong with the rates, and where they are named", err)
	}
	s, err := Read(t.Context(), ratesIn(t, "0,5\n60,0\n"))
	if err != nil || s.LoadOnly.Profile != "" {
		t.Fatalf("Read() = %+v, %v, want no profile beside the replay", s.LoadOnly, err)
	}
	kept, err := s.CopyTo(t.TempDir())
	if err != nil || !strings.HasPrefix(kept.LoadOnly.Replay, copies+"/") {
		t.Fatalf("CopyTo() names %q, %v", kept.LoadOnly.Replay, err)
	}
	if p, _, err := kept.Offered(); err != nil || p.Rate(time.Second) != 5 {
		t.Errorf("Offered() of the copy = %v, %v, want the rates", p, err)
	}
}

func TestPhasesFollowEachOther(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{"rates.csv": "0,5\n60,0\n", "x.yaml": `load_only:
  phases:
  - {name: warm-up, profile: "ramp:0..100/1m"}
  - {name: peak, profile: 100, duration: 90s}
  - {name: yesterday, replay: rates.csv, duration: 30s}
`} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := Read(t.Context(), filepath.Join(dir, "x.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	there := t.TempDir()
	kept, err := s.CopyTo(there)
	if err != nil || s.LoadOnly.Phases[2].Replay != "rates.csv" || !strings.HasPrefix(kept.LoadOnly.Phases[2].Replay, copies+"/") {
		t.Fatalf("CopyTo() = %+v, %v, and leaves %+v", kept.LoadOnly, err, s.LoadOnly)
	}
	text, err := kept.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	again, err := Parse(filepath.Join(there, "scenario.yaml"), text)
	if err != nil {
		t.Fatal(err)
	}
	begin := []attack.Phase{{Name: "warm-up"}, {Name: "peak", From: time.Minute}, {Name: "yesterday", From: 150 * time.Second}}
	for _, c := range []struct {
		duration, ends time.Duration
		hits           float64
		phases         []attack.Phase
	}{
		{0, 3 * time.Minute, 3000 + 9000 + 150, begin}, {time.Hour, 3 * time.Minute, 12150, begin},
		{75 * time.Second, 75 * time.Second, 4500, begin[:2]},
	} {
		again.LoadOnly.Duration = c.duration
		p, phases, err := again.Offered()
		if err != nil || p.Duration() != c.ends || p.Hits(c.ends) != c.hits || !slices.Equal(phases, c.phases) {
			t.Errorf("for %s: Offered() = %v, %+v, %v, want %v hits within %s", c.duration, p, phases, err, c.hits, c.ends)
		}
	}
}

func TestALoadIsShownAsAPersonWritesIt(t *testing.T) {
	for want, l := range map[string]LoadOnly{
		"50/s": {}, "30/s": {Profile: "constant:30/2s"}, "8/s": {Profile: "8"}, "ramp:1..9/2s": {Profile: "ramp:1..9/2s"},
		"1 user": {Users: "1"}, "the rates of a.csv": {Replay: "a.csv"},
	} {
		if got := l.Shown(); got != want {
			t.Errorf("%+v is shown as %q, want %q", l, got, want)
		}
	}
}
