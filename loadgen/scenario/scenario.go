// Package scenario reads scenarios: small YAML files that define a run. A misspelt
// key, or a value out of range, is an error with its line and column.
package scenario

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/goccy/go-yaml"

	"secondwind/loadgen/client"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/summary"
	"secondwind/textfile"
)

// Version is the version of the format; withPayload is the one before, which asked for the
// calculator's numbers by a key of their own.
const (
	Version     = 2
	withPayload = 1
)

// Scenario is a scenario with every default filled in.
type Scenario struct {
	Version     int    `yaml:"version"`
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	mix.Spec    `yaml:",inline"`
	// Timeout of a request.
	Timeout time.Duration `yaml:"timeout"`
	// MaxInFlight bounds the requests that wait for an answer at one time.
	MaxInFlight   int `yaml:"max_in_flight"`
	client.Access `yaml:",inline"`
	Limits        Limits      `yaml:"limits"`
	Premises      Premises    `yaml:"premises"`
	Calibration   Calibration `yaml:"calibration"`
	Load          Load        `yaml:"load"`
	// Hold is how long the load is held once the second instance serves.
	Hold     time.Duration `yaml:"hold"`
	Release  Release       `yaml:"release"`
	Judge    Judge         `yaml:"judge"`
	Require  []string      `yaml:"require"` // thresholds on summary.ProofMeasures
	Local    Local         `yaml:"local"`
	LoadOnly LoadOnly      `yaml:"load_only"`
	// Dir is the folder that the names of files are relative to; "" is the working folder.
	Dir string `yaml:"-"`

	piped map[string][]byte // what pipes held that are named, each of which is read once only
}

// Limits are what the load generator must not exceed.
type Limits struct {
	// MaxLate is how late a request may be sent; 0 means Timeout. It is dropped after that.
	MaxLate time.Duration `yaml:"max_late"`
}

// Premises defines how long the group must be observed at rest.
type Premises struct {
	Window time.Duration `yaml:"window"`
}

// Calibration defines how the cost of a request is measured.
type Calibration struct {
	StartRate  float64 `yaml:"start_rate"`  // requests per second, before anything is known
	CPUPercent float64 `yaml:"cpu_percent"` // where one instance stands during the control
}

// Load defines the load during the load phase.
type Load struct {
	Band float64 `yaml:"band"` // one instance's CPU as a multiple of the alarm's threshold
	Rate float64 `yaml:"rate"` // requests per second instead; 0: from Band and the calibration
	// CPUPercent is one instance's CPU instead; 0: Band says. It is between one and two thresholds.
	CPUPercent float64 `yaml:"cpu_percent"`
}

// Release defines the load while the group scales in.
type Release struct {
	RatePercent float64 `yaml:"rate_percent"` // of the load's rate
}

// Judge holds what the judge requires of the load generator.
type Judge struct {
	MinAchieved float64 `yaml:"min_achieved"` // share of the offered requests that must be sent
}

// Default is the scenario of an empty file.
func Default() Scenario {
	return Scenario{
		Version: Version,
		Name:    "soak",
		Spec: mix.Spec{
			Requests: []mix.Request{{
				Name:    "calculate",
				Numbers: mix.Numbers{Operation: "*", Digits: mix.Digits{Min: 24000, Max: 32000}, Bodies: 64},
				Expect:  mix.Expect{Status: []string{"200"}, Exact: true},
			}},
			Identity: mix.Calculator, Users: 200, Seed: 1, Pool: "64MB",
		},
		Timeout: 5 * time.Second, MaxInFlight: 512, Access: client.DefaultAccess,
		Premises:    Premises{Window: 5 * time.Second},
		Calibration: Calibration{StartRate: 8, CPUPercent: 11},
		Load:        Load{Band: 1.6},
		Hold:        30 * time.Second,
		Release:     Release{RatePercent: 10},
		Judge:       Judge{MinAchieved: 0.98},
		Local:       Local{MetricsPeriod: 10 * time.Second, Policy: PolicyAttached, AlarmActions: true},
		LoadOnly:    LoadOnly{Profile: defaultProfile, Arrivals: "even"},
	}
}

// Read reads a scenario from a file, and sees whether the files that it names are good. For
// pipes it waits until ctx ends. The error has every fault in it.
func Read(ctx context.Context, path string) (Scenario, error) {
	data, err := textfile.Read(ctx, path)
	if err != nil {
		return Scenario{}, fmt.Errorf("read the scenario: %w; name a file that you can read", err)
	}
	return parse(path, data, func(s *Scenario) []mix.Fault { return s.Examine(ctx, nil) })
}

// asItIs is text that YAML reads back without quotation marks.
var asItIs = regexp.MustCompile(`^[A-Za-z][\w/-]*$`)

// Marshal writes the scenario with every default spelt out.
func (s Scenario) Marshal() ([]byte, error) {
	return yaml.MarshalWithOptions(s, yaml.CustomMarshaler(func(text string) ([]byte, error) {
		if asItIs.MatchString(text) && text != "null" {
			return []byte(text), nil
		}
		return []byte(strconv.Quote(text)), nil // line ends and control characters survive nothing else
	}))
}

// PollInterval is how often an observer polls: every second; with periods of a
// minute and more, as on AWS, every ten, which AWS's shared request quota allows.
func (s Scenario) PollInterval(period time.Duration) time.Duration {
	if period < time.Minute {
		return time.Second
	}
	return 10 * time.Second
}

// The most that a scenario may ask for.
const (
	maxName        = 200              // bytes; it stands in every report
	maxDescription = 5000             // bytes
	shortest       = time.Millisecond // of durations
	maxWindow      = 24 * time.Hour
	maxHold        = 366 * 24 * time.Hour
)

// faults collects what is wrong.
type faults []mix.Fault

func (f *faults) check(ok bool, key, format string, args ...any) {
	if !ok {
		*f = append(*f, mix.Fault{Key: key, Text: fmt.Sprintf(format, args...)})
	}
}

// durationOrNone checks a duration of which 0 means something else.
func durationOrNone(check client.Check, key string, is time.Duration, example string) {
	check(is == 0 || is >= shortest && is <= maxHold, key, "is %s; give %s to a year, for instance %s", is, shortest, example)
}

// joined is an error, nil if there is no fault.
func (f faults) joined() error {
	var all []error
	for _, fault := range f {
		all = append(all, fault)
	}
	return errors.Join(all...)
}

// Faults are what is wrong with the values.
func (s Scenario) Faults() []mix.Fault {
	found := faults(s.Spec.Faults())
	found.check(s.Version == Version, "version", "is %d; this program reads versions %d and %d", s.Version, withPayload, Version)
	found.check(s.Name != "", "name", "is empty; give the scenario a name")
	found.check(len(s.Name) <= maxName, "name", "has %d bytes; give at most %d", len(s.Name), maxName)
	found.check(len(s.Description) <= maxDescription, "description", "has %d bytes; give at most %d", len(s.Description), maxDescription)
	found.check(s.Users != 0, "users", "is 0; give 1 to 1000000")
	found.check(s.Timeout >= shortest && s.Timeout <= time.Hour, "timeout", "is %s; give %s to 1h, for instance 5s", s.Timeout, shortest)
	found.check(s.MaxInFlight >= 1 && s.MaxInFlight <= maxInFlight, "max_in_flight", "is %d; give 1 to %d", s.MaxInFlight, maxInFlight)
	s.Access.Faults(found.check)
	durationOrNone(found.check, "limits.max_late", s.Limits.MaxLate, "5s, or 0s for as long as the timeout")
	s.proof(found.check)
	s.LoadOnly.faults(found.check)
	s.sendingFaults(found.check)
	return found
}

// proof checks what a proof alone reads.
func (s Scenario) proof(check func(ok bool, key, format string, args ...any)) {
	check(s.Premises.Window >= 0 && s.Premises.Window <= maxWindow, "premises.window",
		"is %s; give 0s (one evaluation range of the alarm) or more, and at most %s", s.Premises.Window, maxWindow)
	check(s.Calibration.StartRate > 0 && s.Calibration.StartRate <= profile.MaxRate, "calibration.start_rate",
		"is %g; give requests per second above 0 and at most %.0f, for instance 8", s.Calibration.StartRate, float64(profile.MaxRate))
	check(positive(s.Calibration.CPUPercent) && s.Calibration.CPUPercent < 100, "calibration.cpu_percent",
		"is %g; give a percentage below the alarm's threshold, for instance 11", s.Calibration.CPUPercent)
	check(s.Load.Band > 1 && s.Load.Band < 2, "load.band",
		"is %g; give a multiple of the threshold between 1 and 2, for instance 1.6: one instance at 1 or less never crosses the threshold, "+
			"and two instances at 2 or more do not get below it", s.Load.Band)
	check(s.Load.Rate >= 0 && s.Load.Rate <= profile.MaxRate, "load.rate",
		"is %g; give requests per second above 0 and at most %.0f, or 0 to let the calibration choose", s.Load.Rate, float64(profile.MaxRate))
	check(s.Load.CPUPercent >= 0 && s.Load.CPUPercent < 100, "load.cpu_percent",
		"is %g; give a percentage between one and two thresholds of the alarm, for instance 32, or 0 to let load.band say", s.Load.CPUPercent)
	check(s.Load.CPUPercent == 0 || s.Load.Rate == 0, "load.cpu_percent", "is given together with rate; keep one")
	check(s.Hold >= 0, "hold", "is %s; give 0s or more, for instance 30s or 8h", s.Hold)
	check(s.Hold <= maxHold, "hold", "is %s; give at most a year (%s)", s.Hold, maxHold)
	check(s.Release.RatePercent >= 0 && s.Release.RatePercent <= 20, "release.rate_percent",
		"is %g; give 0 to 20 percent of the load", s.Release.RatePercent)
	check(s.Judge.MinAchieved > 0 && s.Judge.MinAchieved <= 1, "judge.min_achieved",
		"is %g; give a share above 0 and at most 1, for instance 0.98", s.Judge.MinAchieved)
	s.requireFaults(check)
	period := s.Local.MetricsPeriod
	known := slices.Contains([]time.Duration{10 * time.Second, 20 * time.Second, 30 * time.Second}, period) ||
		period > 0 && period <= 24*time.Hour && period%time.Minute == 0
	check(known, "local.metrics_period", "is %s; give 10s, 20s, 30s or whole minutes up to a day, which CloudWatch accepts", period)
	check(s.Local.Policy == PolicyAttached || s.Local.Policy == PolicyNone, "local.policy",
		"is %q; give %q or %q", s.Local.Policy, PolicyAttached, PolicyNone)
	s.Local.Program.faults(check)
}

// requireFaults checks what is required of a proof beside its claim: measures, phases, and the
// names of requests where all have one.
func (s Scenario) requireFaults(check func(ok bool, key, format string, args ...any)) {
	phases := []string{"calibration", "control", "load", "hold", "release"}
	var named []string
	for _, r := range s.Requests {
		named = append(named, r.Name)
	}
	for i, text := range s.Require {
		key := fmt.Sprintf("require[%d]", i)
		t, err := summary.ProofMeasures.Parse(text)
		check(err == nil, key, "%v", err)
		kind := summary.Kind(t)
		check(t.Phase == "" || slices.Contains(phases, t.Phase), key, "is on phase %q; there are %q", t.Phase, phases)
		check(kind == "" || slices.Contains(named, "") || slices.Contains(named, kind), key, "is on requests %q; there are %q", kind, named)
	}
}

const maxInFlight = 100_000

func positive(v float64) bool { return v > 0 && !math.IsInf(v, 0) }
