package live

import (
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"

	"secondwind/loadgen/mix"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/experiment"
	"secondwind/verify/hypothesis"
)

func TestTheReleaseMayTakeAsLongAsScalingInAndDraining(t *testing.T) {
	if got := releaseDeadline(hypothesis.Configuration{}, 2, time.Minute); got != 0 {
		t.Errorf("without a scale-in alarm: %v, want 0: nothing is waited for", got)
	}
	low := runlog.MetricAlarm{AlarmName: "low", ComparisonOperator: "LessThanThreshold", Period: 60, EvaluationPeriods: 2}
	c := hypothesis.Configuration{Alarms: []runlog.MetricAlarm{low}, Group: runlog.AutoScalingGroup{MinSize: 3}}
	for steps := range 3 {
		capacity := 4 + steps
		short, long := releaseDeadline(c, capacity, 0), releaseDeadline(c, capacity, time.Minute)
		each := time.Duration(steps + 1)
		want := hypothesis.ScaleIn(low, c.Group, nil, capacity).Duration() + each*drainGrace
		if short != want || long-short != each*time.Minute {
			t.Errorf("releaseDeadline(from %d) = %v, and %v with a minute of draining; want %v, and %d minutes more",
				capacity, short, long, want, each)
		}
	}
}

func TestAPlanIsTheScenarioAndTheHypothesis(t *testing.T) {
	s := scenario.Default()
	for period, poll := range map[int]time.Duration{10: time.Second, 60: 10 * time.Second} {
		h := runlog.Hypothesis{AlarmName: "high", PeriodSeconds: period}
		got := plan(Config{Scenario: s}, hypothesis.Configuration{}, h, time.Minute)
		if got.Hypothesis.AlarmName != "high" || got.Hold != s.Hold || got.PollInterval != poll || got.ReleaseDeadline != time.Minute ||
			got.CalibrationRate != s.Calibration.StartRate || got.ReleasePercent != s.Release.RatePercent || got.Seed != s.Seed {
			t.Errorf("plan() = %+v, want the scenario's, with a poll every %v", got, poll)
		}
	}
}

// unreachable is an API that is not there.
type unreachable struct{}

var errUnreachable = errors.New("no route to host")

func (unreachable) Do(*http.Request) (*http.Response, error) { return nil, errUnreachable }

func TestNothingIsClaimedOfAGroupThatCannotBeRead(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "20000101T000000Z-0001")
	w, err := runlog.Create(dir, runlog.Manifest{RunID: filepath.Base(dir), Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	err = Prove(t.Context(), Config{
		AWS: aws.Config{
			Region: "us-east-1", BaseEndpoint: aws.String("http://aws.test"), HTTPClient: unreachable{},
			Credentials: credentials.NewStaticCredentialsProvider("AKIATEST", "secret", ""),
			Retryer:     func() aws.Retryer { return aws.NopRetryer{} },
		},
		AutoScalingGroupName: "g", Scenario: scenario.Default(), Writer: w, Start: time.Now(),
	})
	if !errors.Is(err, errUnreachable) || !strings.Contains(err.Error(), "DescribeAutoScalingGroups") {
		t.Errorf("Prove() = %v, want that the group could not be asked for", err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, runlog.HypothesisFile)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a hypothesis was written: %v", err)
	}
}

func TestALoadThatCannotBeMadeIsAnError(t *testing.T) {
	for want, change := range map[string]func(*Config){
		"is not an http or https URL": func(c *Config) { c.LoadBalancerURL = "no URL" },
		"requests: is empty":          func(c *Config) { c.Scenario.Requests = nil },
		"requests[0].rows":            func(c *Config) { c.Scenario.Requests = []mix.Request{{Path: "/{{a}}", Rows: "none.csv"}} },
	} {
		cfg := Config{LoadBalancerURL: "http://calculator.test", Scenario: scenario.Default()}
		cfg.Scenario.Dir = t.TempDir()
		change(&cfg)
		if _, err := NewGenerator(cfg, new(experiment.Traffic)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("NewGenerator() = %v, want %q", err, want)
		}
	}
}

func TestALoadIsMadeOfTheFilesBesideItsScenario(t *testing.T) {
	cfg := Config{LoadBalancerURL: "http://shop.test", Scenario: scenario.Default()}
	cfg.Scenario.Dir = t.TempDir()
	cfg.Scenario.Requests = []mix.Request{{Path: "/{{a}}", Rows: "rows.csv"}}
	if err := os.WriteFile(filepath.Join(cfg.Scenario.Dir, "rows.csv"), []byte("a\nb\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewGenerator(cfg, new(experiment.Traffic)); err != nil {
		t.Errorf("NewGenerator() = %v", err)
	}
}
