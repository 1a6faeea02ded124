package virtual_test

import (
	"secondwind/account/stack"
	"secondwind/loadgen/scenario"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// requestsPerTarget are soaks of groups that scale by the requests that each target is sent.
func requestsPerTarget() []soak {
	return []soak{
		{"target tracking on requests per target", tracking(scenario.PolicyAttached, true, 1), judge.Proved, ""},
		{"target tracking on requests per target, from three instances", tracking(scenario.PolicyAttached, true, 3), judge.Proved, ""},
		{"target tracking on requests per target, with its alarms' actions disabled", tracking(scenario.PolicyAttached, false, 1), judge.Refuted,
			"link.scaling-activity"},
		{"requests per target, without the policy", tracking(scenario.PolicyNone, true, 1), judge.Refuted, "link.scaling-activity"},
		{"requests per target, from three instances, without the policy", tracking(scenario.PolicyNone, true, 3), judge.Refuted,
			"link.scaling-activity"},
	}
}

func tracking(policy scenario.Policy, actions bool, from int) func(*virtual.Config) {
	return func(cfg *virtual.Config) {
		v := &cfg.Variables
		v.Policy, v.RequestsPerTarget = stack.PolicyTargetTracking, 1200
		v.MinSize, v.DesiredCapacity, v.MaxSize = from, from, 10
		cfg.Scenario.Local.Policy, cfg.Scenario.Local.AlarmActions = policy, actions
	}
}
