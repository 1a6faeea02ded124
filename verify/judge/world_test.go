package judge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// A world is a run that never happened, told second by second: x is seconds
// since zero by AWS's clock.
type world struct {
	offset       float64 // AWS's clock minus ours, seconds
	alarm        runlog.MetricAlarm
	scaleIn      *runlog.MetricAlarm
	policies     []runlog.ScalingPolicy
	targetGroup  runlog.TargetGroup
	group        runlog.AutoScalingGroup
	members      []member
	desired      []step
	transitions  []change
	low          []change // of the scale-in alarm
	activities   []runlog.Activity
	schedules    []runlog.ScheduledAction
	refreshes    []runlog.InstanceRefresh
	changes      map[float64]func(*world)   // what somebody reconfigures, and when
	attributes   map[string]string          // of the target group
	version      string                     // of the launch template that the new instance comes from; "": the same
	endpoint     string                     // that answers
	lag          float64                    // of the answers about the group
	deregistered float64                    // when the new target is, if not 0
	wrong        string                     // the instance that every tenth request comes to, and fails at
	foreign      []string                   // targets that are not the group's
	protected    string                     // the instance that is protected from scale-in
	listener     string                     // the target group that it forwards to
	divided      []string                   // the target groups among which it divides requests; nil: it does not
	inAlarm      [2]float64                 // from when to when the alarm is in ALARM that its history does not have so
	cpu          map[string]map[int]float64 // by series and x of the period's start
	phases       []phase
	calibration  *runlog.Calibration
	served       map[string][2]float64 // from when to when an instance answers
	hypothesis   func(*runlog.Hypothesis)
	interrupted  string
	poll         float64
	pollEnd, end float64
	skip         func(operation string, x float64) bool // answers that are errors
	failed       func(x float64) int64
	achieved     float64
	real         bool               // lines of the load are as long as real ones
	shares       map[string]float64 // of the load that an instance answers, relative to the others' 1
	identity     runlog.Identity    // how it is known who answers; "": by the answers
	others       float64            // requests a second that another client sends through the load balancer
}

type member struct {
	id                                        string
	pending, inService, healthy, leaves, gone float64
}

type step struct {
	x     float64
	value int
}

type change struct {
	alarm    string
	x        float64
	from, to runlog.AlarmState
	kind     string
}

type phase struct {
	name runlog.Phase
	x    float64
	rate float64
}

var zero = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

const (
	oldID, newID         = "i-0aaaaaaaaaaaaaaaa", "i-0bbbbbbbbbbbbbbbb"
	alarmName, policy    = "sw-cpu-high", "sw-scale-out"
	lowAlarm, lowPolicy  = "sw-cpu-low", "sw-scale-in"
	groupName, targetARN = "sw-asg", "arn:aws:elasticloadbalancing:local-1:123456789012:targetgroup/sw/1"
	groupARN             = "arn:aws:autoscaling:local-1:123456789012:autoScalingGroup:1:autoScalingGroupName/sw-asg"
	policyARN            = "arn:aws:autoscaling:local-1:123456789012:scalingPolicy:1:autoScalingGroupName/sw-asg:policyName/sw-scale-out"
	lowPolicyARN         = "arn:aws:autoscaling:local-1:123456789012:scalingPolicy:2:autoScalingGroupName/sw-asg:policyName/sw-scale-in"
	scaleOutCause        = "At 2026-03-14T12:01:52Z a monitor alarm sw-cpu-high in state ALARM triggered policy sw-scale-out changing the " +
		"desired capacity from 1 to 2.  At 2026-03-14T12:01:52Z an instance was started in response to a difference between desired and " +
		"actual capacity, increasing the capacity from 1 to 2."
)

func aws(x float64) time.Time { return zero.Add(time.Duration(x * float64(time.Second))) }

// perfect is a run in which everything goes as claimed.
func perfect() *world {
	dims := []runlog.Dimension{{Name: "AutoScalingGroupName", Value: groupName}}
	w := &world{
		offset: 0.4, poll: 2, pollEnd: 232, end: 232, achieved: 1,
		alarm: runlog.MetricAlarm{
			AlarmName: alarmName, ActionsEnabled: true, AlarmActions: []string{policyARN}, Namespace: "AWS/EC2",
			MetricName: "CPUUtilization", Statistic: "Average", Dimensions: dims, Period: 10, EvaluationPeriods: 1,
			Threshold: 20, ComparisonOperator: "GreaterThanThreshold",
		},
		scaleIn: &runlog.MetricAlarm{
			AlarmName: lowAlarm, ActionsEnabled: true, AlarmActions: []string{lowPolicyARN}, Namespace: "AWS/EC2",
			MetricName: "CPUUtilization", Statistic: "Average", Dimensions: dims, Period: 10, EvaluationPeriods: 1,
			Threshold: 8, ComparisonOperator: "LessThanThreshold",
		},
		policies: []runlog.ScalingPolicy{
			{AutoScalingGroupName: groupName, PolicyName: policy, PolicyARN: policyARN, PolicyType: "StepScaling", EstimatedInstanceWarmup: 10,
				Alarms: []runlog.PolicyAlarm{{AlarmName: alarmName}}},
			{AutoScalingGroupName: groupName, PolicyName: lowPolicy, PolicyARN: lowPolicyARN, PolicyType: "StepScaling",
				Alarms: []runlog.PolicyAlarm{{AlarmName: lowAlarm}}},
		},
		targetGroup: runlog.TargetGroup{TargetGroupArn: targetARN, LoadBalancerArns: []string{balancerARN}, HealthCheckIntervalSeconds: 5,
			HealthCheckTimeoutSeconds: 2},
		group: runlog.AutoScalingGroup{AutoScalingGroupName: groupName, AutoScalingGroupARN: groupARN, MinSize: 1, MaxSize: 2,
			HealthCheckType: "ELB",
			TargetGroupARNs: []string{targetARN}},
		members: []member{
			{id: oldID, pending: -20, inService: -19, healthy: -18, leaves: 1e9, gone: 1e9},
			{id: newID, pending: 113, inService: 114.2, healthy: 115.1, leaves: 203, gone: 213},
		},
		desired: []step{{-20, 1}, {112.6, 2}, {202.5, 1}},
		activities: []runlog.Activity{
			{ActivityId: "act-0", Description: "Launching a new EC2 instance: " + oldID,
				Cause:     "At 2026-03-14T11:59:40Z a user request created an AutoScalingGroup changing the desired capacity from 0 to 1.",
				StartTime: aws(-20), EndTime: aws(-19), StatusCode: "Successful"},
			{ActivityId: "act-1", Description: "Launching a new EC2 instance: " + newID, Cause: scaleOutCause, StartTime: aws(113),
				EndTime: aws(114.2), StatusCode: "Successful", Details: invoking(alarmName, 112.5)},
			{ActivityId: "act-2", Description: "Terminating EC2 instance: " + newID,
				Cause: "At 2026-03-14T12:03:22Z a monitor alarm sw-cpu-low in state ALARM triggered policy sw-scale-in changing the desired " +
					"capacity from 2 to 1.", StartTime: aws(203), EndTime: aws(213), StatusCode: "Successful"},
		},
		phases: []phase{
			{runlog.PhaseSetup, 0, 0}, {runlog.PhasePremises, 3, 0}, {runlog.PhaseCalibration, 16, 20}, {runlog.PhaseControl, 36, 33},
			{runlog.PhaseLoad, 100, 100}, {runlog.PhaseHold, 130, 100}, {runlog.PhaseRelease, 175, 10}, {runlog.PhaseDone, 232, 0},
		},
		calibration: &runlog.Calibration{IdleCPUPercent: 0.3, CPUPercentPerRate: 0.317, CPUPercentPerRateLow: 0.31,
			CPUPercentPerRateHigh: 0.325, LoadRate: 100, PredictedCPUPercent: 32},
		endpoint:   "http://127.0.0.1:4566",
		attributes: map[string]string{"stickiness.enabled": "false"},
		listener:   targetARN,
		served:     map[string][2]float64{oldID: {16, 232}, newID: {115.3, 203}},
		skip:       func(string, float64) bool { return false },
		failed:     func(float64) int64 { return 0 },
	}
	w.transitions = []change{
		{alarmName, 112.5, ok(), alarmState(100, 33), "StateUpdate"},
		{alarmName, 122.5, alarmState(100, 33), okState(110, 18.5), "StateUpdate"},
	}
	for x, rate := range map[int]float64{20: 20, 40: 33, 50: 33, 60: 33} {
		p := runlog.CalibrationPoint{Timestamp: aws(float64(x)), Rate: rate, CPUPercent: map[float64]float64{20: 7, 33: 11}[rate]}
		w.calibration.Points = append(w.calibration.Points, p)
	}
	w.low = []change{
		{lowAlarm, 12.5, noData(), lowState(0, 0.3), "StateUpdate"},
		{lowAlarm, 52.5, lowState(0, 0.3), evaluatedState("OK", "was not less", 40, 11, 8), "StateUpdate"},
		{lowAlarm, 202.5, ok(), lowState(190, 2), "StateUpdate"},
	}
	w.cpu = map[string]map[int]float64{"group": {}, oldID: {}, newID: {}}
	for x := -20; x < 240; x += 10 {
		o, n := 0.3, -1.0
		switch {
		case x >= 20 && x < 40:
			o = 7
		case x >= 40 && x < 100:
			o = 11
		case x >= 100 && x < 110:
			o = 33
		case x == 110:
			o, n = 25, 12
		case x >= 120 && x < 170:
			o, n = 17, 16
		case x == 170:
			o, n = 10, 9
		case x >= 180 && x < 210:
			o, n = 2, 2
		case x >= 210:
			o = 3
		}
		w.cpu["group"][x], w.cpu[oldID][x] = o, o
		if n >= 0 {
			w.cpu["group"][x], w.cpu[newID][x] = (o+n)/2, n
		}
	}
	return w
}

func invoking(alarm string, changed float64) string {
	d, err := json.Marshal(runlog.ActivityDetails{InvokingAlarms: []runlog.InvokingAlarm{{AlarmName: alarm, NewStateValue: "ALARM",
		StateChangeTime: aws(changed).UnixMilli()}}})
	if err != nil {
		panic(err)
	}
	return string(d)
}

func (w *world) ours(x float64) time.Time { return aws(x - w.offset) }

const worldID = "20260314T120000Z-0001"

// record is the world as Open reads it back from its folder, without the folder:
// what the files hold is tested once, a hundred mutants need not write them.
func (w *world) record(t testing.TB) *runlog.Record {
	t.Helper()
	h := w.declared()
	r := &runlog.Record{Manifest: runlog.Manifest{RunID: worldID}, Hypothesis: &h, HypothesisSHA256: strings.Repeat("a", 64),
		Scenario: scenarioOf(h)}
	w.writeLoad(t, r.HypothesisSHA256, func(l runlog.LoadLine) error {
		r.Load = append(r.Load, l)
		return nil
	})
	w.writeCloud(t, func(o runlog.Observation) error {
		if o.Unchanged != 0 {
			o.Answer = r.Cloud[o.Unchanged-1].Answer
		}
		r.Cloud = append(r.Cloud, o)
		return nil
	})
	return r
}

// reread writes the world into a folder, seals it and reads it back.
func (w *world) reread(t testing.TB) *runlog.Record {
	t.Helper()
	r, err := runlog.Open(w.folder(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func (w *world) declared() runlog.Hypothesis {
	h := runlog.Hypothesis{
		Version: runlog.Version, RunID: worldID, Declared: w.ours(2), Where: "the local cloud",
		Claim:                "a second instance comes because CPU crosses 20 %",
		AutoScalingGroupName: groupName, AlarmName: alarmName, PolicyName: policy, TargetGroupARN: targetARN,
		Threshold: 20, PeriodSeconds: 10, MinSize: 1, MaxSize: 2, Band: 1.6, ControlCPUPercent: 11, ControlSeconds: 60,
		MinAchieved: 0.98, MaxPollGapSeconds: 5,
		Deadlines: hypothesis.Deadlines(w.alarm, w.targetGroup, w.group, &w.policies[0], w.identity), Identity: w.identity,
	}
	h.SetLimits()
	if w.hypothesis != nil {
		w.hypothesis(&h)
	}
	return h
}

// scenarioOf is the scenario that declares such a hypothesis.
func scenarioOf(h runlog.Hypothesis) []byte {
	return fmt.Appendf(nil, "version: 2\ncalibration:\n  start_rate: 20.0\n  cpu_percent: %v\nload:\n  band: %v\n  rate: 0.0\njudge:\n"+
		"  min_achieved: %v\n", h.ControlCPUPercent, h.Band, h.MinAchieved)
}

// folder writes the world into a folder and seals it.
func (w *world) folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	out, err := runlog.Create(dir, runlog.Manifest{RunID: worldID, Started: w.ours(0)})
	if err != nil {
		t.Fatal(err)
	}
	sum, err := out.WriteHypothesis(w.declared())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := out.WriteScenario(scenarioOf(w.declared())); err != nil {
		t.Fatal(err)
	}
	w.writeLoad(t, sum, out.WriteLoad)
	w.writeCloud(t, out.WriteObservation)
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	if err := runlog.Seal(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

func (w *world) writeLoad(t testing.TB, sum string, sink func(runlog.LoadLine) error) {
	write := func(l runlog.LoadLine) {
		t.Helper()
		if err := sink(l); err != nil {
			t.Fatal(err)
		}
	}
	next, rate, current := 0, 0.0, runlog.PhaseSetup
	for x := 0.0; x <= w.end; x++ {
		for next < len(w.phases) && w.phases[next].x <= x {
			p := w.phases[next]
			change := &runlog.PhaseChange{Phase: p.name, OfferedRate: p.rate}
			if next == 1 {
				change.HypothesisSHA256 = sum
			}
			if p.name == runlog.PhaseLoad && w.calibration != nil {
				write(runlog.LoadLine{Time: w.ours(p.x), Calibration: w.calibration})
			}
			write(runlog.LoadLine{Time: w.ours(p.x), Phase: change})
			current, rate = p.name, p.rate
			next++
		}
		if x < w.end {
			write(runlog.LoadLine{Time: w.ours(x + 1), Second: w.second(current, rate, x)})
		}
	}
	if w.interrupted != "" {
		write(runlog.LoadLine{Time: w.ours(w.end), Interrupted: &runlog.Interrupted{Reason: w.interrupted}})
	}
}

func (w *world) second(p runlog.Phase, rate, x float64) *runlog.LoadSecond {
	s := &runlog.LoadSecond{Phase: p, IntervalSeconds: 1, OfferedRate: rate,
		Counts:    runlog.Counts{Offered: int64(rate), Sent: int64(rate * w.achieved), Failed: w.failed(x)},
		Instances: map[string]*runlog.InstanceSecond{}}
	s.Completed, s.Dropped = max(0, s.Sent-s.Failed), s.Offered-s.Sent
	if w.wrong != "" && x >= 116 && s.Sent > 0 {
		s.Instances[w.wrong] = &runlog.InstanceSecond{Failed: 1}
	}
	for id, span := range w.served {
		if s.Sent > 0 && x+1 > span[0] && x < span[1] {
			s.Instances[id] = &runlog.InstanceSecond{First: w.ours(max(x, span[0]))}
		}
	}
	for id, i := range s.Instances {
		i.Completed = int64(float64(s.Completed) * w.share(x, id))
	}
	if !w.identity.ByAnswer() {
		s.Instances = map[string]*runlog.InstanceSecond{"": {Completed: s.Completed, First: w.ours(x)}}
	}
	if w.real && s.Sent > 0 {
		realistic(s)
	}
	return s
}

// share is the part of the load that an instance answers in the second from x on.
func (w *world) share(x float64, id string) float64 {
	of, sum := 0.0, 0.0
	for served, span := range w.served {
		weight, other := w.shares[served]
		if !other {
			weight = 1
		}
		if x+1 > span[0] && x < span[1] {
			if sum += weight; served == id {
				of = weight
			}
		}
	}
	return of / max(1, sum)
}

// rateAt is the rate offered in the second from x on.
func (w *world) rateAt(x float64) (rate float64) {
	for _, p := range w.phases {
		if p.x <= x {
			rate = p.rate
		}
	}
	return rate
}

// burn gives the instances the CPU of what they answer, from when one scales out.
func (w *world) burn() {
	for x := 110; x < 180; x += 10 {
		sum, n := 0.0, 0.0
		for id := range w.cpu {
			if _, there := w.cpu[id][x]; !there || id == "group" {
				continue
			}
			w.cpu[id][x] = 0.3
			for s := float64(x); s < float64(x+10); s++ {
				w.cpu[id][x] += 0.0317 * w.rateAt(s) * w.share(s, id)
			}
			sum, n = sum+w.cpu[id][x], n+1
		}
		w.cpu["group"][x] = sum / n
	}
	w.evaluate()
}

// evaluate has the alarm follow the metric from the load's first period on.
func (w *world) evaluate() {
	if len(w.transitions) < 2 {
		return
	}
	fired := alarmState(100, w.cpu["group"][100])
	w.transitions[0].to, w.transitions[1].from = fired, fired
	for x := 110; x < 160; x += 10 {
		if v := w.cpu["group"][x]; v < 20 {
			w.returns(float64(x)+12.5, x, v)
			return
		}
	}
	w.transitions = w.transitions[:1]
}

// marshalled is v as JSON; what is JSON already stays as it is.
func marshalled(t testing.TB, v any) json.RawMessage {
	t.Helper()
	if data, ok := v.(json.RawMessage); ok {
		return data
	}
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (w *world) writeCloud(t testing.TB, sink func(runlog.Observation) error) {
	type asked struct {
		seq    int64
		answer []byte
	}
	var seq int64
	var folded *runlog.Snapshot // the snapshot that is being taken
	known := map[string]asked{}
	ask := func(x float64, operation string, input, answer any) {
		t.Helper()
		in, data := marshalled(t, input), marshalled(t, answer)
		seq++
		o := runlog.Observation{Seq: seq, Operation: operation, Sent: w.ours(x), Received: w.ours(x + 0.01),
			Date: aws(x + 0.005).Truncate(time.Second), RequestID: fmt.Sprintf("req-%d", seq), Input: in}
		if seq == 1 {
			o.Endpoint = w.endpoint
		}
		key := operation + string(in)
		switch was, again := known[key]; {
		case w.skip(operation, x):
			o.Error = &runlog.APIError{Code: "Throttling", Message: "Rate exceeded"}
		case again && bytes.Equal(was.answer, data) && folded != nil:
			seq--
			folded.Unchanged = append(folded.Unchanged, was.seq)
			return
		case again && bytes.Equal(was.answer, data):
			o.Unchanged = was.seq
		default:
			o.Answer = data
			known[key] = asked{seq, data}
		}
		if err := sink(o); err != nil {
			t.Fatal(err)
		}
	}
	one := marshalled(t, map[string]string{"AutoScalingGroupName": groupName})
	// What is asked of metrics and answered stays the same for seconds.
	var metric struct {
		end, newest int
		in, answer  json.RawMessage
	}
	snapshot := func(x float64) {
		t.Helper()
		folded = &runlog.Snapshot{Unchanged: []int64{}}
		for i, answer := range w.watchedAt(x) {
			ask(x+float64(i)/100, answer.operation, one, answer.answer)
		}
		seq++
		o := runlog.Observation{Seq: seq, Operation: runlog.OpSnapshot, Sent: w.ours(x), Received: w.ours(x + 0.15), Snapshot: folded,
			Date: aws(x + 0.14).Truncate(time.Second)}
		folded = nil
		if err := sink(o); err != nil {
			t.Fatal(err)
		}
	}
	if w.pollEnd > 1 {
		snapshot(1)
	}
	round := 0
	for x := 2.03; x < w.pollEnd; x += w.poll + 0.09 { // so that Dates fall at all parts of a second
		for at, change := range w.changes {
			if at <= x {
				change(w)
				delete(w.changes, at)
			}
		}
		if round++; round%3 == 0 {
			snapshot(x - 0.5)
		}
		ask(x, runlog.OpDescribeAutoScalingGroups, one,
			runlog.Answer{AutoScalingGroups: []runlog.AutoScalingGroup{w.groupAt(x)}})
		ask(x+0.02, runlog.OpDescribeScalingActivities, one, runlog.Answer{Activities: w.activitiesAt(x)})
		ask(x+0.04, runlog.OpDescribeAlarms, one, runlog.Answer{MetricAlarms: w.alarmsAt(x)})
		ask(x+0.06, runlog.OpDescribeAlarmHistory, map[string]string{"AlarmName": alarmName},
			runlog.Answer{AlarmHistoryItems: w.historyAt(t, x)})
		ask(x+0.08, runlog.OpDescribeTargetHealth, one, runlog.Answer{TargetHealthDescriptions: w.healthAt(x)})
		if end, newest := int(x)/10, int(x-0.5)/10; metric.in == nil || end != metric.end || newest != metric.newest {
			in, answer := w.metricAt(x)
			metric.end, metric.newest, metric.in, metric.answer = end, newest, marshalled(t, in), marshalled(t, answer)
		}
		ask(x+0.1, runlog.OpGetMetricData, metric.in, metric.answer)
	}
}
