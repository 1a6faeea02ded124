package judge

import (
	"fmt"
	"slices"
	"strings"

	"secondwind/runlog"
)

// noOtherServers: what answered the load, and what the load balancer could send it to,
// was the group's alone. Else others share the load, and the group's CPU tells nothing.
func (t *analysis) noOtherServers() Finding {
	f := expect("confounder.other-servers", "other servers", "every answer and every target is of an instance of the group")
	if !t.h.Identity.ByAnswer() {
		f.Expected = "the group's targets answered all requests, and every target is of an instance of the group"
		if status, why, by := t.othersAnswered(); status != Held {
			return f.with(status, evidence(by), "%s", why)
		}
	} else if id, line := t.unknownAnswer(); line > 0 {
		if id == "" {
			return f.with(Broken, loadEvidence(line), "an answer names no instance")
		}
		return f.with(Broken, loadEvidence(line), "%s answered, which the group never had", id)
	}
	members := t.members()
	for _, h := range t.cloud.Health {
		for _, d := range h.Value {
			if t.judged(t.aws(h.Received)) && !members[d.Target.Id] {
				return f.with(Broken, evidence(h.Observation), "target %s (%s) is not the group's", d.Target.Id, d.TargetHealth.State)
			}
		}
	}
	for _, r := range t.cloud.Routes {
		if other := t.sharedWith(r.Value); other != "" && t.judged(t.aws(r.Received)) {
			return f.with(Broken, evidence(r.Observation), "the load balancer shares the requests with target group %s", other)
		}
	}
	return f.held("none")
}

// members are the instances that the group ever had: those that it listed, and those
// that its activities launched.
func (t *analysis) members() map[string]bool {
	known := map[string]bool{}
	for _, g := range t.cloud.Groups {
		for _, i := range g.Value.Instances {
			known[i.InstanceId] = true
		}
	}
	for _, a := range t.cloud.Activities {
		if id := launchedInstance(a.Value); id != "" {
			known[id] = true
		}
	}
	return known
}

// unknownAnswer is the first id in the answers to the load that the group never had, and
// the line that has it; 0 if there is none.
func (t *analysis) unknownAnswer() (id string, line int64) {
	known := t.members()
	for _, s := range t.load.seconds {
		if !t.judged(t.aws(s.start)) {
			continue
		}
		var found []string
		for id, i := range s.Instances {
			if !known[id] && i.Completed > 0 {
				found = append(found, id)
			}
		}
		if len(found) > 0 {
			return slices.Min(found), s.line
		}
	}
	return "", 0
}

// sharedWith is another target group among which the action divides the requests that
// come to the group's; "" if there is none.
func (t *analysis) sharedWith(a runlog.ListenerAction) string {
	if len(t.cloud.Groups) == 0 {
		return ""
	}
	ours, other := false, ""
	for _, g := range a.ForwardConfig.TargetGroups {
		if slices.Contains(t.cloud.Groups[0].Value.TargetGroupARNs, g.TargetGroupArn) {
			ours = true
		} else {
			other = g.TargetGroupArn
		}
	}
	if !ours {
		return ""
	}
	return other
}

// answeredBy says who answered if the new instance did not; "" if nobody else did.
func (t *analysis) answeredBy() string {
	var others []string
	known := t.members()
	for _, s := range t.load.seconds {
		for id, i := range s.Instances {
			if id != "" && !known[id] && i.Completed > 0 && !slices.Contains(others, id) {
				others = append(others, id)
			}
		}
	}
	if len(others) == 0 {
		return ""
	}
	slices.Sort(others)
	return fmt.Sprintf("%s answered, which the group never had", strings.Join(others, ", "))
}
