package scenario

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestALoadByItselfHasAFaultAtItsLine(t *testing.T) {
	for text, want := range map[string]string{
		"load_only: {profile: up}":                         `x.yaml:1:13: load_only.profile: is "up": "up" is not a rate`,
		"load_only:\n  profile: ramp:1..2\n":               `x.yaml:2:3: load_only.profile: is "ramp:1..2": no duration; write it as in ramp`,
		"load_only: {users: many}":                         `x.yaml:1:13: load_only.users: is "many": "many" is not a rate`,
		"load_only: {users: 5, profile: 5}":                "load_only.users: is given together with a rate; keep one",
		"load_only: {replay: a.csv, profile: 5}":           "load_only.replay: is given together with profile; keep one",
		"load_only: {replay: a.csv, users: 5}":             "load_only.users: is given together with a rate; keep one",
		"load_only: {users: 5, arrivals: poisson}":         "x.yaml:1:23: load_only.arrivals: is of a rate",
		"load_only: {users: 5, precise: true}":             "load_only.precise: is of a rate",
		"load_only: {arrivals: odd}":                       `load_only.arrivals: is "odd"; give even or poisson`,
		"load_only: {think: 2s}":                           "load_only.think: is of users; give users, too",
		"load_only: {users: 5, think: long}":               `load_only.think: "long" is not a think time`,
		"load_only: {duration: -1s}":                       "load_only.duration: is -1s; give more than 0s",
		"load_only:\n  require:\n  - p99 < 1s\n  - fast\n": `x.yaml:4:5: load_only.require[1]: "fast" is not a threshold; write a measure`,
		"load_only: {require: p98 < 1s}":                   `x.yaml:1:13: load_only.require[0]: "p98 < 1s": there is no measure p98; there are`,
		"load_only: {require: memory < 50%}":               `load_only.require[0]: "memory < 50%": there is no measure memory`,
		"load_only: {abort: [cpu > 90%, errors > 1]}":      `x.yaml:1:32: load_only.abort[1]: "errors > 1": the bound 1 is not a percentage`,
		"load_only: {abort: {errors: 50%}}":                "x.yaml:1:13: load_only.abort: is no list",
		"load_only: {rate: 1}":                             "load_only.rate: unknown key; known here: url, targets, format, profile, replay",
	} {
		_, err := Parse("x.yaml", []byte(text))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("Parse(%s) = %v, want only %q", text, err, want)
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
		p, err := tt.s.Offered()
		if err != nil || p.Duration() != tt.want || p.Rate(tt.want+time.Second) != 0 {
			t.Errorf("Offered() of %+v = %v, %v, want it to last %v", tt.s.LoadOnly, p, err, tt.want)
		}
	}
	for _, wrong := range []LoadOnly{{Profile: "up"}, {Replay: "none.csv"}} {
		if _, err := (Scenario{LoadOnly: wrong, Dir: t.TempDir()}).Offered(); err == nil {
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
	if p, err := kept.Offered(); err != nil || p.Rate(time.Second) != 5 {
		t.Errorf("Offered() of the copy = %v, %v, want the rates", p, err)
	}
}
