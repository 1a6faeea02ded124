package hypothesis

import (
	"testing"

	"secondwind/runlog"
)

func TestAnInstanceMayTakeTheGraceThatItsGroupGrantsToStart(t *testing.T) {
	for name, test := range map[string]struct {
		period, grace int
		want          float64 // seconds from InService to a healthy target, in addition to the check
	}{
		"a grace of minutes, for one that installs itself": {60, 300, 300},
		"a grace that is shorter than a start":             {60, 30, 60},
		"no grace":                                         {60, 0, 60},
		"processes need none of the usual":                 {10, 60, 2},
		"a process that starts within two minutes":         {10, 180, 120},
	} {
		t.Run(name, func(t *testing.T) {
			tg := runlog.TargetGroup{HealthCheckIntervalSeconds: 5, HealthCheckTimeoutSeconds: 2}
			for _, d := range Deadlines(runlog.MetricAlarm{Period: test.period}, tg, runlog.AutoScalingGroup{HealthCheckGracePeriod: test.grace},
				nil, "") {
				if d.Link == runlog.LinkTargetHealthy && d.Seconds() != test.want+7 {
					t.Errorf("e5 = %g s, want %g and 7 for the check", d.Seconds(), test.want)
				}
			}
		})
	}
}
