package autoscale

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"
)

// maxGroups is the quota of a Region. Source: EC2 Auto Scaling User Guide, "Quotas".
const maxGroups = 500

// CreateGroup creates a group; its instances are launched by the next Step. The
// error is an *Error.
func (e *Engine) CreateGroup(now time.Time, config Group) error {
	now = e.advance(now)
	if e.groups[config.Name] != nil {
		return refuse(codeAlreadyExists,
			"AutoScalingGroup by this name already exists - A group with the name %s already exists", config.Name)
	}
	config = config.withDefaults()
	if err := config.Validate(); err != nil {
		return err
	}
	if len(e.groups) >= maxGroups {
		return refuse(codeLimitExceeded, "There are %d groups, and may not be more", maxGroups)
	}
	if len(config.AvailabilityZones) == 0 {
		config.AvailabilityZones = []string{e.region + "a"}
	}
	g := &group{
		Group: config, arn: e.groupARN(config.Name), created: now,
		suspended: map[Process]string{}, suspects: map[string]*member{},
		zones: map[string]int{}, attached: map[string]bool{},
	}
	e.groups[config.Name] = g
	g.changeDesired(now, *config.DesiredCapacity, origin{text: "a user request created an AutoScalingGroup", warmup: g.defaultWarmup()})
	e.dirty = true
	return nil
}

// UpdateGroup changes a group. A desired capacity outside new sizes moves to the
// nearer one, unless it is given too: then it must fit. The error is an *Error.
func (e *Engine) UpdateGroup(now time.Time, name string, u GroupUpdate) error {
	now = e.advance(now)
	g, err := e.changeable(name)
	if err != nil {
		return err
	}
	next := g.Group
	set(&next.LaunchTemplate, u.LaunchTemplate)
	set(&next.MinSize, u.MinSize)
	set(&next.MaxSize, u.MaxSize)
	next.DefaultCooldown = cmp.Or(u.DefaultCooldown, next.DefaultCooldown)
	next.DefaultInstanceWarmup = cmp.Or(u.DefaultInstanceWarmup, next.DefaultInstanceWarmup)
	if u.RemoveDefaultInstanceWarmup {
		next.DefaultInstanceWarmup = nil
	}
	set(&next.HealthCheckType, u.HealthCheckType)
	set(&next.HealthCheckGracePeriod, u.HealthCheckGracePeriod)
	set(&next.NewInstancesProtected, u.NewInstancesProtected)
	desired := max(next.MinSize, min(g.DesiredCapacity, next.MaxSize))
	set(&desired, u.DesiredCapacity)
	if desired < 0 {
		return invalid("DesiredCapacity (%d) must not be negative", desired)
	}
	next.DesiredCapacity = &desired
	next = next.withDefaults()
	if err := next.Validate(); err != nil {
		return err
	}
	g.Group = next
	g.failures = launchFailures{} // what was wrong may just have been put right
	g.changeDesired(now, desired, origin{
		text: fmt.Sprintf("a user request update of AutoScalingGroup constraints to min: %d, max: %d, desired: %d",
			g.MinSize, g.MaxSize, desired),
		warmup: g.defaultWarmup(),
	})
	e.dirty = true
	return nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// DeleteGroup deletes a group and its policies. Without force it must have no
// instances and no activity in progress; with force its instances are
// terminated without draining, and the group is gone when they are. The error
// is an *Error.
// Source: EC2 Auto Scaling API Reference, DeleteAutoScalingGroup.
func (e *Engine) DeleteGroup(now time.Time, name string, force bool) error {
	now = e.advance(now)
	g := e.groups[name]
	if g == nil {
		return groupNotFound(name)
	}
	if !force && (g.active > 0 || g.DesiredCapacity > 0 && !g.isSuspended(ProcessLaunch)) {
		return refuse(codeResourceInUse, "You cannot delete an AutoScalingGroup while there are instances or "+
			"pending Spot instance request(s) still in the group.")
	}
	if !force && len(g.members) > 0 {
		return refuse(codeActivityInProgress, "You cannot delete an AutoScalingGroup while there are "+
			"scaling activities in progress for that group.")
	}
	g.deleting = true
	for _, p := range e.groupPolicies(name) {
		e.deletePolicy(now, p)
	}
	if len(g.members) == 0 {
		delete(e.groups, name)
		return nil
	}
	for _, m := range slices.Clone(g.members) {
		if !m.isActive() && m.termination.StatusCode == ActivityWaitingForELBConnectionDraining {
			e.end(now, m)
		}
	}
	g.MinSize, g.MaxSize = 0, 0
	g.changeDesired(now, 0, origin{text: "a user request force deleted AutoScalingGroup"})
	e.dirty = true
	return nil
}

// SetDesiredCapacity sets the desired capacity; with honorCooldown it is refused
// while an activity or a cooldown is in progress. The error is an *Error.
func (e *Engine) SetDesiredCapacity(now time.Time, name string, n int, honorCooldown bool) error {
	now = e.advance(now)
	g, err := e.changeable(name)
	if err != nil {
		return err
	}
	switch {
	case n > g.MaxSize:
		return invalid("New SetDesiredCapacity value %d is above max value %d for the AutoScalingGroup.", n, g.MaxSize)
	case n < g.MinSize:
		return invalid("New SetDesiredCapacity value %d is below min value %d for the AutoScalingGroup.", n, g.MinSize)
	case honorCooldown && g.blocked(now) != nil:
		return g.blocked(now)
	}
	g.changeDesired(now, n, origin{text: "a user request explicitly set group desired capacity", warmup: g.defaultWarmup()})
	e.dirty = true
	return nil
}

// AttachTargetGroups attaches target groups and registers the instances that
// are InService. Those attached already stay as they are.
func (e *Engine) AttachTargetGroups(now time.Time, name string, arns ...string) error {
	e.advance(now)
	g, err := e.changeable(name)
	if err != nil {
		return err
	}
	if slices.Contains(arns, "") {
		return invalid("Provided Target Groups may not be valid. Please ensure they exist and try again.")
	}
	for _, arn := range arns {
		if slices.Contains(g.TargetGroupARNs, arn) {
			continue
		}
		g.TargetGroupARNs = append(g.TargetGroupARNs, arn)
		for _, m := range g.members {
			if m.LifecycleState == LifecycleInService && !g.isSuspended(ProcessAddToLoadBalancer) {
				e.register(m, arn)
			}
		}
	}
	return nil
}

// DetachTargetGroups detaches target groups and deregisters the instances.
func (e *Engine) DetachTargetGroups(now time.Time, name string, arns ...string) error {
	e.advance(now)
	g, err := e.changeable(name)
	if err != nil {
		return err
	}
	for _, arn := range arns {
		if !slices.Contains(g.TargetGroupARNs, arn) {
			return invalid("Target group %s is not attached to group %s", arn, name)
		}
	}
	for _, arn := range arns {
		g.TargetGroupARNs = slices.DeleteFunc(g.TargetGroupARNs, func(a string) bool { return a == arn })
		delete(g.attached, arn)
		for _, m := range g.members {
			if _, registered := m.targets[arn]; registered && m.LifecycleState == LifecycleInService {
				e.emit(DeregisterTarget{TargetGroupARN: arn, InstanceID: m.ID})
				m.setTarget(arn, TargetDrained)
			}
		}
	}
	return nil
}

// Group returns the group of that name. The error is an *Error.
func (e *Engine) Group(name string) (GroupStatus, error) {
	g := e.groups[name]
	if g == nil {
		return GroupStatus{}, groupNotFound(name)
	}
	return g.status(), nil
}

// Groups returns every group, by name.
func (e *Engine) Groups() []GroupStatus {
	all := make([]GroupStatus, 0, len(e.groups))
	for _, name := range slices.Sorted(maps.Keys(e.groups)) {
		all = append(all, e.groups[name].status())
	}
	return all
}

// origin is why a desired capacity changes.
type origin struct {
	text   string         // "a user request …", for the Cause
	alarm  *invokingAlarm // nil: none
	warmup time.Duration  // of the instances that are launched for it
}

// change is what happened to the desired capacity since the instances last
// matched it.
type change struct {
	causes []string
	alarms []*invokingAlarm
	warmup time.Duration
}

// maxCauses is how many changes are remembered while a group cannot follow them.
const maxCauses = 5

// changeDesired sets the desired capacity and reports whether it is another one.
func (g *group) changeDesired(now time.Time, to int, o origin) bool {
	from := g.DesiredCapacity
	if to == from {
		return false
	}
	g.DesiredCapacity = to
	g.change.causes = append(g.change.causes, fmt.Sprintf("At %s %s changing the desired capacity from %d to %d.",
		stamp(now), o.text, from, to))
	g.change.causes = g.change.causes[max(0, len(g.change.causes)-maxCauses):]
	if o.alarm != nil {
		g.change.alarms = append(g.change.alarms, o.alarm)
		g.change.alarms = g.change.alarms[max(0, len(g.change.alarms)-maxCauses):]
	}
	g.change.warmup = o.warmup
	return true
}
