package timeline_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

var noon = time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)

func at(seconds float64) time.Time { return noon.Add(time.Duration(seconds * float64(time.Second))) }

// record is a cloud.jsonl in the making.
type record struct {
	t     *testing.T
	cloud []runlog.Observation
}

// see adds an answer that was received so many seconds after noon.
func (r *record) see(seconds float64, operation string, input, answer any) *runlog.Observation {
	r.t.Helper()
	encode := func(v any) json.RawMessage {
		if text, ok := v.(string); ok {
			return json.RawMessage(text)
		}
		raw, err := json.Marshal(v)
		if err != nil {
			r.t.Fatal(err)
		}
		return raw
	}
	r.cloud = append(r.cloud, runlog.Observation{
		Seq: int64(len(r.cloud) + 1), Operation: operation, Sent: at(seconds - 0.1), Received: at(seconds), Input: encode(input),
		Answer: encode(answer),
	})
	return &r.cloud[len(r.cloud)-1]
}

func (r *record) group(seconds float64, name string, desired int) {
	r.see(seconds, runlog.OpDescribeAutoScalingGroups, nil, runlog.Answer{
		AutoScalingGroups: []runlog.AutoScalingGroup{{AutoScalingGroupName: name, DesiredCapacity: desired}},
	})
}

func (r *record) history(seconds float64, alarm string, items ...runlog.AlarmHistoryItem) {
	for i := range items {
		items[i].AlarmName = alarm
	}
	r.see(seconds, runlog.OpDescribeAlarmHistory, map[string]string{"AlarmName": alarm},
		runlog.Answer{AlarmHistoryItems: items})
}

var subject = runlog.Hypothesis{
	AutoScalingGroupName: "web", AlarmName: "high", TargetGroupARN: "arn:web", Metric: runlog.CPUOf("web"), PeriodSeconds: 10,
}

func TestAnswersAreOrderedByArrivalAndOthersAreLeftOut(t *testing.T) {
	r := record{t: t}
	r.group(3, "web", 2)
	r.group(1, "web", 1)
	r.group(2, "other", 9)
	r.see(4, runlog.OpDescribeTargetGroups, nil,
		runlog.Answer{TargetGroups: []runlog.TargetGroup{{TargetGroupArn: "arn:web"}, {TargetGroupArn: "arn:other"}}})
	r.see(5, "ec2:DescribeInstances", nil, "{}")
	tl := timeline.New(r.cloud, subject)
	var desired []int
	for _, g := range tl.Groups {
		desired = append(desired, g.Value.DesiredCapacity)
	}
	if !slices.Equal(desired, []int{1, 2}) {
		t.Errorf("desired capacities = %v, want 1 and then 2", desired)
	}
	if len(tl.TargetGroups) != 1 || tl.TargetGroups[0].Value.TargetGroupArn != "arn:web" || len(tl.Asked) != 5 {
		t.Errorf("target groups = %v of %d observations, want arn:web of 5", tl.TargetGroups, len(tl.Asked))
	}
	if n := len(tl.Answered[runlog.OpDescribeAutoScalingGroups]); n != 3 {
		t.Errorf("%d answers about groups, want 3: that it answered counts, whatever it said", n)
	}
}

// TestTheHealthOfAnotherTargetGroupIsNotTheClaims: an instance that is healthy there need not be here.
func TestTheHealthOfAnotherTargetGroupIsNotTheClaims(t *testing.T) {
	of, r := subject, record{t: t}
	of.TargetGroupARN = "arn:ours"
	for i, asked := range []string{"arn:ours", "arn:another"} {
		in := map[string]string{"TargetGroupArn": asked}
		r.see(float64(i), runlog.OpDescribeTargetHealth, in, `{"TargetHealthDescriptions":[{"Target":{"Id":"`+asked+`"}}]}`)
	}
	if h := timeline.New(r.cloud, of).Health; len(h) != 1 || h[0].Value[0].Target.Id != "arn:ours" {
		t.Errorf("health = %v, want that of arn:ours alone", h)
	}
	if h := timeline.New(r.cloud, runlog.Hypothesis{}).Health; len(h) != 2 {
		t.Errorf("health = %v of a record without a claim, want both", h)
	}
}

func TestEveryKindOfAnswerIsRead(t *testing.T) {
	r := record{t: t}
	r.see(1, runlog.OpDescribeAlarms, nil, `{"MetricAlarms":[{"AlarmName":"high"},{"AlarmName":"low"}]}`)
	r.see(2, runlog.OpDescribePolicies, nil, `{"ScalingPolicies":[{"PolicyName":"out"}]}`)
	r.see(3, runlog.OpDescribeTargetHealth, nil, `{"TargetHealthDescriptions":[{"Target":{"Id":"i-1"}}]}`)
	r.see(4, runlog.OpDescribeScheduledActions, nil, `{"ScheduledUpdateGroupActions":[{"ScheduledActionName":"noon"}]}`)
	r.see(5, runlog.OpDescribeInstanceRefreshes, nil, `{"InstanceRefreshes":[{"InstanceRefreshId":"r"}]}`)
	tl := timeline.New(r.cloud, subject)
	switch {
	case len(tl.Alarms) != 2 || tl.Alarms[1].Value.AlarmName != "low":
		t.Errorf("alarms = %v", tl.Alarms)
	case len(tl.Policies) != 1 || tl.Policies[0].Value[0].PolicyName != "out":
		t.Errorf("policies = %v", tl.Policies)
	case len(tl.Health) != 1 || tl.Health[0].Value[0].Target.Id != "i-1":
		t.Errorf("health = %v", tl.Health)
	case len(tl.Schedules) != 1 || tl.Schedules[0].Value[0].ScheduledActionName != "noon":
		t.Errorf("schedules = %v", tl.Schedules)
	case len(tl.Refreshes) != 1 || tl.Refreshes[0].Value[0].InstanceRefreshId != "r":
		t.Errorf("refreshes = %v", tl.Refreshes)
	}
}

func TestWhatCannotBeReadIsCountedAndErrorsAreNoAnswers(t *testing.T) {
	operations := []string{
		runlog.OpDescribeAutoScalingGroups, runlog.OpDescribeAlarms, runlog.OpDescribeAlarmHistory, runlog.OpDescribeScalingActivities,
		runlog.OpGetMetricData, runlog.OpDescribePolicies, runlog.OpDescribeScheduledActions, runlog.OpDescribeInstanceRefreshes,
		runlog.OpDescribeTargetHealth, runlog.OpDescribeTargetGroups,
	}
	r := record{t: t}
	for i, operation := range operations {
		r.see(float64(i), operation, nil, "[7]")
		r.see(float64(i), operation, nil, "{}").Error = &runlog.APIError{Message: "throttled"}
	}
	r.see(99, runlog.OpGetMetricData, "7", "{}")
	tl := timeline.New(r.cloud, subject)
	if len(tl.Unread) != len(operations)+1 || len(tl.Answered) != 0 {
		t.Errorf("unread %v, answered %v; want %d and none", tl.Unread, tl.Answered, len(operations)+1)
	}
}

func TestTheLastAnswerAboutAnActivityCounts(t *testing.T) {
	r := record{t: t}
	activity := func(seconds float64, id string, start float64, status string) {
		r.see(seconds, runlog.OpDescribeScalingActivities, nil, runlog.Answer{
			Activities: []runlog.Activity{{ActivityId: id, StartTime: at(start), StatusCode: status}},
		})
	}
	activity(10, "b", 5, "InProgress")
	activity(11, "a", 2, "Successful")
	activity(12, "b", 5, "Successful")
	tl := timeline.New(r.cloud, subject)
	if len(tl.Activities) != 2 || tl.Activities[0].Value.ActivityId != "a" || tl.Activities[1].Value.StatusCode != "Successful" {
		t.Errorf("activities = %+v, want a and then b, successful", tl.Activities)
	}
	if first := tl.Activities[1].First; first.Seq != 1 {
		t.Errorf("b was first reported by observation %d, want 1", first.Seq)
	}
}

func TestTransitionsAreReadFromDataElseFromTheSummary(t *testing.T) {
	r := record{t: t}
	update := func(seconds float64, data, summary string) runlog.AlarmHistoryItem {
		return runlog.AlarmHistoryItem{Timestamp: at(seconds), HistoryItemType: "StateUpdate", HistoryData: data, HistorySummary: summary}
	}
	r.history(30, "high",
		update(20, `{"oldState":{"stateValue":"OK"},"newState":{"stateValue":"ALARM","stateReason":"because"}}`,
			"Alarm updated from OK to ALARM"),
		update(10, "nonsense", "Alarm updated from INSUFFICIENT_DATA to OK"),
		update(5, "nonsense", "nonsense"),
		runlog.AlarmHistoryItem{Timestamp: at(1), HistoryItemType: "ConfigurationUpdate"})
	r.history(31, "low", update(15, `{"oldState":{"stateValue":"ALARM"},"newState":{"stateValue":"OK"}}`, ""))
	r.history(32, "high", update(20, `{"oldState":{"stateValue":"OK"},"newState":{"stateValue":"ALARM","stateReason":"because"}}`,
		"Alarm updated from OK to ALARM"))
	tl := timeline.New(r.cloud, subject)
	var got []string
	for _, tr := range tl.Transitions("high") {
		got = append(got, tr.From.StateValue+" → "+tr.To.StateValue)
	}
	if want := []string{" → ", "INSUFFICIENT_DATA → OK", "OK → ALARM"}; !slices.Equal(got, want) {
		t.Errorf("transitions of high = %q, want %q", got, want)
	}
	last := tl.Transitions("high")[2]
	if !last.Readable || last.To.StateReason != "because" || last.Source.Seq != 3 || tl.Transitions("high")[1].Readable {
		t.Errorf("the last transition = %+v, want it readable, from observation 3", last)
	}
	if first := tl.History[len(tl.History)-1].First; first.Seq != 1 {
		t.Errorf("the last item was first reported by observation %d, want 1", first.Seq)
	}
	if all := tl.Transitions(""); len(all) != 4 || all[2].AlarmName != "low" {
		t.Errorf("transitions of all alarms = %+v, want 4 with low's at its time", all)
	}
	if n := len(tl.Answered[runlog.OpDescribeAlarmHistory]); n != 2 {
		t.Errorf("%d answers about high's history, want 2: low's is no watch over it", n)
	}
}
