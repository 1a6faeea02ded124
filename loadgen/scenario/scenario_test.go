package scenario

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/mix"
)

func TestReadyMadeScenariosAreGood(t *testing.T) {
	files, err := filepath.Glob("../../scenarios/*.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("Glob = %v, %v, want at least three scenarios", files, err)
	}
	for _, file := range files {
		s, err := Read(t.Context(), file)
		if err != nil {
			t.Errorf("Read(t.Context(), %s) = %v", file, err)
		}
		if want := strings.TrimSuffix(filepath.Base(file), ".yaml"); s.Name != want {
			t.Errorf("Read(t.Context(), %s).Name = %q, want %q", file, s.Name, want)
		}
	}
}

func TestAFaultNamesItsLineItsKeyAndWhatWouldBeRight(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"a misspelt key", "version: 1\nload:\n  bandd: 1.6\n", `x.yaml:3:3: load.bandd: unknown key; did you mean "band"?`},
		{"a key that resembles none", "version: 1\nfleet: 3\n", "x.yaml:2:1: fleet: unknown key; known here: "},
		{"a negative rate", "load:\n  rate: -5\n", "x.yaml:2:3: load.rate: is -5; give"},
		{"a rate that is not a number", "load: {rate: .nan}\n", "x.yaml:1:8: load.rate: is \".nan\"; give a number"},
		{"no users", "users: 0\n", "x.yaml:1:1: users: is 0; give 1 to"},
		{"a hold below zero", "hold: -1s\n", "x.yaml:1:1: hold: is -1s; give 0s or more"},
		{"a duration without unit", "hold: soon\n", `x.yaml:1:1: hold: is "soon"; give a duration, for instance 30s`},
		{"a band that two instances do not clear", "load: {band: 2}\n", "x.yaml:1:8: load.band: is 2; give"},
		{"a band that never crosses", "load: {band: 1}\n", "load.band"},
		{"a newer version", "version: 3\n", "x.yaml:1:1: version: is 3; this program reads versions 1 and 2"},
		{"a policy that is none", "local: {policy: maybe}\n", `local.policy: is "maybe"; give "attached" or "none"`},
		{"a period that CloudWatch does not know", "local: {metrics_period: 15s}\n", "local.metrics_period: is 15s"},
		{"text where a number belongs", "users: many\n", `x.yaml:1:1: users: is "many"; give a whole number`},
		{"a key given twice", "users: 1\nusers: 2\n", "x.yaml:2:1: the key users is given twice; keep one"},
		{"no YAML at all", "a: [1\n", "x.yaml:1:4: a bracket is not closed"},
		{"two documents", "version: 1\n---\nversion: 1\n", "x.yaml:3:1: this is a second document; a file holds one scenario"},
		{"half a user", "users: 2.5\n", `x.yaml:1:1: users: is "2.5"; give a whole number`},
		{"a number in octal", "users: 0o10\n", `x.yaml:1:1: users: is "0o10"; give a whole number`},
		{"a number in hexadecimal", "load: {rate: 0x10}\n", `x.yaml:1:8: load.rate: is "0x10"; give a number`},
		{"a duration that is a number", "hold: 010\n", `x.yaml:1:1: hold: is "010"; give a duration, for instance 30s`},
		{"a key without a value", "users:\n", `x.yaml:1:1: users: has no value; give a whole number`},
		{"yes", "local: {alarm_actions: yes}\n", `x.yaml:1:9: local.alarm_actions: is "yes"; give true or false`},
		{"an anchor", "users: &a 5\n", `x.yaml:1:1: users: is "&a 5"; give a whole number`},
		{"a number where keys belong", "load: 5\n", "x.yaml:1:1: load: holds no keys; give them one on a line, for instance band: …"},
		{"a list", "- version: 1\n", "x.yaml:1:1: this is a list; give keys instead"},
		{"a tab before a key", "load:\n\tband: 1.5\n", "x.yaml:2:1: this is a tab; indent with spaces"},
		{"a tab before the first key", "\tusers: 5\n", "x.yaml:1:1: this is a tab; indent with spaces"},
		{"a quotation mark too few", "name: \"a\n", "x.yaml:1:7: a quotation mark is not closed"},
		{"keys indented unlike", "load:\n   band: 1.5\n  rate: 3\n", "x.yaml:3:3: this does not belong here; indent keys of one level alike"},
		{"two colons", "name: a: b\n", "x.yaml:1:"},
		{"a reserved character", "users: @5\n", "x.yaml:1:8: not valid YAML: '@' is a reserved character"},
		{"a tilde", "users: ~\n", "x.yaml:1:1: users: has no value; give a whole number"},
		{"null for text", "name: null\n", "x.yaml:1:1: name: has no value; give text"},
		{"null for a duration", "hold: null\n", "x.yaml:1:1: hold: has no value; give a duration"},
		{"null for a choice", "local: {alarm_actions: ~}\n", "x.yaml:1:9: local.alarm_actions: has no value; give true or false"},
		{"1 for true", "local: {alarm_actions: 1}\n", `x.yaml:1:9: local.alarm_actions: is "1"; give true or false`},
		{"true in quotation marks", "local: {alarm_actions: 'true'}\n", `x.yaml:1:9: local.alarm_actions: is "true"; give true or false`},
		{"a period of more than a day", "local: {metrics_period: 1441m}\n", "local.metrics_period: is 24h1m0s"},
		{"a rate that no generator offers", "load: {rate: 1e9}\n", "x.yaml:1:8: load.rate: is 1e+09; give"},
		{"a first rate that none offers", "calibration: {start_rate: 1e9}\n", "calibration.start_rate: is 1e+09; give"},
		{"a window of weeks", "premises: {window: 1000h}\n", "premises.window: is 1000h0m0s; give"},
		{"a hold of a millennium", "hold: 9999999h\n", `x.yaml:1:1: hold: is "9999999h"; give one that is not so large`},
		{"no list of requests", "requests: []\n", "x.yaml:1:1: requests: is an empty list; give at least one, or leave the key out"},
		{"a time-out of nothing", "timeout: 1ns\n", "timeout: is 1ns; give 1ms to 1h, for instance 5s"},
		{"never late", "limits: {max_late: 1ns}\n", "limits.max_late: is 1ns; give 1ms to a year"},
		{"a connection a nanosecond", "connection_age: 1ns\n", "connection_age: is 1ns; give 1ms to a year"},
		{"a look-up a nanosecond", "dns_interval: 1ns\n", "dns_interval: is 1ns; give 100ms to a year"},
		{"a hold of a century", "hold: 1000000h\n", "hold: is 1000000h0m0s; give at most a year"},
		{"a name of pages", "name: " + strings.Repeat("a", 5000) + "\n", "x.yaml:1:1: name: has 5000 bytes; give at most 200"},
		{"more users than numbers", "users: 99999999999999999999\n", "give one that is not so large"},
		{"text after the end", "users: 1\n...\nmore\n", "more comes after the end of the document; remove it"},
		{"UTF-32 text", "\xff\xfe\x00\x00v\x00\x00\x00", "x.yaml: this is UTF-32 text"},
		{"UTF-16 text", "\xff\xfev\x00e\x00", "x.yaml: this is UTF-16 text"},
	}
	for _, tt := range tests {
		_, err := Parse("x.yaml", []byte(tt.text))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: Parse() = %v, want %q", tt.name, err, tt.want)
			continue
		}
		if strings.Count(err.Error(), "\n") > 0 {
			t.Errorf("%s: Parse() = %q, want one line a fault", tt.name, err)
		}
	}
}

func TestANumberIsReadAsItIsWritten(t *testing.T) {
	for text, want := range map[string]func(*Scenario){
		"users: 010":                 func(s *Scenario) { s.Users = 10 },
		"users: 08":                  func(s *Scenario) { s.Users = 8 },
		"users: +5":                  func(s *Scenario) { s.Users = 5 },
		"seed: 010":                  func(s *Scenario) { s.Seed = 10 },
		"requests: [{name: 010}]":    func(s *Scenario) { s.Requests = []mix.Request{{Name: "010"}} },
		"requests: [{weight: 010}]":  func(s *Scenario) { s.Requests = []mix.Request{{Weight: new(10.0)}} },
		"requests: [{body: true}]":   func(s *Scenario) { s.Requests = []mix.Request{{Body: "true"}} },
		"load_only: {profile: 010}":  func(s *Scenario) { s.LoadOnly.Profile = "010" },
		"load: {rate: 010}":          func(s *Scenario) { s.Load.Rate = 10 },
		"load: {rate: 010.5}":        func(s *Scenario) { s.Load.Rate = 10.5 },
		"load: {rate: 1e2}":          func(s *Scenario) { s.Load.Rate = 100 },
		"hold: 010s":                 func(s *Scenario) { s.Hold = 10 * time.Second },
		"hold: 0":                    func(s *Scenario) { s.Hold = 0 },
		"name: 010":                  func(s *Scenario) { s.Name = "010" },
		"name: 1.0":                  func(s *Scenario) { s.Name = "1.0" },
		"description: |\n  a\n  b\n": func(s *Scenario) { s.Description = "a\nb\n" },
	} {
		expected := inFolder(Default())
		want(&expected)
		if got, err := Parse("x.yaml", []byte(text)); err != nil || !reflect.DeepEqual(got, expected) {
			t.Errorf("Parse(%q) = %+v, %v, want %+v", text, got, err, expected)
		}
	}
}

// inFolder is a scenario as it is read from the working folder.
func inFolder(s Scenario) Scenario {
	s.Dir = "."
	return s
}

func TestWhatIsLeftOutIsTheDefault(t *testing.T) {
	for name, text := range map[string]string{
		"nothing": "", "a line break": "\n", "comments only": "# users: 5\n", "a document without a key": "---\n", "its end too": "---\n...\n",
		"null": "~", "an empty mapping": "{}", "a part without a key": "load:\n  # band: 1.5\n",
		"a second document without a key": "version: 1\n---\n# none\n",
		"a byte order mark":               "\ufeff", "a byte order mark before a key": "\ufeffversion: 1\n",
		"a directive":          "%YAML 1.2\n---\nversion: 1\n",
		"line ends of Windows": "version: 1\r\n# a comment\r\n",
	} {
		if got, err := Parse("x.yaml", []byte(text)); err != nil || !reflect.DeepEqual(got, inFolder(Default())) {
			t.Errorf("%s: Parse(%q) = %+v, %v, want the default", name, text, got, err)
		}
	}
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	_, err := Parse("x.yaml", []byte("users: 0\nhold: -1s\nload:\n  rate: -1\n  band: 9\n"))
	wantKeys(t, err, "users", "hold", "load.rate", "load.band")
	_, err = Parse("x.yaml", []byte("users: some\nhold: soon\nload:\n  rate: high\nlokal: 1\n"))
	wantKeys(t, err, "users", "hold", "load.rate", "lokal")
	_, err = Parse("x.yaml", []byte("users: some\nlokal: 1\nload: {band: 9, rate: high}\n"+
		"requests: [{numbers: {operation: x, digits: {min: few, max: 5}}}]\nname:\n"))
	wantKeys(t, err, "users", "lokal", "load.rate", "requests[0].numbers.digits.min", "name", "load.band")
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

func TestAFaultOfAFlagNamesTheFlag(t *testing.T) {
	s := Default()
	s.Hold, s.Users = -time.Second, 0
	err := s.Validate(map[string]string{"hold": "--hold", "users": "--users"})
	const want = "--users is 0; give 1 to 1000000\n--hold is -1s; give 0s or more, for instance 30s or 8h"
	if err == nil || err.Error() != want {
		t.Errorf("Validate() = %v, want %s", err, want)
	}
	if err := Default().Validate(nil); err != nil {
		t.Errorf("Validate() of the default = %v", err)
	}
}

func TestReadOfAMissingFileNamesIt(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "none.yaml")
	if _, err := Read(t.Context(), missing); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), missing) {
		t.Errorf("Read(t.Context(), ) = %v, want that %s does not exist", err, missing)
	}
}

func TestMarshalWritesEveryDefault(t *testing.T) {
	text, err := Default().Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{
		"version: 2", "header: X-Instance-Id", `pool: "64MB"`, "exact: true", "profile: \"constant:50\"", "arrivals: even", "hold: 30s",
		"band: 1.6", "min_achieved: 0.98", "metrics_period: 10s", "alarm_actions: true",
	} {
		if !strings.Contains(string(text), key) {
			t.Errorf("Marshal() = %s, want %q in it", text, key)
		}
	}
	if s, err := Parse("again", text); err != nil || !reflect.DeepEqual(s, inFolder(Default())) {
		t.Errorf("Parse(Marshal()) = %+v, %v, want the default", s, err)
	}
}

func TestPollIntervalFollowsThePeriod(t *testing.T) {
	for period, want := range map[time.Duration]time.Duration{
		10 * time.Second: time.Second, time.Minute: 10 * time.Second, 5 * time.Minute: 10 * time.Second,
	} {
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
	for _, seed := range []string{
		"", "version: 1", "load: {rate: .inf}", "a: &x [*x]", "<<: {users: 1}", "? [a]\n: 1", "users: 010", "\ufeffusers: 1e3",
		"hold: 5", "- 1", "\tusers: 5", "a: [1\r\r", "\"", "requests: null", "load: *none", "name: \"a\\tb\"", "description: >\n  a\n  b\n",
		"requests:\n  - path: /{{a}}\n    rows: a.csv\n    headers: {A: \"b\\tc\"}\n    expect: {status: [200, 300-399], json: {a.b: 7}}\n" +
			"  - body: |\n      a\n",
		"requests: [{numbers: {operation: +, digits: {list: [10, 20]}}, weight: 2.5}]\nidentity: {cookie: a}\npool: 1MB",
		"load_only: {profile: 'ramp:1..2/5m', require: [p99 < 1s], abort: [errors > 50%]}", "headers: ? [a]\n: 1",
	} {
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
		if err != nil || !reflect.DeepEqual(again, s) {
			t.Errorf("Parse(Marshal()) = %+v, %v, want %+v from\n%s", again, err, s, resolved)
		}
	})
}
