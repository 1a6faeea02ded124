package doctor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/burstable"
	"secondwind/runlog"
)

// noteTypes writes down which instance types the group has or, while it has no
// instance, will have.
func (x *examination) noteTypes() {
	types := &x.report.InstanceTypes
	for _, m := range x.facts.group.Instances {
		if name := aws.ToString(m.InstanceType); name != "" && !slices.Contains(*types, name) {
			*types = append(*types, name)
		}
	}
	if t := x.facts.template; t != nil && t.InstanceType != "" && len(*types) == 0 {
		*types = append(*types, t.InstanceType)
	}
}

// checkCredits examines burstable types: out of credits and not unlimited, an
// instance is held at its baseline, and can never cross a threshold above it.
func (x *examination) checkCredits(a runlog.MetricAlarm) {
	for _, name := range x.report.InstanceTypes {
		t, ok := burstable.Of(name)
		if !ok {
			continue
		}
		if t.BaselinePercent >= a.Threshold {
			x.find("credits.baseline", name, fmt.Sprintf(
				"Its baseline of %g %% is not under the threshold of %g %%: an instance without credits is held just there.", t.BaselinePercent,
				a.Threshold),
				"Choose a type with a lower baseline (t3.micro: 10 %), or one that is not burstable.")
		}
		x.checkBalance(name, t, a.Threshold)
	}
}

// checkBalance reports whether the credits last for control, chain and hold.
func (x *examination) checkBalance(name string, t burstable.Type, threshold float64) {
	switch mode := x.creditMode(name); {
	case mode == "":
		return // the permission is missing, and a finding
	case mode == "unlimited":
		x.find("credits.unlimited", name,
			fmt.Sprintf("It is unlimited: on average, what exceeds its baseline of %g %% costs $0.05 per vCPU-hour (t4g: $0.04).",
				t.BaselinePercent),
			"Nothing; `secondwind cost` counts them.")
		return
	}
	load := min(threshold*loadBand, 100)
	burn := t.VCPUs*60*load/100 - t.CreditsPerHour // an hour
	needs := burn * x.report.ExpectSeconds / 3600
	if burn <= 0 {
		return
	}
	if len(x.facts.balance.values) == 0 {
		if x.facts.answered[runlog.OpGetMetricData] {
			x.find("credits.unknown", name,
				fmt.Sprintf("Its CPU credits are published every 5 minutes, and not yet; the run takes %.1f.", needs),
				"Nothing for a new instance (a t2 starts with 30); else look again in 5 minutes.")
		}
		return
	}
	if have := x.facts.balance.values[0]; have < needs {
		x.find("credits.low", name,
			fmt.Sprintf("It has %.1f CPU credits. At %g %% they last %.0f minutes of the %.0f that the run takes; "+
				"then it is held at %g %% and cannot cross %g %%.",
				have, load, have/burn*60, x.report.ExpectSeconds/60, t.BaselinePercent, threshold),
			fmt.Sprintf("Let it idle for %.0f minutes, launch a fresh one, or switch it to unlimited "+
				"(aws ec2 modify-instance-credit-specification).", (needs-have)/t.CreditsPerHour*60))
	}
}

// creditMode is "standard" or "unlimited", "" where that is not known. Where AWS
// was not asked for want of an instance, the family's default holds.
func (x *examination) creditMode(name string) string {
	for _, m := range x.facts.group.Instances {
		if mode := x.facts.credits[aws.ToString(m.InstanceId)]; mode != "" && aws.ToString(m.InstanceType) == name {
			return mode
		}
	}
	switch {
	case x.facts.template != nil && x.facts.template.Credits != "":
		return x.facts.template.Credits
	case len(x.facts.group.Instances) > 0 && !x.facts.answered[opDescribeCredits]:
		return ""
	case strings.HasPrefix(name, "t2."):
		return "standard"
	}
	return "unlimited"
}
