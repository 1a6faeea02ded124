package judge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// What happens in honest runs, done to a real one.
func TestWhatHappensInHonestRunsIsJudgedFairly(t *testing.T) {
	tests := []struct {
		name    string
		happens func(*raw)
		outcome judge.Outcome
		reason  string
	}{
		{"every operation throttled once under load", func(r *raw) { r.throttle(660, 667) }, judge.Proved, ""},
		{"the poll that would have shown the transition throttled", func(r *raw) { r.throttle(653, 656) }, judge.Proved, ""},
		{"one failed request under load", func(r *raw) { r.fail(runlog.PhaseLoad, 3) }, judge.Proved, ""},
		{"one failed request in the hold", func(r *raw) { r.fail(runlog.PhaseHold, 10) }, judge.Proved, ""},
		{"one failed request in the release, before the group scales in", func(r *raw) { r.fail(runlog.PhaseRelease, 2) }, judge.Proved, ""},
		{"one failed request while an instance drains", func(r *raw) { r.fail(runlog.PhaseRelease, 17) }, judge.Refuted, "release.draining"},
		{"a clock 30 s behind AWS's", func(r *raw) { r.moveClock(-30 * time.Second) }, judge.Proved, ""},
		{"a clock 30 s ahead of AWS's", func(r *raw) { r.moveClock(30 * time.Second) }, judge.Proved, ""},
		{"answers written out of order", (*raw).shuffle, judge.Proved, ""},
		{"alarm actions that repeat every minute", (*raw).repeatActions, judge.Proved, ""},
		{"history items in another order", func(r *raw) { r.reverse(runlog.OpDescribeAlarmHistory, "AlarmHistoryItems") }, judge.Proved, ""},
		{"activities in another order", func(r *raw) { r.reverse(runlog.OpDescribeScalingActivities, "Activities") }, judge.Proved, ""},
		{"the breaching datapoint corrected later", func(r *raw) { r.correct(27.1) }, judge.Proved, ""},
		{"the breaching datapoint corrected to below the threshold", func(r *raw) { r.correct(19.9) }, judge.Inconclusive,
			"confounder.unexplained-cpu"},
		{"a noisy datapoint of one instance after e7", func(r *raw) {
			r.values(func(series, at string, v float64) float64 {
				return v + map[string]float64{realNew: 6, "group": 3}[series]*map[bool]float64{true: 1}[at == "2026-11-23T13:40:30Z"]
			})
		}, judge.Proved, ""},
		{"operations that the judge does not know", func(r *raw) { r.replace(runlog.OpDescribeAlarmsForMetric, "MetricAlarms", "Others") },
			judge.Proved, ""},
		{"an operation that the judge does not know, unreadable", func(r *raw) {
			for i := range r.cloud {
				if o := &r.cloud[i]; o.Operation == runlog.OpDescribeAlarmsForMetric && o.Answer != nil {
					o.Operation, o.Answer = "ec2:DescribeInstances", json.RawMessage(`[7]`)
				}
			}
		}, judge.Proved, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			r := fixture(t, realRun)
			test.happens(r)
			if outcome, reason, summary := r.judged(t); outcome != test.outcome || reason != test.reason {
				t.Errorf("Judge(%s) = %s %q, want %s %q\n%s", test.name, outcome, reason, test.outcome, test.reason, summary)
			}
		})
	}
}

// throttle makes observations from to until errors; what they told first, the
// next of their kind tell.
func (r *raw) throttle(from, until int64) {
	answers := r.answers()
	for i := range r.cloud {
		if o := &r.cloud[i]; o.Seq >= from && o.Seq <= until {
			o.Answer, o.Unchanged, o.BodySHA256 = nil, 0, ""
			o.Error = &runlog.APIError{Code: "Throttling", Message: "Rate exceeded"}
		}
	}
	told := map[int64]int64{}
	for i := range r.cloud {
		o := &r.cloud[i]
		if o.Unchanged < from || o.Unchanged > until {
			continue
		}
		if at, there := told[o.Unchanged]; there {
			o.Unchanged = at
			continue
		}
		told[o.Unchanged] = o.Seq
		o.Answer, o.Unchanged = answers[o.Unchanged], 0
	}
}

// fail has one request fail in the second that ends after seconds of the phase.
func (r *raw) fail(p runlog.Phase, after float64) {
	var began time.Time
	for _, l := range r.load {
		if l.Phase != nil && l.Phase.Phase == p {
			began = l.Time
		}
		if s := l.Second; s != nil && s.Phase == p && !began.IsZero() && l.Time.Sub(began).Seconds() > after {
			s.Failed, s.Completed, s.Errors = 1, s.Completed-1, map[string]int64{"connection reset": 1}
			return
		}
	}
	panic(fmt.Sprintf("phase %s has no second after %v s", p, after))
}

// moveClock moves the machine's own clock, and not AWS's.
func (r *raw) moveClock(by time.Duration) {
	moveLoad(r.load, by)
	for i := range r.cloud {
		r.cloud[i].Sent, r.cloud[i].Received = r.cloud[i].Sent.Add(by), r.cloud[i].Received.Add(by)
	}
	r.restate(func(h *runlog.Hypothesis) { h.Declared = h.Declared.Add(by) })
}

// shuffle swaps neighbours wherever neither refers to the other.
func (r *raw) shuffle() {
	for i := 20; i+1 < len(r.cloud); i += 5 {
		a, b := &r.cloud[i], &r.cloud[i+1]
		if b.Unchanged == a.Seq || a.Answer != nil || b.Answer != nil {
			continue
		}
		*a, *b = *b, *a
		a.Seq, b.Seq = b.Seq, a.Seq
	}
	// What referred to a line that moved refers to its new number; none did, for
	// only lines with answers are referred to.
}

func (r *raw) reverse(operation, list string) {
	r.edit(operation, func(_ *runlog.Observation, answer map[string]any) { slices.Reverse(answer[list].([]any)) })
}

// repeatActions lists the alarm's action again, as AWS repeats it every minute
// while the alarm stays in ALARM.
func (r *raw) repeatActions() {
	r.edit(runlog.OpDescribeAlarmHistory, func(o *runlog.Observation, answer map[string]any) {
		if !bytes.Contains(o.Input, []byte(realHigh)) || o.Received.Before(r.began().Add(30*time.Second)) {
			return
		}
		items := answer["AlarmHistoryItems"].([]any)
		answer["AlarmHistoryItems"] = append(items, map[string]any{
			"AlarmName": realHigh, "Timestamp": "2026-11-23T13:40:20Z", "HistoryItemType": "Action",
			"HistorySummary": "Successfully executed action", "HistoryData": `{"actionState":"Succeeded"}`,
		})
	})
}

// correct has the breaching datapoint become another value 15 s later.
func (r *raw) correct(value float64) {
	seen := map[string]bool{}
	r.edit(runlog.OpGetMetricData, func(o *runlog.Observation, answer map[string]any) {
		if o.Received.Before(r.began().Add(30 * time.Second)) {
			return
		}
		data, _ := json.Marshal(answer)
		seen[string(data)] = true
		clear(answer)
		if err := json.Unmarshal(bytes.ReplaceAll(data, []byte(realBreach), fmt.Append(nil, value)), &answer); err != nil {
			panic(err)
		}
	})
	if len(seen) == 0 {
		panic("no answer was corrected")
	}
}

// The records of commands that claim nothing.
func TestRecordsWithoutAClaimAreInconclusive(t *testing.T) {
	unclaimed := func(r *raw) { r.hypothesis = nil }
	without := func(keep func(runlog.LoadLine) bool) func(*raw) {
		return func(r *raw) {
			unclaimed(r)
			r.load = slices.DeleteFunc(r.load, func(l runlog.LoadLine) bool { return !keep(l) })
		}
	}
	tests := map[string]func(*raw){
		"load without phases": without(func(l runlog.LoadLine) bool { return l.Second != nil }),
		"load without phases and observations": func(r *raw) {
			without(func(l runlog.LoadLine) bool { return l.Second != nil })(r)
			r.cloud = nil
		},
		"observations without load":         func(r *raw) { unclaimed(r); r.load = nil },
		"observations without a load phase": without(func(l runlog.LoadLine) bool { return l.Second == nil && l.Calibration == nil }),
		"load without phases, but with a claim": func(r *raw) {
			h := r.hypothesis
			without(func(l runlog.LoadLine) bool { return l.Second != nil })(r)
			r.hypothesis = h
		},
		"observations without load, with a claim": func(r *raw) { r.load = nil },
		"a whole run without its hypothesis":      unclaimed,
	}
	for name, edit := range tests {
		t.Run(name, func(t *testing.T) {
			r := fixture(t, realRun)
			edit(r)
			if outcome, reason, summary := r.judged(t); outcome != judge.Inconclusive || summary == "" {
				t.Errorf("Judge = %s %q, want INCONCLUSIVE\n%s", outcome, reason, summary)
			}
		})
	}
}
