package judge_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
	"secondwind/verify/judge"
)

// A mutant is a perfect run with one thing wrong, in the world that is recorded
// or in the record itself.
type mutant struct {
	name    string
	world   func(*world)
	record  func(*runlog.Record)
	outcome judge.Outcome
	reason  string
}

func TestEveryMutantIsRejectedForItsReason(t *testing.T) {
	mutants := append(append(premiseMutants(), chainMutants()...), otherMutants()...)
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			v := judge.Judge(m.made(t))
			if v.Outcome != m.outcome || v.Reason != m.reason {
				t.Errorf("Judge(%s) = %s %q, want %s %q\n%s", m.name, v.Outcome, v.Reason, m.outcome, m.reason, v.Summary)
			}
		})
	}
	if len(mutants) < 40 {
		t.Errorf("there are %d mutants, want at least 40", len(mutants))
	}
}

func (m mutant) made(t testing.TB) *runlog.Record {
	w := perfect()
	if m.world != nil {
		m.world(w)
	}
	r := w.record(t)
	if m.record != nil {
		m.record(r)
	}
	return r
}

const (
	refuted = judge.Refuted
	open    = judge.Inconclusive
)

func premiseMutants() []mutant {
	return []mutant{
		{"a run that was interrupted", func(w *world) { w.interrupted = "signal: interrupt" }, nil, open, "interrupted"},
		{"a run that was killed under load", func(w *world) { w.end, w.pollEnd = 120, 120 }, nil, open, "interrupted"},
		{"a run without a hypothesis", nil, func(r *runlog.Record) { r.Hypothesis = nil }, open, "premise.hypothesis"},
		{"a hypothesis that was changed afterwards", nil, func(r *runlog.Record) { r.HypothesisSHA256 = strings.Repeat("0", 64) }, open,
			"premise.hypothesis"},
		{"a hypothesis of another run", func(w *world) { w.hypothesis = func(h *runlog.Hypothesis) { h.RunID = "20200101T000000Z-ffff" } }, nil,
			open, "premise.hypothesis"},
		{"a hypothesis declared after requests were sent", nil, func(r *runlog.Record) { r.Load[2].Second.Sent, r.Load[2].Second.Offered = 5, 5 },
			open, "premise.hypothesis"},
		{"a hypothesis without a hash in the load record", nil, func(r *runlog.Record) {
			eachPhase(r,
				func(p *runlog.PhaseChange) { p.HypothesisSHA256 = "" })
		}, open, "premise.hypothesis"},
		{"deadlines longer than the configuration gives",
			func(w *world) { w.hypothesis = func(h *runlog.Hypothesis) { h.Deadlines[2].Terms[0].Seconds = 600 } }, nil, open, "premise.hypothesis"},
		{"answers without Date headers", nil, func(r *runlog.Record) {
			eachAnswer(r, "", func(o *runlog.Observation) { o.Date = time.Time{} })
		}, open, "premise.clocks"},
		{"a clock that is set during the run", nil, func(r *runlog.Record) {
			for i := len(r.Cloud) / 2; i < len(r.Cloud); i++ {
				r.Cloud[i].Date = r.Cloud[i].Date.Add(30 * time.Second)
			}
		}, open, "premise.clocks"},
		{"answers so slow that the clocks cannot be compared", nil, func(r *runlog.Record) {
			eachAnswer(r, "", func(o *runlog.Observation) { o.Sent = o.Sent.Add(-9 * time.Second) })
		}, open, "premise.clocks"},
		{"an alarm that is not in the record", nil, func(r *runlog.Record) { drop(r, runlog.OpDescribeAlarms) }, open, "premise.hypothesis"},
		{"an alarm with another threshold than declared", func(w *world) { w.alarm.Threshold = 40 }, nil, open, "premise.configuration"},
		{"an alarm on another metric", func(w *world) { w.alarm.MetricName = "NetworkIn" }, nil, open, "premise.configuration"},
		{"policies that are not in the record", func(w *world) { w.skip = failing(runlog.OpDescribePolicies, 0, 1e9) }, nil, open,
			"premise.configuration"},
		{"a target group that is not in the record", func(w *world) { w.skip = failing(runlog.OpDescribeTargetGroups, 0, 1e9) }, nil, open,
			"premise.hypothesis"},
		{"a run that was not begun", nil, func(r *runlog.Record) {
			r.Load = append(r.Load[:2:2], runlog.LoadLine{Time: r.Load[1].Time, Interrupted: &runlog.Interrupted{
				Reason: "no load was sent: the doctor found group.min", Refused: true}})
		}, open, "refused"},
		{"a record that says it is of AWS", func(w *world) {
			w.hypothesis = func(h *runlog.Hypothesis) { h.Where = "AWS local-1" }
		}, nil, open, "premise.where"},
		{"a record of AWS that says it is of the local cloud", func(w *world) {
			w.endpoint = "https://autoscaling.local-1.amazonaws.com"
		}, nil, open, "premise.where"},
		{"a group of another Region than what answered", func(w *world) {
			w.endpoint = "https://autoscaling.eu-central-1.amazonaws.com"
			w.hypothesis = func(h *runlog.Hypothesis) { h.Where = "AWS eu-central-1" }
		}, nil, open, "premise.where"},
		{"a record without any endpoint", func(w *world) { w.endpoint = "" }, nil, open, "premise.where"},
		{"a group of another account than its target group", func(w *world) {
			w.group.AutoScalingGroupARN = strings.Replace(groupARN, "123456789012", "999999999999", 1)
		}, nil, open, "premise.where"},
		{"instances that were launched from two versions", func(w *world) { w.version = "2" }, nil, open, "premise.where"},
		{"a scenario that was edited afterwards", func(w *world) {
			w.hypothesis = func(h *runlog.Hypothesis) { h.ScenarioSHA256 = strings.Repeat("b", 64) }
		}, nil, open, "premise.hypothesis"},
		{"two instances in the baseline", func(w *world) { w.members[1].pending, w.members[1].inService, w.members[1].healthy = -20, -19, -18 },
			nil, open, "premise.baseline"},
		{"desired capacity 2 in the baseline", func(w *world) { w.desired[1].x = 5 }, nil, open, "premise.baseline"},
		{"an alarm that is in ALARM in the baseline", func(w *world) {
			w.transitions = append([]change{{alarmName, 2.5, ok(), alarmState(-10, 33), "StateUpdate"},
				{alarmName, 22.5, alarmState(-10, 33), okState(10, 0.3), "StateUpdate"}}, w.transitions...)
		}, nil, open, "premise.baseline"},
		{"an alarm without data in the baseline", func(w *world) {
			w.transitions = append([]change{{alarmName, 2.5, ok(), noData(), "StateUpdate"},
				{alarmName, 22.5, noData(), okState(10, 0.3), "StateUpdate"}}, w.transitions...)
		}, nil, open, "premise.baseline"},
		{"CPU that is busy in the baseline", func(w *world) { w.cpu["group"][0] = 17 }, nil, open, "premise.baseline"},
		{"an activity in progress in the baseline", func(w *world) { w.activities[0].EndTime = aws(14) }, nil, open, "premise.baseline"},
		{"a baseline shorter than an evaluation range", func(w *world) { w.phases[1].x = 9 }, nil, open, "premise.baseline"},
		{"a baseline that was not looked at", func(w *world) { w.skip = failing(runlog.OpDescribeAutoScalingGroups, 0, 16) }, nil, open,
			"premise.baseline"},
		{"a group whose maximum is 1", func(w *world) { w.group.MaxSize = 1 }, nil, open, "premise.baseline"},
		{"a generator that sent too little", func(w *world) { w.achieved = 0.9 }, nil, open, "premise.instrument"},
		{"a load of which many requests failed", func(w *world) {
			w.failed = func(x float64) int64 { return map[bool]int64{true: 5}[x > 100 && x < 170] }
		}, nil, open, "premise.instrument"},
		{"seconds missing from the load", nil, func(r *runlog.Record) { r.Load = append(r.Load[:120:120], r.Load[124:]...) }, open,
			"premise.instrument"},
		{"phases in another order", nil, func(r *runlog.Record) { swapPhases(r, runlog.PhaseControl, runlog.PhaseHold) }, open,
			"premise.instrument"},
		{"an observer that was silent for too long", func(w *world) { w.skip = failing("", 104, 111) }, nil, open, "premise.observation"},
		{"activities that were not asked for", nil, func(r *runlog.Record) { drop(r, runlog.OpDescribeScalingActivities) }, open,
			"premise.observation"},
		{"an observation that is missing", nil, func(r *runlog.Record) { r.Cloud = append(r.Cloud[:50:50], r.Cloud[51:]...) }, open,
			"premise.observation"},
		{"two observations in the wrong order", nil, func(r *runlog.Record) { r.Cloud[50], r.Cloud[51] = r.Cloud[51], r.Cloud[50] }, open,
			"premise.observation"},
		{"an answer that cannot be read", nil, func(r *runlog.Record) {
			r.Cloud[60].Answer = []byte(`{"AutoScalingGroups":7,"MetricAlarms":7,"Activities":7,"AlarmHistoryItems":7,` +
				`"TargetHealthDescriptions":7,"MetricDataResults":7}`)
		}, open, "premise.observation"},
		{"an observer that ended before the run", func(w *world) { w.pollEnd = 180 }, nil, open, "premise.observation"},
		{"a datapoint of the group that is missing", func(w *world) { delete(w.cpu["group"], 50) }, nil, open, "premise.data"},
		// AWS lists instances in any order: that must not switch the cross-check off.
		{"a group that is none of its instances, listed in changing order", func(w *world) { w.cpu["group"][120] += 2 }, func(r *runlog.Record) {
			turn := false
			eachAnswer(r, runlog.OpDescribeAutoScalingGroups, func(o *runlog.Observation) {
				var a runlog.Answer
				if turn = !turn; json.Unmarshal(o.Answer, &a) == nil && turn {
					slices.Reverse(a.AutoScalingGroups[0].Instances)
					o.Answer, _ = json.Marshal(a) // it was just decoded
				}
			})
		}, open, "premise.data"},
		{"CloudWatch in error", nil, func(r *runlog.Record) {
			eachAnswer(r, runlog.OpGetMetricData, func(o *runlog.Observation) {
				o.Answer = []byte(strings.ReplaceAll(string(o.Answer), `"Complete"`, `"InternalError"`))
			})
		}, open, "premise.data"},
		{"a load that never crosses", func(w *world) {
			w.phases[4].rate, w.phases[5].rate, w.calibration.LoadRate, w.calibration.PredictedCPUPercent = 15, 15, 15, 5.055
			w.cpu["group"][100], w.cpu[oldID][100] = 5, 5
			w.withoutScaling()
			w.transitions = nil
		}, nil, open, "premise.crossed"},
		{"a load that crosses too late", func(w *world) {
			w.shift(30)
			w.crossesLate()
		}, nil, open, "premise.crossed"},
		{"a record without a calibration", func(w *world) { w.calibration = nil }, nil, open, "premise.calibration"},
		{"a calibration at one rate", func(w *world) { w.calibratedAt(40, 50, 60) }, nil, open, "premise.calibration"},
		{"a calibration that another client lifted", func(w *world) { w.lifted(5) }, nil, open, "premise.calibration"},
		{"a scenario of another band", nil, func(r *runlog.Record) {
			r.Scenario = bytes.Replace(r.Scenario, []byte("band: 1.6"), []byte("band: 1.2"), 1)
		}, open, "premise.scenario"},
		{"a scenario with another rate", nil, func(r *runlog.Record) {
			r.Scenario = bytes.Replace(r.Scenario, []byte("rate: 0.0"), []byte("rate: 50.0"), 1)
		}, open, "premise.scenario"},
		{"a record without its scenario", nil, func(r *runlog.Record) { r.Scenario = nil }, open, "premise.scenario"},
		{"another client through the load balancer", func(w *world) { w.others = 10 }, nil, open, "confounder.other-requests"},
		{"a load balancer whose count was not asked for", nil, func(r *runlog.Record) {
			eachAnswer(r, runlog.OpGetMetricData, func(o *runlog.Observation) {
				o.Input = bytes.ReplaceAll(o.Input, []byte(`"RequestCount"`), []byte(`"HostCount"`))
			})
		}, open, "confounder.other-requests"},
		{"CPU that the load does not explain", func(w *world) { w.costs(1.9, 100) }, nil, open, "confounder.unexplained-cpu"},
		{"CPU that the load explains more of", func(w *world) { w.costs(0.3, 120) }, nil, open, "confounder.unexplained-cpu"},
		{"an instance that burns more than the other", func(w *world) {
			for x := 120; x < 170; x += 10 {
				w.cpu[oldID][x], w.cpu[newID][x], w.cpu["group"][x] = 22.5, 15.5, 19
			}
		}, nil, open, "confounder.unexplained-cpu"},
		{"a load above the band", func(w *world) { w.calibration.PredictedCPUPercent = 45 }, nil, open, "premise.load"},
		{"a load other than calibrated", func(w *world) { w.calibration.LoadRate = 70 }, nil, open, "premise.load"},
	}
}

func chainMutants() []mutant {
	return []mutant{
		{"an alarm that never fires", func(w *world) { w.transitions = nil; w.withoutScaling() }, nil, refuted, "link.alarm"},
		{"an alarm that fires late", func(w *world) {
			w.shift(15)
			w.cpu["group"][110], w.transitions[1].to = 25, okState(120, 16.5)
			delete(w.cpu[newID], 110)
		}, nil, refuted, "link.alarm"},
		{"an alarm that fires before the datapoint", func(w *world) { w.transitions[0].x = 105 }, nil, open, "confounder.set-alarm-state"},
		{"an alarm that fires on a datapoint the metric does not have", func(w *world) { w.transitions[0].to = alarmState(100, 77) }, nil, open,
			"premise.data"},
		{"an alarm that fires on a datapoint from before the load", func(w *world) {
			w.transitions[0].to, w.cpu["group"][90], w.cpu[oldID][90] = alarmState(90, 33), 33, 33
			w.phases = slices.Insert(w.phases, 4, phase{runlog.PhaseControl, 90, 103})
		}, nil, open, "control.below-threshold"},
		{"an alarm that comes from INSUFFICIENT_DATA", func(w *world) { w.transitions[0].from.StateValue = "INSUFFICIENT_DATA" }, nil, open,
			"link.alarm"},
		{"a transition without evaluated datapoints", func(w *world) { w.transitions[0].to.StateReasonData = nil }, nil, open,
			"confounder.set-alarm-state"},
		{"a transition evaluated for another threshold", func(w *world) { w.transitions[0].to.StateReasonData.Threshold = 10 }, nil, open,
			"confounder.set-alarm-state"},
		{"an alarm that invokes no policy", func(w *world) {
			w.policies, w.alarm.AlarmActions = w.policies[1:], nil
			w.hypothesis = func(h *runlog.Hypothesis) {
				h.PolicyName = ""
				h.Deadlines = hypothesis.Deadlines(w.alarm, w.targetGroup, w.group, nil, "")
			}
			w.withoutScaling()
		}, nil, refuted, "link.scaling-activity"},
		{"an alarm that invokes no policy, in the words of version 1", func(w *world) {
			w.policies, w.alarm.AlarmActions = w.policies[1:], nil
			w.hypothesis = func(h *runlog.Hypothesis) {
				h.PolicyName = ""
				h.Deadlines = hypothesis.Deadlines(w.alarm, w.targetGroup, w.group, nil, "")
				h.Deadlines[runlog.LinkScalingActivity-1].Terms[0].Name = "decision, were a policy wired"
			}
			w.withoutScaling()
		}, nil, refuted, "link.scaling-activity"},
		{"alarm actions disabled", func(w *world) { w.alarm.ActionsEnabled = false; w.withoutScaling() }, nil, refuted, "link.scaling-activity"},
		{"an activity that starts late", func(w *world) { w.activities[1].StartTime = aws(119); w.late(119) }, nil, refuted,
			"link.scaling-activity"},
		{"an activity triggered before the alarm fired", func(w *world) { w.cause(":52Z a monitor", ":09Z a monitor") }, nil, refuted,
			"link.scaling-activity"},
		{"an activity whose Details name another alarm", func(w *world) { w.activities[1].Details = invoking("other", 112.5) }, nil, open,
			"link.scaling-activity"},
		{"an activity whose Details name another transition", func(w *world) { w.activities[1].Details = invoking(alarmName, 80) }, nil, open,
			"link.scaling-activity"},
		{"an activity without Details", func(w *world) { w.activities[1].Details = "" }, nil, open, "link.scaling-activity"},
		{"an activity from 2 to 3", func(w *world) { w.cause("from 1 to 2", "from 2 to 3") }, nil, open,
			"confounder.other-instances"},
		{"a desired capacity that never rises", func(w *world) { w.desired = w.desired[:1] }, nil, open, "link.scaling-activity"},
		{"a new instance that is never InService", func(w *world) {
			w.members[1].inService, w.members[1].healthy = 1e6, 1e6
			w.activities[1].EndTime = time.Time{}
			w.withoutServing()
		}, nil, refuted, "link.in-service"},
		{"a new instance that was there before", func(w *world) { w.activities[1].Description = "Launching a new EC2 instance: " + oldID }, nil,
			open, "confounder.unexplained-capacity"},
		{"an activity that launched another instance",
			func(w *world) { w.activities[1].Description = "Launching a new EC2 instance: i-0ccccccccccccccccc" }, nil, open,
			"confounder.unexplained-capacity"},
		{"an old instance that goes as the new one comes", func(w *world) { w.members[0].leaves = 113.5 }, nil, open,
			"confounder.other-instances"},
		{"a target that never becomes healthy", func(w *world) { w.members[1].healthy = 1e6; w.withoutServing() }, nil, refuted,
			"link.target-healthy"},
		{"a target that becomes healthy late", func(w *world) { w.members[1].healthy = 127; w.served[newID] = [2]float64{128, 203}; w.burn() },
			nil, refuted, "link.target-healthy"},
		{"a first request before the target is healthy", func(w *world) { w.members[1].healthy = 121; w.served[newID] = [2]float64{115.3, 203} },
			nil, refuted, "link.first-request"},
		{"a first request that comes late", func(w *world) { w.served[newID] = [2]float64{123, 203} }, nil, refuted, "link.first-request"},
		{"answers of an instance that the group never had", func(w *world) { w.served["i-0dddd"] = w.served[newID]; w.withoutServing() },
			nil, open, "confounder.other-servers"},
		{"a load that is not shared", func(w *world) { w.shares = map[string]float64{newID: 0.04}; w.burn() }, nil, refuted,
			"link.load-shared"},
		{"an alarm that does not return to OK", func(w *world) { w.transitions = w.transitions[:1] }, nil, refuted, "link.load-shared"},
		{"an alarm that returns to OK late", func(w *world) { w.returns(162.5, 150, 16.5) }, nil, refuted, "link.load-shared"},
		{"no CPU of the new instance", func(w *world) { w.cpu[newID] = nil }, nil, open, "link.load-shared"},
	}
}
