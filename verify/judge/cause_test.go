package judge

import (
	"testing"
	"time"
)

// The sentences are AWS's own: EC2 Auto Scaling User Guide and public logs.
func TestCausesAreToldApart(t *testing.T) {
	tests := []struct {
		name, cause string
		want        kind
	}{
		{"an alarm", "At 2024-01-12T16:42:02Z a monitor alarm A in state ALARM triggered policy P changing the desired capacity from 1 to 2.  " +
			"At 2024-01-12T16:42:10Z an instance was started in response to a difference between desired and actual capacity, increasing the " +
			"capacity from 1 to 2.", byAlarm},
		{"an executed policy", "At 2018-01-01T00:00:00Z a user request executed policy P changing the desired capacity from 1 to 2.",
			byExecution},
		{"a capacity set by hand", "At 2015-01-01T00:00:00Z a user request explicitly set group desired capacity changing the desired " +
			"capacity from 1 to 2.", byHand},
		{"constraints", "At 2015-01-01T00:00:00Z a user request update of AutoScalingGroup constraints to min: 1, max: 5, desired: 3 changing " +
			"the desired capacity from 1 to 3.", byConstraints},
		{"a schedule", "At 2015-01-01T00:00:00Z a scheduled action update of AutoScalingGroup constraints to min: 1, max: 5, desired: 2 " +
			"changing the desired capacity from 1 to 2.", bySchedule},
		{"a new group", "At 2015-01-01T00:00:00Z a user request created an AutoScalingGroup changing the desired capacity from 0 to 1.",
			byCreation},
		{"a failed health check", "At 2015-01-01T00:00:00Z an instance was taken out of service in response to an ELB system health check " +
			"failure.", byHealth},
		{"a replacement", "At 2015-01-01T00:00:00Z an instance was launched in response to an unhealthy instance needing to be replaced.",
			byHealth},
		{"a refresh", "At 2015-01-01T00:00:00Z an instance was taken out of service in response to an instance refresh.", byRefresh},
		{"zones", "At 2015-01-01T00:00:00Z instances were launched to balance instances in zones a with other zones resulting in more than " +
			"desired number of instances in the group.", byRebalance},
		{"a bare difference", "At 2015-01-01T00:00:00Z an instance was started in response to a difference between desired and actual " +
			"capacity, increasing the capacity from 1 to 2.", byUnknown},
		{"instances launched by LaunchInstances", "At 2026-01-01T00:00:00Z a user request launched instances, increasing the capacity from " +
			"1 to 2.", byHand},
		{"an instance terminated by hand", "At 2026-01-01T00:00:00Z instance i-1 was taken out of service in response to a user request, " +
			"shrinking the capacity from 2 to 1.", byHand},
		{"nothing", "", byUnknown},
	}
	for _, test := range tests {
		if got := kindOf(test.cause); got != test.want {
			t.Errorf("kindOf(%s) = %s, want %s", test.name, got, test.want)
		}
	}
}

func TestTheAlarmsSentenceIsReadExactly(t *testing.T) {
	got := triggersOf("At 2024-01-12T16:42:02Z a monitor alarm cpu over 20 % in state ALARM triggered policy scale out changing the " +
		"desired capacity from 1 to 2.")
	want := trigger{time.Date(2024, 1, 12, 16, 42, 2, 0, time.UTC), "cpu over 20 %", "scale out", 1, 2}
	if len(got) != 1 || got[0] != want {
		t.Errorf("triggersOf = %+v, want %+v", got, want)
	}
	for _, cause := range []string{
		"At noon a monitor alarm A in state ALARM triggered policy P changing the desired capacity from 1 to 2.",
		"At 2024-01-12T16:42:02Z a monitor alarm A in state OK triggered policy P changing the desired capacity from 1 to 2.",
		"At 2024-01-12T16:42:02Z a monitor alarm A in state ALARM triggered policy P changing the desired capacity from 1 to " +
			"99999999999999999999.",
	} {
		if got := triggersOf(cause); len(got) != 0 {
			t.Errorf("triggersOf(%q) = %+v, want none", cause, got)
		}
	}
}

func FuzzTriggersOf(f *testing.F) {
	f.Add("At 2024-01-12T16:42:02Z a monitor alarm A in state ALARM triggered policy P changing the desired capacity from 1 to 2.")
	f.Add("a monitor alarm in state ALARM triggered policy changing the desired capacity from -1 to 2.")
	f.Fuzz(func(t *testing.T, cause string) {
		for _, tr := range triggersOf(cause) {
			if tr.alarm == "" || tr.policy == "" || tr.at.IsZero() && cause == "" || tr.from < 0 {
				t.Errorf("triggersOf(%q) = %+v, want names and a time", cause, tr)
			}
		}
	})
}
