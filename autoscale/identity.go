package autoscale

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"
)

// identity makes ids and ARNs: deterministic, so that a run can be replayed.
type identity struct {
	region, account string
	rng             *rand.Rand
}

// instanceID returns "i-" and 17 hexadecimal digits, as EC2 has given since 2016.
func (i identity) instanceID() string { return fmt.Sprintf("i-0%016x", i.rng.Uint64()) }

// uuid returns a random UUID (version 4).
func (i identity) uuid() string {
	a, b := i.rng.Uint64(), i.rng.Uint64()
	a = a&^0xf000 | 0x4000
	b = b&^(0xc<<60) | 0x8<<60
	return fmt.Sprintf("%08x-%04x-%04x-%04x-%012x", a>>32, a>>16&0xffff, a&0xffff, b>>48, b&0xffffffffffff)
}

func (i identity) alarmARN(name string) string {
	return fmt.Sprintf("arn:aws:cloudwatch:%s:%s:alarm:%s", i.region, i.account, name)
}

func (i identity) groupARN(name string) string {
	return fmt.Sprintf("arn:aws:autoscaling:%s:%s:autoScalingGroup:%s:autoScalingGroupName/%s",
		i.region, i.account, i.uuid(), name)
}

func (i identity) policyARN(group, name string) string {
	return fmt.Sprintf("arn:aws:autoscaling:%s:%s:scalingPolicy:%s:autoScalingGroupName/%s:policyName/%s",
		i.region, i.account, i.uuid(), group, name)
}

// isPolicyARN reports whether an alarm action is a scaling policy: only those
// are repeated while the alarm stays in its state.
func isPolicyARN(arn string) bool {
	return strings.HasPrefix(arn, "arn:aws:autoscaling:") && strings.Contains(arn, ":scalingPolicy:")
}

// regionNames are those Regions that alarm messages do not write as their code.
var regionNames = map[string]string{
	"us-east-1": "US East (N. Virginia)", "us-east-2": "US East (Ohio)",
	"us-west-1": "US West (N. California)", "us-west-2": "US West (Oregon)",
	"eu-west-1": "EU (Ireland)", "eu-central-1": "EU (Frankfurt)", "ap-southeast-2": "Asia Pacific (Sydney)",
}

// regionName returns the Region as alarm messages write it: "US East (N. Virginia)".
func (i identity) regionName() string { return cmp.Or(regionNames[i.region], i.region) }
