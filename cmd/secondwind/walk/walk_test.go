package walk

import (
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/observe"
)

// rested is a group that is a baseline.
func rested() observe.State {
	var target runlog.TargetHealthDescription
	target.Target.Id, target.TargetHealth.State = "i-1", "healthy"
	return observe.State{
		Group:   runlog.AutoScalingGroup{DesiredCapacity: 1, Instances: []runlog.Instance{{InstanceId: "i-1", LifecycleState: "InService"}}},
		Alarms:  []runlog.MetricAlarm{{AlarmName: "high", StateValue: "OK"}},
		Targets: []runlog.TargetHealthDescription{target},
	}
}

func TestUnrestNamesWhatKeepsAGroupFromBeingABaseline(t *testing.T) {
	cases := []struct {
		name   string
		change func(*observe.State)
		want   string
	}{
		{"two instances", func(s *observe.State) {
			s.Group.Instances = append(s.Group.Instances, runlog.Instance{InstanceId: "i-2", LifecycleState: "Pending"})
		}, "2 instances"},
		{"an instance that is not InService", func(s *observe.State) { s.Group.Instances[0].LifecycleState = "Pending" }, "not in service"},
		{"a target that is not healthy", func(s *observe.State) { s.Targets = nil }, "not in service and healthy"},
		{"an alarm that went off already", func(s *observe.State) { s.Alarms[0].StateValue = "ALARM" }, "\"ALARM\""},
		{"an alarm that is not there", func(s *observe.State) { s.Alarms = nil }, "alarm high"},
		{"no datapoint", func(*observe.State) {}, "no datapoint"},
	}
	for _, c := range cases {
		state := rested()
		c.change(&state)
		if got := unrest(state, runlog.Hypothesis{AlarmName: "high"}); !strings.Contains(got, c.want) {
			t.Errorf("%s: unrest = %q, want it to say %q", c.name, got, c.want)
		}
	}
}

func TestDeadlineSumsTheLinksAskedFor(t *testing.T) {
	w := New(Config{Hypothesis: runlog.Hypothesis{PeriodSeconds: 10, Deadlines: []runlog.Deadline{
		{Link: "e1", Terms: []runlog.Term{{Seconds: 20}}},
		{Link: "e2", Terms: []runlog.Term{{Seconds: 2}, {Seconds: 10}}},
		{Link: "e7", Terms: []runlog.Term{{Seconds: 42}}},
	}}})
	if got := w.deadline("e1", "e6"); got != 32*time.Second {
		t.Errorf("deadline(e1, e6) = %s, want 32s", got)
	}
	if got := w.deadline("e7", "e7"); got != 42*time.Second {
		t.Errorf("deadline(e7, e7) = %s, want 42s", got)
	}
}
