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
		x.findIf(t.BaselinePercent >= a.Threshold, Warning, "credits.baseline", name,
			fmt.Sprintf("Its baseline of %g %% is not below the threshold of %g %%, which it can reach without any credits.",
				t.BaselinePercent, a.Threshold),
			"Choose a type with a lower baseline (t3.micro: 10 %), or one that is not burstable.")
		x.checkBalance(name, t, a.Threshold)
	}
}

// checkBalance reports whether the credits last for control, chain and hold.
func (x *examination) checkBalance(name string, t burstable.Type, threshold float64) {
	load := min(threshold*x.band(threshold), 100)
	burn := t.VCPUs*60*load/100 - t.CreditsPerHour // an hour
	needs := burn * x.report.ExpectSeconds / 3600
	switch mode := x.creditMode(name); {
	case mode == "unlimited":
		x.find(Note, "credits.unlimited", name,
			fmt.Sprintf("It is in unlimited mode: average CPU above its baseline of %g %% costs $0.05 per vCPU-hour (t4g: $0.04).",
				t.BaselinePercent),
			"No change is needed; `secondwind cost` includes these credits.")
	case mode == "" || burn <= 0 || x.facts.balances == nil: // a question that was not answered is a finding already
	case len(x.facts.balances) == 0:
		x.find(Note, "credits.unknown", name,
			fmt.Sprintf("CloudWatch has no CPU credit balance of it (EC2 publishes one every 5 minutes); the run needs %.1f credits.", needs),
			"No change is needed for a new instance (a t2 starts with 30); otherwise, run the doctor again in 5 minutes. "+
				"An endpoint that emulates AWS, such as the local cloud, may never publish one.")
	case slices.Min(x.facts.balances) < needs:
		have := slices.Min(x.facts.balances)
		x.find(Error, "credits.low", name,
			fmt.Sprintf("It has %.1f CPU credits. At %g %% CPU they last %.0f of the %.0f minutes that the run takes; "+
				"after that it is held at %g %% and cannot cross %g %%.",
				have, load, have/burn*60, x.report.ExpectSeconds/60, t.BaselinePercent, threshold),
			fmt.Sprintf("Let it idle for %.0f minutes, launch a new instance, or switch it to unlimited mode "+
				"(`aws ec2 modify-instance-credit-specification`).", (needs-have)/t.CreditsPerHour*60))
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
