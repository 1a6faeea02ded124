package autoscale

import (
	"slices"
	"time"
)

// TerminationPolicy is a rule by which scale-in narrows down what to terminate.
type TerminationPolicy string

// The termination policies. AllocationStrategy concerns Spot instances, and
// chooses nothing here.
const (
	TerminateDefault                   TerminationPolicy = "Default"
	TerminateOldestInstance            TerminationPolicy = "OldestInstance"
	TerminateNewestInstance            TerminationPolicy = "NewestInstance"
	TerminateOldestLaunchTemplate      TerminationPolicy = "OldestLaunchTemplate"
	TerminateOldestLaunchConfiguration TerminationPolicy = "OldestLaunchConfiguration"
	TerminateClosestToNextInstanceHour TerminationPolicy = "ClosestToNextInstanceHour"
	TerminateAllocationStrategy        TerminationPolicy = "AllocationStrategy"
)

func validateTerminationPolicies(names []TerminationPolicy) error {
	known := []TerminationPolicy{TerminateDefault, TerminateOldestInstance, TerminateNewestInstance, TerminateOldestLaunchTemplate,
		TerminateOldestLaunchConfiguration, TerminateClosestToNextInstanceHour, TerminateAllocationStrategy}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return invalid("'%s' is not a valid termination policy; those are %s", name, commas(known))
		}
	}
	return nil
}

// victim selects the instance to terminate, or nil if all are protected from
// scale-in. One that is still Pending goes first: it serves nobody. Then: in the
// zone with the most instances, by the termination policies in their order, and
// at random among those that are left.
// Source: EC2 Auto Scaling User Guide, "Configure termination policies"; what
// happens to Pending instances is not written there.
func (e *Engine) victim(now time.Time, g *group) *member {
	// A group that is being deleted protects nobody.
	candidates := keep(g.members, func(m *member) bool { return m.isActive() && (!m.Protected || g.deleting) })
	if len(candidates) == 0 {
		return nil
	}
	if i := slices.IndexFunc(candidates, func(m *member) bool { return m.LifecycleState == LifecyclePending }); i >= 0 {
		return candidates[i]
	}
	crowded := slices.MaxFunc(candidates, func(a, b *member) int { return g.zones[a.AvailabilityZone] - g.zones[b.AvailabilityZone] })
	most := g.zones[crowded.AvailabilityZone]
	candidates = keep(candidates, func(m *member) bool { return g.zones[m.AvailabilityZone] == most })
	for _, policy := range g.TerminationPolicies {
		candidates = g.narrow(now, candidates, policy)
	}
	return candidates[e.rng.IntN(len(candidates))]
}

// narrow leaves the candidates that a termination policy would take: at least one.
func (g *group) narrow(now time.Time, candidates []*member, policy TerminationPolicy) []*member {
	switch policy {
	case TerminateOldestInstance:
		return least(candidates, func(m *member) int64 { return m.Launched.UnixNano() })
	case TerminateNewestInstance:
		return least(candidates, func(m *member) int64 { return -m.Launched.UnixNano() })
	case TerminateClosestToNextInstanceHour:
		return least(candidates, func(m *member) int64 { return int64(time.Hour - now.Sub(m.Launched)%time.Hour) })
	case TerminateOldestLaunchTemplate, TerminateOldestLaunchConfiguration:
		return g.outdated(candidates)
	case TerminateDefault:
		return g.narrow(now, g.outdated(candidates), TerminateClosestToNextInstanceHour)
	case TerminateAllocationStrategy:
		return candidates
	}
	panic(impossible(policy))
}

// outdated leaves those not launched from the group's template, the oldest
// template first, if there are any.
func (g *group) outdated(candidates []*member) []*member {
	old := keep(candidates, func(m *member) bool { return m.LaunchTemplate != g.LaunchTemplate })
	if len(old) == 0 {
		return candidates
	}
	first := least(old, func(m *member) int64 { return m.Launched.UnixNano() })[0]
	return keep(old, func(m *member) bool { return m.LaunchTemplate == first.LaunchTemplate })
}

// least keeps the members with the smallest value.
func least(members []*member, value func(*member) int64) []*member {
	smallest := value(members[0])
	for _, m := range members[1:] {
		smallest = min(smallest, value(m))
	}
	return keep(members, func(m *member) bool { return value(m) == smallest })
}

func keep(members []*member, is func(*member) bool) []*member {
	var kept []*member
	for _, m := range members {
		if is(m) {
			kept = append(kept, m)
		}
	}
	return kept
}
