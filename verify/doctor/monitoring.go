package doctor

import (
	"fmt"
	"time"

	"secondwind/runlog"
)

// basicPeriod is how often EC2 publishes CPUUtilization without detailed monitoring.
const basicPeriod = 5 * time.Minute

// checkMonitoring compares the alarm's period with how often EC2 publishes.
func (x *examination) checkMonitoring(a runlog.MetricAlarm) {
	period := time.Duration(a.Period) * time.Second
	if period >= basicPeriod {
		return // both kinds of monitoring are enough
	}
	if t := x.facts.template; t != nil && !t.Monitoring {
		x.find("monitoring.basic", t.name, fmt.Sprintf(
			"Detailed monitoring is off: EC2 publishes CPU every 5 minutes, and the alarm's period of %s finds no data in most of them.", period),
			"Switch Monitoring.Enabled on in a new version of the template, and replace the instance (terraform/ has it on).")
	}
	for _, i := range x.facts.instances {
		if i.Monitoring == "disabled" || i.Monitoring == "disabling" {
			x.find("monitoring.instance", "instance "+i.ID,
				"It runs with basic monitoring: it has CPU every 5 minutes only.",
				fmt.Sprintf("aws ec2 monitor-instances --instance-ids %s.", i.ID))
		}
	}
}
