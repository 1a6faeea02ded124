package walk

import (
	"strings"
	"testing"

	"secondwind/runlog"
)

// rested is a group that is a baseline.
func rested() runlog.State {
	var target runlog.TargetHealthDescription
	target.Target.Id, target.TargetHealth.State = "i-1", "healthy"
	return runlog.State{
		Group:   runlog.AutoScalingGroup{DesiredCapacity: 1, Instances: []runlog.Instance{{InstanceId: "i-1", LifecycleState: "InService"}}},
		Alarms:  []runlog.MetricAlarm{{AlarmName: "high", StateValue: "OK"}},
		Targets: []runlog.TargetHealthDescription{target},
	}
}

func TestUnrestNamesWhatKeepsAGroupFromBeingABaseline(t *testing.T) {
	cases := []struct {
		name   string
		change func(*runlog.State)
		want   string
	}{
		{"two instances", func(s *runlog.State) {
			s.Group.Instances = append(s.Group.Instances, runlog.Instance{InstanceId: "i-2", LifecycleState: "Pending"})
		}, "2 instances"},
		{"an instance that is not InService", func(s *runlog.State) { s.Group.Instances[0].LifecycleState = "Pending" }, "not in service"},
		{"a target that is not healthy", func(s *runlog.State) { s.Targets = nil }, "not in service and healthy"},
		{"an alarm that went off already", func(s *runlog.State) { s.Alarms[0].StateValue = "ALARM" }, "\"ALARM\""},
		{"an alarm that is not there", func(s *runlog.State) { s.Alarms = nil }, "alarm high"},
		{"no datapoint", func(*runlog.State) {}, "no datapoint"},
	}
	for _, c := range cases {
		state := rested()
		c.change(&state)
		if got := unrest(state, runlog.Hypothesis{AlarmName: "high"}); !strings.Contains(got, c.want) {
			t.Errorf("%s: unrest = %q, want it to say %q", c.name, got, c.want)
		}
	}
}
