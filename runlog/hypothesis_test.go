package runlog_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"secondwind/runlog"
)

func deadlines() []runlog.Deadline {
	return []runlog.Deadline{
		{Link: runlog.LinkBreachingData, Terms: runlog.Terms{{Name: "one full period", Seconds: 10}, {Name: "another", Seconds: 10}}},
		{Link: runlog.LinkAlarm, Terms: runlog.Terms{{Name: "evaluation grid", Seconds: 12.5}}},
		{Link: runlog.LinkLoadShared, Terms: runlog.Terms{{Name: "all", Seconds: 42}}},
	}
}

func TestDeadlinesAreFoundByTheirLinkAndSummed(t *testing.T) {
	h := runlog.Hypothesis{PeriodSeconds: 10, PublishLagSeconds: 1.5, Deadlines: deadlines()}
	if got := h.Deadline(runlog.LinkAlarm).Seconds(); got != 12.5 {
		t.Errorf("Deadline(alarm) = %g s, want 12.5", got)
	}
	if got := h.Deadline(runlog.LinkInService); got.Link != runlog.LinkInService || got.Seconds() != 0 {
		t.Errorf("Deadline(in service) = %+v, want one of its link without terms", got)
	}
	for _, c := range []struct {
		first, last runlog.Link
		want        time.Duration
	}{
		{runlog.LinkBreachingData, runlog.LinkFirstRequest, 32500 * time.Millisecond},
		{runlog.LinkLoadShared, runlog.LinkLoadShared, 42 * time.Second},
		{runlog.LinkLoadStep, runlog.LinkLoadShared, 74500 * time.Millisecond},
		{runlog.LinkInService, runlog.LinkFirstRequest, 0},
		{runlog.LinkLoadShared, runlog.LinkBreachingData, 0},
	} {
		if got := h.Within(c.first, c.last); got != c.want {
			t.Errorf("Within(%s, %s) = %s, want %s", c.first, c.last, got, c.want)
		}
	}
	if h.Period() != 10*time.Second || h.PublishLag() != 1500*time.Millisecond {
		t.Errorf("period %s, publish lag %s; want 10s and 1.5s", h.Period(), h.PublishLag())
	}
	if got := h.Deadlines[0].Terms.Duration(); got != 20*time.Second {
		t.Errorf("Duration of the terms = %s, want 20s", got)
	}
}

// TestASumOfTermsIsNotANanosecondShort: 0.7 + 0.1 is 0.7999… in floating point,
// and AWS's times are whole milliseconds, so an event may come on the dot.
func TestASumOfTermsIsNotANanosecondShort(t *testing.T) {
	for _, c := range []struct {
		seconds []float64
		want    time.Duration
	}{
		{nil, 0},
		{[]float64{0.7, 0.1}, 800 * time.Millisecond},
		{[]float64{0.1, 0.2}, 300 * time.Millisecond},
		{[]float64{1.1, 2.2, 3.3}, 6600 * time.Millisecond},
		{[]float64{60, 0.001}, time.Minute + time.Millisecond},
	} {
		var terms runlog.Terms
		for _, s := range c.seconds {
			terms = append(terms, runlog.Term{Name: "x", Seconds: s})
		}
		h := runlog.Hypothesis{Deadlines: []runlog.Deadline{{Link: runlog.LinkAlarm, Terms: terms}}}
		if got, within := terms.Duration(), h.Within(runlog.LinkAlarm, runlog.LinkAlarm); got != c.want || within != c.want {
			t.Errorf("%v s last %s and %s by Within, want %s", c.seconds, got, within, c.want)
		}
	}
}

func TestAHypothesisOfVersion1IsFilledIn(t *testing.T) {
	for period, lag := range map[int]float64{10: 2, 30: 2, 60: 45, 300: 45} {
		h := runlog.Hypothesis{Version: 1, AutoScalingGroupName: "web", Threshold: 20, PeriodSeconds: period}
		h.Upgrade()
		if h.Metric != runlog.CPUOf("web") || h.IdleLimit != 15 || h.PublishLagSeconds != lag {
			t.Errorf("period %d: metric %v, idle limit %g, publish lag %g; want the group's CPU, 15 and %g", period, h.Metric, h.IdleLimit,
				h.PublishLagSeconds, lag)
		}
	}
	later := runlog.Hypothesis{Version: 2, Threshold: 20}
	later.Upgrade()
	if later.IdleLimit != 0 || later.Metric != (runlog.Metric{}) {
		t.Errorf("a hypothesis of version 2 became %+v, want it as it was", later)
	}
}

func TestTheStepOfAnOldHypothesisIsFromItsMinimumToOneMore(t *testing.T) {
	for h, want := range map[[3]int][2]int{{1, 0, 0}: {1, 2}, {3, 0, 0}: {3, 4}, {1, 2, 4}: {2, 4}} {
		got := runlog.Hypothesis{MinSize: h[0], FromCapacity: h[1], ToCapacity: h[2]}
		if got.From() != want[0] || got.To() != want[1] {
			t.Errorf("minimum %d, from %d to %d: the step is %d to %d, want %d to %d", h[0], h[1], h[2], got.From(), got.To(), want[0], want[1])
		}
	}
}

func TestAnOldHypothesisIsReadAsItsReadersTookIt(t *testing.T) {
	w, dir := create(t)
	must(t, w.Close())
	const old = `{"version":1,"runId":"r","declared":"2026-03-14T12:00:00Z","revision":"","where":"","claim":"",` +
		`"autoScalingGroupName":"web","alarmName":"high","policyName":"","targetGroupArn":"","threshold":40,` +
		`"periodSeconds":10,"minSize":1,"maxSize":2,"band":1.6,"controlCpuPercent":11,` +
		`"controlSeconds":60,"minAchieved":0.98,"maxPollGapSeconds":5,"deadlines":[{"link":"e3","terms":[{"name":"decision","seconds":3}]}]}`
	must(t, os.WriteFile(filepath.Join(dir, runlog.HypothesisFile), []byte(old), 0o600))
	r, err := runlog.Open(dir)
	must(t, err)
	h := r.Hypothesis
	if h.Version != 1 || h.IdleLimit != 30 || h.Deadline(runlog.LinkScalingActivity).Seconds() != 3 {
		t.Errorf("hypothesis = %+v, want version 1, an idle limit of 30 and e3 within 3 s", h)
	}
}

func TestAHypothesisSurvivesTheRoundTrip(t *testing.T) {
	want := runlog.Hypothesis{
		RunID: runID, Declared: began, Metric: runlog.CPUOf("web"), AutoScalingGroupName: "web", Threshold: 20, PeriodSeconds: 10,
		IdleLimit: 15, PublishLagSeconds: 2, Deadlines: deadlines(),
	}
	w, dir := create(t)
	sum, err := w.WriteHypothesis(want)
	must(t, err)
	must(t, w.Close())
	r, err := runlog.Open(dir)
	must(t, err)
	want.Version = runlog.Version
	got, err := json.Marshal(r.Hypothesis)
	must(t, err)
	expected, err := json.Marshal(want)
	must(t, err)
	if string(got) != string(expected) || r.HypothesisSHA256 != sum {
		t.Errorf("read back:\n%s (%s)\nwant\n%s (%s)", got, r.HypothesisSHA256, expected, sum)
	}
}

func ExampleTerms() {
	deadline := runlog.Deadline{Link: runlog.LinkTargetHealthy, Terms: runlog.Terms{
		{Name: "application start", Seconds: 2}, {Name: "health check interval", Seconds: 5}, {Name: "health check timeout", Seconds: 2},
	}}
	fmt.Println(deadline.Link, deadline.Link.Code(), deadline.Seconds())
	// Output: e5 target-healthy 9
}
