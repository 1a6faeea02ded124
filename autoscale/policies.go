package autoscale

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// policy is a policy as the engine keeps it.
type policy struct {
	Policy
	high, low string // names of a target tracking policy's alarms; low "" if scale-in is disabled
}

// PutScalingPolicy creates a policy, or changes one, which keeps its ARN. A
// target tracking policy gets its alarms. The Policy that is returned has ARN
// and Alarms filled in; the error is an *Error.
func (e *Engine) PutScalingPolicy(now time.Time, config Policy) (Policy, error) {
	now = e.advance(now)
	if _, err := e.changeable(config.AutoScalingGroupName); err != nil {
		return Policy{}, err
	}
	config = config.withDefaults()
	if err := config.Validate(); err != nil {
		return Policy{}, err
	}
	p := e.policy(config.AutoScalingGroupName, config.Name)
	if p == nil {
		if len(e.groupPolicies(config.AutoScalingGroupName)) >= maxPolicies {
			return Policy{}, refuse(codeLimitExceeded, "Group %s has %d policies, and may not have more",
				config.AutoScalingGroupName, maxPolicies)
		}
		p = &policy{Policy: Policy{ARN: e.policyARN(config.AutoScalingGroupName, config.Name)}}
		e.policies[p.ARN] = p
	}
	config.ARN, config.Alarms = p.ARN, nil
	p.Policy = config
	e.putTrackingAlarms(now, p)
	return e.described(p), nil
}

// DeletePolicy deletes a policy and the alarms that target tracking made for it.
// Other alarms that name it stay.
func (e *Engine) DeletePolicy(now time.Time, group, name string) error {
	now = e.advance(now)
	if e.groups[group] == nil {
		return groupNotFound(group)
	}
	p := e.policy(group, name)
	if p == nil {
		return policyNotFound(name)
	}
	e.deletePolicy(now, p)
	return nil
}

func (e *Engine) deletePolicy(now time.Time, p *policy) {
	e.deleteAlarm(now, p.high)
	e.deleteAlarm(now, p.low)
	delete(e.policies, p.ARN)
}

// Policies returns every policy, by group and name.
func (e *Engine) Policies() []Policy {
	all := make([]Policy, 0, len(e.policies))
	for _, p := range e.policies {
		all = append(all, e.described(p))
	}
	slices.SortFunc(all, func(a, b Policy) int {
		return cmp.Or(strings.Compare(a.AutoScalingGroupName, b.AutoScalingGroupName), strings.Compare(a.Name, b.Name))
	})
	return all
}

// described is the policy as a caller sees it: with the alarms that name it.
func (e *Engine) described(p *policy) Policy {
	d := p.Policy.clone()
	for _, name := range slices.Sorted(maps.Keys(e.alarms)) {
		if a := e.alarms[name]; a.names(p.ARN) {
			d.Alarms = append(d.Alarms, PolicyAlarm{Name: a.Name, ARN: a.ARN})
		}
	}
	return d
}

func (e *Engine) policy(group, name string) *policy {
	for _, p := range e.policies {
		if p.AutoScalingGroupName == group && p.Name == name {
			return p
		}
	}
	return nil
}

// groupPolicies are a group's policies by name.
func (e *Engine) groupPolicies(group string) []*policy {
	var list []*policy
	for _, p := range e.policies {
		if p.AutoScalingGroupName == group {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *policy) int { return strings.Compare(a.Name, b.Name) })
	return list
}

func policyNotFound(name string) error { return invalid("No policy found with name or ARN: %s", name) }
