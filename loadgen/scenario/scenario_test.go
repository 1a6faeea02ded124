package scenario

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestReadyMadeScenariosAreGood(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("Glob = %v, %v, want at least three scenarios", files, err)
	}
	for _, file := range files {
		s, err := Read(file)
		if err != nil {
			t.Errorf("Read(%s) = %v", file, err)
		}
		if want := strings.TrimSuffix(filepath.Base(file), ".yaml"); s.Name != want {
			t.Errorf("Read(%s).Name = %q, want %q", file, s.Name, want)
		}
	}
}

func TestAFaultNamesItsLineItsKeyAndWhatWouldBeRight(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a misspelt key", "version: 1\nload:\n  bandd: 1.6\n", `x.yaml:3: load.bandd: unknown key; did you mean "band"?`},
		{"a key that resembles none", "version: 1\nfleet: 3\n", "x.yaml:2: fleet: unknown key; known here: "},
		{"a negative rate", "load:\n  rate: -5\n", "x.yaml:2: load.rate: is -5; give"},
		{"a rate that is not a number", "load: {rate: .nan}\n", "x.yaml:1: load.rate: is NaN; give"},
		{"no users", "users: 0\n", "x.yaml:1: users: is 0; give 1 to"},
		{"a hold below zero", "hold: -1s\n", "x.yaml:1: hold: is -1s; give 0s or more"},
		{"a duration without unit", "hold: soon\n", `x.yaml:1: hold: is "soon"; give a duration, for instance 30s`},
		{"a band that two instances do not clear", "load: {band: 2}\n", "x.yaml:1: load.band: is 2; give"},
		{"a band that never crosses", "load: {band: 1}\n", "load.band"},
		{"a newer version", "version: 2\n", "x.yaml:1: version: is 2; this program reads version 1"},
		{"digits the wrong way round", "payload:\n  digits: {min: 9, max: 8}\n", "x.yaml:2: payload.digits.max: is 8; give"},
		{"a policy that is none", "local: {policy: maybe}\n", `local.policy: is "maybe"; give "wired" or "none"`},
		{"a period that CloudWatch does not know", "local: {metrics_period: 15s}\n", "local.metrics_period: is 15s"},
		{"text where a number belongs", "users: many\n", `x.yaml:1: users: is "many"; give a whole number`},
		{"a key given twice", "users: 1\nusers: 2\n", "x.yaml:2: "},
		{"no YAML at all", "a: [1\n", "x.yaml"},
		{"two documents", "version: 1\n---\nversion: 1\n", "several documents"},
	}
	for _, tt := range tests {
		_, err := Parse("x.yaml", []byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Parse() = %v, want %q", tt.name, err, tt.want)
			continue
		}
		var fault *Error
		if !errors.As(err, &fault) {
			t.Errorf("%s: Parse() = %T, want *Error in it", tt.name, err)
		}
		if strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: Parse() = %q, want one line a fault", tt.name, err)
		}
	}
}

func TestAllFaultsAreToldAtOnce(t *testing.T) {
	_, err := Parse("x.yaml", []byte("users: 0\nhold: -1s\nload:\n  rate: -1\n  band: 9\n"))
	wantKeys(t, err, "users", "hold", "load.rate", "load.band")
	_, err = Parse("x.yaml", []byte("users: some\nhold: soon\nload:\n  rate: high\nlokal: 1\n"))
	wantKeys(t, err, "users", "hold", "load.rate", "lokal")
}

// wantKeys fails unless err has one fault of each key, and no other.
func wantKeys(t *testing.T, err error, keys ...string) {
	t.Helper()
	if err == nil {
		t.Fatalf("Parse() = nil, want faults of %v", keys)
	}
	if n := strings.Count(err.Error(), "\n") + 1; n != len(keys) {
		t.Errorf("Parse() = %d faults, want %d: %v", n, len(keys), err)
	}
	for _, key := range keys {
		if !strings.Contains(err.Error(), ": "+key+": ") {
			t.Errorf("Parse() = %v, want a fault of %s", err, key)
		}
	}
}

func TestReadOfAMissingFileNamesIt(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := Read(missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("Read() = %v, want that %s does not exist", err, missing)
	}
}

func TestMarshalWritesEveryDefault(t *testing.T) {
	text, err := Default().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"version: 1", "hold: 30s", "band: 1.6", "min_achieved: 0.98", "metrics_period: 10s", "alarm_actions: true"} {
		if !strings.Contains(string(text), key) {
			t.Errorf("Marshal() = %s, want %q in it", text, key)
		}
	}
	if s, err := Parse("again", text); err != nil || s != Default() {
		t.Errorf("Parse(Marshal()) = %+v, %v, want the default", s, err)
	}
}

func TestPollIntervalFollowsThePeriod(t *testing.T) {
	for period, want := range map[time.Duration]time.Duration{10 * time.Second: time.Second, time.Minute: 10 * time.Second, 5 * time.Minute: 10 * time.Second} {
		if got := Default().PollInterval(period); got != want {
			t.Errorf("PollInterval(%v) = %v, want %v", period, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	files, _ := filepath.Glob("../../scenarios/*.yaml")
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	for _, seed := range []string{"", "version: 1", "load: {rate: .inf}", "a: &x [*x]", "<<: {users: 1}", "? [a]\n: 1", "users: 1e3", "hold: 5", "- 1", "payload: null", "load: *none"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := Parse("fuzz.yaml", text)
		if err != nil {
			return
		}
		resolved, err := s.Marshal()
		if err != nil {
			t.Fatalf("Marshal(%+v) = %v", s, err)
		}
		again, err := Parse("resolved.yaml", resolved)
		if err != nil || again != s {
			t.Errorf("Parse(Marshal()) = %+v, %v, want %+v from\n%s", again, err, s, resolved)
		}
	})
}
