package live

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/experiment"
)

// script is an experiment whose steps are written down: what each commands, and when
// the next is due.
type script struct {
	start time.Time
	steps []step
	at    []time.Duration // of the steps that were made
	seen  []experiment.Seen
	phase runlog.Phase
}

// step is a step of a script; wait is until the next, an hour if it is 0.
type step struct {
	wait     time.Duration
	commands []experiment.Command
}

func (s *script) Step(now time.Time, seen experiment.Seen) []experiment.Command {
	s.at, s.seen = append(s.at, now.Sub(s.start)), append(s.seen, seen)
	if len(s.at) > len(s.steps) {
		return nil
	}
	commands := s.steps[len(s.at)-1].commands
	for _, c := range commands {
		if c, ok := c.(experiment.EnterPhase); ok {
			s.phase = c.Phase
		}
	}
	return commands
}

func (s *script) Next() time.Time {
	wait := time.Hour
	if n := len(s.at); n <= len(s.steps) && s.steps[n-1].wait > 0 {
		wait = s.steps[n-1].wait
	}
	return time.Now().Add(wait)
}

func (s *script) Phase() (runlog.Phase, float64) { return s.phase, 12 }
func (s *script) Expected() time.Duration        { return 2 * time.Minute }

// hands are an observer, a load generator, a record and a reporter that write down
// what they are made to do.
type hands struct {
	did      []string
	lines    []runlog.LoadLine
	statuses []progress.Status
	writeErr error
	holding  bool

	mu      sync.Mutex // guards what is seen while the driver runs
	state   runlog.State
	changed chan struct{}
}

func (h *hands) do(format string, args ...any) { h.did = append(h.did, fmt.Sprintf(format, args...)) }

func (h *hands) TakeSnapshot() { h.do("snapshot") }
func (h *hands) SetPhase(p runlog.Phase, offered profile.Profile) {
	h.do("%g requests/s in %s", offered.Rate(0), p)
}
func (h *hands) Event(_ time.Duration, text string) { h.do("report %s", text) }
func (h *hands) Status(s progress.Status)           { h.statuses = append(h.statuses, s) }
func (h *hands) Close()                             {}
func (h *hands) hold(holding bool)                  { h.holding = holding; h.do("holding %t", holding) }
func (h *hands) write(l runlog.LoadLine) error      { h.lines = append(h.lines, l); return h.writeErr }

func (h *hands) State() (runlog.State, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.state, h.changed
}

// see is that the observer has seen a newer state.
func (h *hands) see(s runlog.State) {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.changed)
	h.state, h.changed = s, make(chan struct{})
}

// polls and records set the intervals of observer and generator apart.
type (
	polls   struct{ *hands }
	records struct{ *hands }
)

func (p polls) SetInterval(d time.Duration)   { p.do("poll every %s", d) }
func (r records) SetInterval(d time.Duration) { r.do("record every %s", d) }

// driving is a driver of a script.
func driving(steps ...step) (*driver, *script, *hands) {
	s, h := &script{start: time.Now(), steps: steps}, &hands{changed: make(chan struct{})}
	d := &driver{
		cfg: Config{Progress: h, Start: time.Now(), Holding: h.hold, Scenario: scenario.Scenario{Hold: 30 * time.Second}},
		h:   runlog.Hypothesis{AlarmName: "high", Threshold: 20}, digest: "digest",
		experiment: s, observer: polls{h}, generator: records{h}, traffic: new(experiment.Traffic), write: h.write,
	}
	return d, s, h
}

// stop ends an experiment.
var stop = []experiment.Command{experiment.Stop{}}

func TestADriverDoesWhatIsCommandedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _, h := driving(step{commands: []experiment.Command{
			experiment.SetPollInterval{Interval: time.Second}, experiment.EnterPhase{Phase: runlog.PhasePremises},
			experiment.Report{Text: "premises"}, experiment.TakeSnapshot{},
			experiment.RecordCalibration{Calibration: runlog.Calibration{LoadRate: 98}},
			experiment.EnterPhase{Phase: runlog.PhaseHold, Rate: 98, Note: "calibrated"},
			experiment.SetRecordInterval{Interval: 4 * time.Second}, experiment.Stop{Reason: "enough"},
		}})
		if err := d.run(t.Context()); err != nil {
			t.Fatalf("run() = %v, want nil: that it stopped early is for the judge to say", err)
		}
		want := []string{"poll every 1s", "0 requests/s in premises", "holding false", "report premises", "snapshot",
			"98 requests/s in hold", "holding true", "record every 4s", "holding false"}
		if !slices.Equal(h.did, want) {
			t.Errorf("did %q, want %q", h.did, want)
		}
		if len(h.lines) != 3 {
			t.Fatalf("recorded %d lines, want a phase, the calibration and a phase", len(h.lines))
		}
		if p := h.lines[0].Phase; p == nil || p.Phase != runlog.PhasePremises || p.HypothesisSHA256 != "digest" {
			t.Errorf("line 1 = %+v, want the first phase with the hypothesis's digest: it was declared before any load", p)
		}
		if c := h.lines[1].Calibration; c == nil || c.LoadRate != 98 {
			t.Errorf("line 2 = %+v, want the calibration", c)
		}
		if p := h.lines[2].Phase; p == nil || *p != (runlog.PhaseChange{Phase: runlog.PhaseHold, OfferedRate: 98, Note: "calibrated"}) {
			t.Errorf("line 3 = %+v, want the hold, without a digest", p)
		}
		for i, l := range h.lines {
			if !l.Time.Equal(time.Now()) || l.Time.Location() != time.UTC {
				t.Errorf("line %d is of %v, want now in UTC", i+1, l.Time)
			}
		}
	})
}

func TestARecordThatCannotBeWrittenEndsTheRun(t *testing.T) {
	for name, command := range map[string]experiment.Command{
		"a phase": experiment.EnterPhase{Phase: runlog.PhaseLoad}, "a calibration": experiment.RecordCalibration{},
	} {
		synctest.Test(t, func(t *testing.T) {
			d, s, h := driving(step{commands: []experiment.Command{command, experiment.TakeSnapshot{}}})
			h.writeErr = errors.New("no space left on device")
			if err := d.run(t.Context()); !errors.Is(err, h.writeErr) || len(s.at) != 1 || slices.Contains(h.did, "snapshot") {
				t.Errorf("%s: run() = %v after %d steps, did %q; want %v at once, and nothing after it", name, err, len(s.at), h.did, h.writeErr)
			}
		})
	}
}

func TestAnExperimentIsSteppedWhenThereIsSomethingNew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		// At once, when it says so, when the observer has seen something, and each second.
		d, s, h := driving(step{wait: 300 * time.Millisecond}, step{}, step{}, step{}, step{}, step{commands: stop})
		seen := runlog.State{Polled: time.Now().Add(time.Minute)}
		time.AfterFunc(700*time.Millisecond, func() { h.see(seen) })
		time.AfterFunc(1500*time.Millisecond, func() { h.see(runlog.State{}) })
		if err := d.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		ms := time.Millisecond
		if want := []time.Duration{0, 300 * ms, 700 * ms, 1000 * ms, 1500 * ms, 2000 * ms}; !slices.Equal(s.at, want) {
			t.Errorf("stepped at %v, want %v", s.at, want)
		}
		for i, is := range s.seen {
			if got, want := is.State.Polled.Equal(seen.Polled), i == 2 || i == 3; got != want || is.EndHold || is.Load != d.traffic {
				t.Errorf("step %d saw %+v, want the newest state (the other one: %t), and the traffic", i+1, is, want)
			}
		}
		if len(h.statuses) != 2 {
			t.Errorf("%d statuses in 2 s, want one a second", len(h.statuses))
		}
	})
}

func TestARequestToEndTheHoldIsSeenFromThenOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s, _ := driving(step{}, step{}, step{}, step{commands: stop})
		end := make(chan struct{})
		d.cfg.EndHold = end
		time.AfterFunc(1500*time.Millisecond, func() { close(end) })
		if err := d.run(t.Context()); err != nil {
			t.Fatal(err)
		}
		var asked []bool
		for _, is := range s.seen {
			asked = append(asked, is.EndHold)
		}
		// At 0 s, 1 s, 1.5 s and 2 s: a channel that stays closed does not make it spin.
		if want := []bool{false, false, true, true}; !slices.Equal(asked, want) || s.at[3] != 2*time.Second {
			t.Errorf("steps at %v saw %v, want %v", s.at, asked, want)
		}
	})
}

func TestAnInterruptedRunReturnsItsCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("the observer failed")
		ctx, cancel := context.WithCancelCause(t.Context())
		d, _, h := driving(step{commands: []experiment.Command{experiment.EnterPhase{Phase: runlog.PhaseHold}}})
		time.AfterFunc(time.Minute, func() { cancel(why) })
		if err := d.run(ctx); !errors.Is(err, why) || h.holding {
			t.Errorf("run() = %v, holding %t; want %v, and no hold that could be ended", err, h.holding, why)
		}
	})
}

func TestNobodyNeedsToAskForTheHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, _, h := driving(step{commands: []experiment.Command{experiment.EnterPhase{Phase: runlog.PhaseHold}, experiment.Stop{}}})
		d.cfg.Holding = nil
		if err := d.run(t.Context()); err != nil || strings.Contains(strings.Join(h.did, " "), "holding") {
			t.Errorf("run() = %v, did %q", err, h.did)
		}
	})
}

func TestAStatusIsWhatIsKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d, s, h := driving(step{commands: []experiment.Command{experiment.EnterPhase{Phase: runlog.PhaseHold}}}, step{commands: stop})
		d.cfg.Start = time.Now().Add(-time.Minute)
		d.traffic.Add(runlog.LoadLine{Second: &runlog.LoadSecond{IntervalSeconds: 2, Counts: runlog.Counts{Completed: 20, Failed: 3}}})
		h.state = runlog.State{
			Group: runlog.AutoScalingGroup{DesiredCapacity: 2, Instances: []runlog.Instance{
				{InstanceId: "i-1", LifecycleState: "InService"}, {InstanceId: "i-2", LifecycleState: "Pending"},
			}},
			Alarms: []runlog.MetricAlarm{{AlarmName: "low", StateValue: "OK"}, {AlarmName: "high", StateValue: "ALARM"}},
		}.WithDatapoints(runlog.GroupSeries, []runlog.Datapoint{{Value: 31}})
		if err := d.run(t.Context()); err != nil || len(h.statuses) != 1 {
			t.Fatalf("run() = %v, %d statuses, want one", err, len(h.statuses))
		}
		got := h.statuses[0]
		if got.Phase != s.phase || got.Elapsed != 61*time.Second || got.PhaseElapsed != time.Second || got.Expected != 2*time.Minute ||
			got.PhaseExpected != 30*time.Second {
			t.Errorf("status = %+v, want the hold's first second of 30, a minute after the start", got)
		}
		traffic := progress.Traffic{OfferedRate: 12, CompletedRate: 10, Failed: 3}
		if *got.Group != (progress.Group{InService: 1, Desired: 2}) || *got.Traffic != traffic {
			t.Errorf("group %+v, traffic %+v; want one of two in service, 10 of 12 requests/s, 3 failed", got.Group, got.Traffic)
		}
		if got.CPUPercent == nil || *got.CPUPercent != 31 || got.Threshold != 20 || got.Alarm != "ALARM" {
			t.Errorf("CPU %v, threshold %v, alarm %q; want 31, 20, ALARM", got.CPUPercent, got.Threshold, got.Alarm)
		}
		d.experiment.(*script).phase = runlog.PhaseLoad
		if blank := d.status(runlog.State{}); blank.CPUPercent != nil || blank.Alarm != "" || blank.PhaseExpected != 0 {
			t.Errorf("status of nothing = %+v, want no CPU, no alarm, and no length of the load", blank)
		}
	})
}
