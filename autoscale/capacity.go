package autoscale

import (
	"fmt"
	"maps"
	"slices"
	"time"
)

// reconcile brings a group's instances to its desired capacity. AWS replaces an
// unhealthy instance by terminating it first.
func (e *Engine) reconcile(now time.Time, g *group) {
	g.checkHealth(now)
	e.replaceUnhealthy(now, g)
	e.launchMissing(now, g)
	e.terminateExcess(now, g)
	if g.active == g.DesiredCapacity {
		g.change, g.replacing = change{warmup: g.defaultWarmup()}, 0
	}
	if g.cooldown > 0 && !slices.ContainsFunc(g.activities, (*Activity).inProgress) {
		g.cooldownUntil, g.cooldown = now.Add(g.cooldown), 0
	}
	// A tenth at once: one by one would move the whole list each time.
	if len(g.activities) > maxActivities+maxActivities/10 {
		g.forgetActivities(now)
	}
	if g.deleting && len(g.members) == 0 {
		delete(e.groups, g.Name)
	}
}

func (e *Engine) launchMissing(now time.Time, g *group) {
	missing := g.DesiredCapacity - g.active
	if missing <= 0 || g.deleting || g.isSuspended(ProcessLaunch) || now.Before(g.nextLaunch()) {
		return
	}
	replacing := min(missing, g.replacing)
	g.replacing -= replacing
	for range replacing {
		e.launch(now, g, fmt.Sprintf("At %s an instance was launched in response to an unhealthy instance needing to be replaced.",
			stamp(now)), false)
	}
	if missing == replacing {
		return
	}
	cause := sentences(append(slices.Clone(g.change.causes), fmt.Sprintf("At %s an instance was started in response to a difference "+
		"between desired and actual capacity, increasing the capacity from %d to %d.", stamp(now), g.active, g.DesiredCapacity))...)
	for g.active < g.DesiredCapacity {
		e.launch(now, g, cause, true)
	}
}

// launch asks for an instance in the zone that has the fewest.
func (e *Engine) launch(now time.Time, g *group, cause string, caused bool) {
	zone := slices.MinFunc(g.AvailabilityZones, func(a, b string) int { return g.zones[a] - g.zones[b] })
	m := &member{
		Instance: Instance{
			ID: e.instanceID(), AutoScalingGroupName: g.Name, AvailabilityZone: zone, LaunchTemplate: g.LaunchTemplate,
			LifecycleState: LifecyclePending, HealthStatus: Healthy, Protected: g.NewInstancesProtected, Launched: now,
		},
		group:  g,
		warmup: g.defaultWarmup(),
	}
	if caused {
		m.warmup = g.change.warmup
	}
	g.add(m)
	e.members[m.ID] = m
	m.launch = e.begin(now, m, launchDescription(m.ID), cause, caused)
	e.emit(LaunchInstance{InstanceID: m.ID, AutoScalingGroupName: g.Name, LaunchTemplate: g.LaunchTemplate, AvailabilityZone: zone})
}

func (e *Engine) terminateExcess(now time.Time, g *group) {
	excess := g.active - g.DesiredCapacity
	if excess <= 0 || g.isSuspended(ProcessTerminate) && !g.deleting {
		return
	}
	from, to := g.active, g.DesiredCapacity
	for range excess {
		m := e.victim(now, g)
		if m == nil { // all are protected from scale-in
			return
		}
		cause := sentences(append(slices.Clone(g.change.causes),
			fmt.Sprintf("At %s an instance was taken out of service in response to a difference between desired and actual capacity, "+
				"shrinking the capacity from %d to %d.", stamp(now), from, to),
			fmt.Sprintf("At %s instance %s was selected for termination.", stamp(now), m.ID))...)
		e.terminate(now, m, cause, true)
	}
}

// launchFailures is how launches have failed one after the other.
type launchFailures struct {
	count int
	since time.Time // of the first
	retry time.Time // no launch before
}

// Between failed launches AWS waits longer and longer; it does not say how
// long. After a day of nothing else it suspends the process.
// Source of the latter: EC2 Auto Scaling User Guide, "Administrative suspensions".
const (
	firstRetry    = 30 * time.Second
	longestRetry  = 15 * time.Minute
	failuresUntil = 24 * time.Hour
)

// failLaunch ends the launch of a member that did not come to run. The change of
// desired capacity has had its activity with it: a retry names it no more.
func (e *Engine) failLaunch(now time.Time, m *member, reason string) {
	g := m.group
	if reason == "" {
		reason = "Internal error."
	}
	m.launch.Description = "Launching a new EC2 instance.  Status Reason: " + reason + " Launching EC2 instance failed."
	m.launch.finish(now, ActivityFailed, reason+" Launching EC2 instance failed.")
	e.forget(m)
	f := &g.failures
	if now.Before(f.retry) { // another of the same batch
		return
	}
	if f.count == 0 {
		f.since = now
	}
	if now.Sub(f.since) >= failuresUntil {
		g.suspended[ProcessLaunch] = "Administrative suspension at " + stamp(now) + ": launches failed for 24 hours"
		return
	}
	f.retry = now.Add(min(firstRetry<<min(f.count, 10), longestRetry))
	f.count++
}

// earlyEnds is how instances have ended soon after they came into service, one after the other.
type earlyEnds struct {
	count int
	last  time.Time
	retry time.Time // no launch before
}

// An instance that ends by itself within a minute of its service is replaced at once when it is
// the first; each further one within ten minutes waits twice as long. AWS, whose instances take
// a minute to boot, slows down by itself; how, it does not say.
const (
	early       = time.Minute
	firstWait   = time.Second
	longestWait = 5 * time.Minute
	forgotten   = 10 * time.Minute
)

// endEarly notes that an instance in service ended by itself.
func (g *group) endEarly(now time.Time, m *member) {
	if now.Sub(m.Instance.InService) >= early {
		return
	}
	n := &g.ends
	if now.Sub(n.last) > forgotten {
		*n = earlyEnds{}
	}
	if n.count > 0 {
		n.retry = now.Add(min(firstWait<<min(n.count-1, 10), longestWait))
	}
	n.count, n.last = n.count+1, now
}

// nextLaunch is before when nothing is launched; zero: something may be.
func (g *group) nextLaunch() time.Time {
	if g.ends.retry.After(g.failures.retry) {
		return g.ends.retry
	}
	return g.failures.retry
}

// retryDue is when a launch that waits is tried again; zero: there is none.
func (g *group) retryDue(now time.Time) time.Time {
	if g.active >= g.DesiredCapacity || g.deleting || g.isSuspended(ProcessLaunch) || !g.nextLaunch().After(now) {
		return time.Time{}
	}
	return g.nextLaunch()
}

// groupsDue is when a group next has something to do by itself; zero: never.
func (e *Engine) groupsDue() time.Time {
	var due time.Time
	for g := range maps.Values(e.groups) {
		due = earlier(due, earlier(g.graceDue(e.now), g.retryDue(e.now)))
	}
	return due
}
