package formula

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"secondwind/runlog"
)

// harmless are calls that change nothing that a run could show.
var harmless = regexp.MustCompile(`Tags|TagResource|NotificationConfiguration|MetricsCollection`)

// subjects are the names of what the run is about.
func (t *Trace) subjects() map[string]bool {
	about := map[string]bool{t.h.AutoScalingGroupName: true, t.h.AlarmName: true, t.h.PolicyName: true, t.h.TargetGroupARN: true}
	for _, listed := range t.policies {
		for _, p := range listed.value {
			about[p.PolicyName], about[p.PolicyARN] = true, true
			for _, a := range p.Alarms {
				about[a.AlarmName] = true
			}
		}
	}
	for _, g := range t.groups {
		about[g.value.AutoScalingGroupARN], about[g.value.LaunchTemplate.LaunchTemplateId] = true, true
		for _, i := range g.value.Instances {
			about[i.InstanceId] = true
		}
	}
	for _, g := range t.targetGroups {
		for _, arn := range g.value.LoadBalancerArns {
			about[arn] = true
		}
	}
	delete(about, "")
	return about
}

// unchanging are members that name what a call does not change.
var unchanging = []string{"dimensions", "metrics", "tags", "tagSet", "tagSpecificationSet", "tagSpecifications"}

// mentions is whether a call names one of the subjects, or a listener of one.
func mentions(e runlog.AuditEvent, about map[string]bool) bool {
	var in func(any) bool
	in = func(v any) bool {
		switch is := v.(type) {
		case string:
			balancer := strings.NewReplacer(":listener-rule/", ":loadbalancer/", ":listener/", ":loadbalancer/").Replace(is)
			for ; strings.Contains(balancer, ":loadbalancer/"); balancer = balancer[:strings.LastIndex(balancer, "/")] {
				if about[balancer] {
					return true
				}
			}
			return about[is]
		case []any:
			return slices.ContainsFunc(is, in)
		case map[string]any:
			for name, member := range is {
				if !slices.Contains(unchanging, name) && in(member) {
					return true
				}
			}
		}
		return false
	}
	record, readable := e.Record()
	for _, raw := range []json.RawMessage{record.RequestParameters, record.ResponseElements} {
		var all any
		if json.Unmarshal(raw, &all) == nil && in(all) {
			return true
		}
	}
	return !readable || slices.ContainsFunc(e.Resources, func(r runlog.AuditResource) bool { return in(r.ResourceName) })
}

func listed(g runlog.AutoScalingGroup) map[string]bool {
	ids := map[string]bool{}
	for _, i := range g.Instances {
		ids[i.InstanceId] = true
	}
	return ids
}

// launched are the instances that activities launched; only the claim's.
func (t *Trace) launched(claims bool) map[string]bool {
	ids := map[string]bool{}
	for _, a := range t.activities {
		from, to, ours := t.byAlarm(a)
		ours = ours && from >= t.h.From() && to <= t.h.To()
		if id, ok := strings.CutPrefix(a.Description, "Launching a new EC2 instance: "); ok && (ours || !claims) {
			ids[id] = true
		}
	}
	return ids
}

// scaledIn is whether the group's own scale-in alarm took an instance.
func (t *Trace) scaledIn(a runlog.Activity) bool {
	alarm, policy := t.scaleIn()
	m := caused.FindStringSubmatch(a.Cause)
	return m != nil && policy != nil && m[1] == alarm.AlarmName && m[2] == policy.PolicyName && strings.HasPrefix(a.Description, "Terminating")
}

// changes are the sentences of a Cause that say when the capacity became what.
var changes = regexp.MustCompile(`At (\S+Z) [^.]*(?:changing the desired|increasing the|shrinking the) capacity from \d+ to (\d+)`)

// explained is that an activity launched each instance and changed each desired capacity; that those that
// joined are the claim's; and that those that were there stay, unless the group's own scale-in alarm took them.
func (t *Trace) explained() Truth {
	var first, joined, taken = map[string]bool(nil), map[string]bool{}, map[string]bool{}
	claimed, value, before := t.launched(true), True, sample[runlog.AutoScalingGroup]{}
	for _, a := range t.activities {
		if id, _, _ := strings.Cut(strings.TrimPrefix(a.Description, "Terminating EC2 instance: "), " "); t.scaledIn(a) {
			taken[id] = true
		}
	}
	for _, g := range t.groups {
		if !t.under(g.received) {
			continue
		}
		if first == nil {
			first, before = listed(g.value), g
		}
		for id := range listed(g.value) {
			value = And(value, Of(first[id] || claimed[id]))
		}
		serving := g.value.InService()
		for _, id := range serving {
			joined[id] = true
		}
		for id := range joined {
			value = And(value, Of(slices.Contains(serving, id) || taken[id]))
		}
		is, was := g.value.DesiredCapacity, before.value.DesiredCapacity
		value, before = And(value, Of(is == was || t.became(is, before.sent, g.received))), g
	}
	return value
}

// became is whether an activity says that the capacity became n in that time, or as long before as an answer may lag.
func (t *Trace) became(n int, from, to time.Time) bool {
	lag := 2 * stale
	if terms := t.h.Deadline(runlog.LinkScalingActivity).Terms; len(terms) > 0 {
		lag = max(lag, terms[:1].Duration())
	}
	for _, a := range t.activities {
		for _, m := range changes.FindAllStringSubmatch(a.Cause, -1) {
			at, err := time.Parse(time.RFC3339, m[1])
			if err == nil && m[2] == strconv.Itoa(n) && !at.Before(from.Add(-t.bound()-lag).Truncate(time.Second)) && !at.After(to.Add(t.bound())) {
				return true
			}
		}
	}
	return false
}

// servers is that every target, and whoever answered, is an instance of the group, and that no other target group shares
// its requests.
func (t *Trace) servers() Truth {
	members, value := t.launched(false), True
	for _, g := range t.groups {
		for id := range listed(g.value) {
			members[id] = true
		}
	}
	for _, h := range t.health {
		for _, d := range h.value {
			value = And(value, Of(!t.under(h.received) || members[d.Target.Id]))
		}
	}
	for _, l := range t.record.Load {
		if l.Second == nil || !t.under(t.aws(l.Time.Add(-runlog.Seconds(l.Second.IntervalSeconds)))) {
			continue
		}
		for id, i := range l.Second.Instances {
			value = And(value, Of(members[id] || i.Completed == 0 || !t.h.Identity.ByAnswer()))
		}
	}
	for _, r := range t.routes {
		for _, action := range r.value {
			ours, all := 0, action.ForwardConfig.TargetGroups
			for _, g := range all {
				if len(t.groups) > 0 && slices.Contains(t.groups[0].value.TargetGroupARNs, g.TargetGroupArn) {
					ours++
				}
			}
			value = And(value, Of(!t.under(r.received) || ours == 0 || ours == len(all)))
		}
	}
	return value
}
