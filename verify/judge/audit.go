package judge

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
)

// ForeignCall is the ID of the finding that rests on an audit.
const ForeignCall = "confounder.foreign-call"

// call is an event of the audit that is about what the run is about.
type call struct {
	runlog.AuditEvent
	runlog.CloudTrailRecord
	line int64 // of the audit
}

// noForeignCall: whoever calls leaves a trace in CloudTrail, also where what the call did
// leaves none. The experiment itself calls nothing that changes anything, so that every
// such call in its time is somebody else's, whatever credentials it was signed with.
func (t *analysis) noForeignCall() Finding {
	f := expect(ForeignCall, "calls by others", "in CloudTrail, nobody but Auto Scaling changed what the run is about")
	a := t.r.Audit
	switch {
	case t.r.Hypothesis == nil:
		return f.notJudged(undeclared)
	case a == nil:
		return f.notJudged("not looked at: nobody has asked CloudTrail who called, which `secondwind audit` does")
	}
	from, to := t.auditWindow()
	var foreign, failed []call
	for _, c := range t.calls(from, to) {
		if c.ErrorCode != "" {
			failed = append(failed, c)
		} else {
			foreign = append(foreign, c)
		}
	}
	if len(foreign) > 0 {
		return f.with(Broken, auditEvidence(foreign), "%s%s", listed(foreign), alsoFailed(failed))
	}
	f.Evidence = auditEvidence(failed)
	if why := t.unaudited(from, to); why != "" {
		return f.notJudged("the audit is incomplete: %s", why)
	}
	return f.held("nobody else called from %s to %s%s", clockTime(from), clockTime(to), alsoFailed(failed))
}

// auditWindow is the time in which calls count, by AWS's clock: from the declaration, which
// says how things are configured, to the end of the release. Events have whole seconds, and
// what may have been called before does not count.
func (t *analysis) auditWindow() (from, to time.Time) {
	from, to = t.aws(t.h.Declared).Truncate(time.Second).Add(time.Second), t.load.done
	if to.IsZero() {
		to = t.load.last
	}
	return from, t.aws(to)
}

// calls are those of others that changed, or were to change, what the run is about.
func (t *analysis) calls(from, to time.Time) (all []call) {
	about := t.audited()
	for i, e := range t.r.Audit.Events {
		if e.ReadOnly == "true" || e.EventTime.Before(from) || e.EventTime.After(to) || harmless(e) {
			continue
		}
		record, readable := e.Record()
		if service := record.UserIdentity.InvokedBy; service == runlog.SourceAutoScaling || service == runlog.SourceELB {
			continue // on its own, as a consequence of what the chain shows
		}
		if !readable || about.names(e, record) {
			all = append(all, call{e, record, int64(i + 2)})
		}
	}
	return all
}

// harmless reports whether a call changes nothing that a run could show.
func harmless(e runlog.AuditEvent) bool {
	if e.EventSource == runlog.SourceSSM { // its agents report all the time: only commands count
		return !slices.Contains([]string{
			"SendCommand", "StartSession", "StartAutomationExecution", "CreateAssociation", "UpdateAssociation", "StartAssociationsOnce",
		}, e.EventName)
	}
	return slices.Contains([]string{
		"CreateTags", "DeleteTags", "CreateOrUpdateTags", "AddTags", "RemoveTags", "TagResource", "UntagResource",
		"PutNotificationConfiguration", "DeleteNotificationConfiguration", "EnableMetricsCollection", "DisableMetricsCollection",
	}, e.EventName)
}

// unaudited is why the audit does not show every call of that time; "" if it does.
func (t *analysis) unaudited(from, to time.Time) string {
	a := t.r.Audit
	seen := map[string]bool{} // request ids of calls that read, as the run's own do
	for _, e := range a.Events {
		if e.ReadOnly == "true" {
			record, _ := e.Record()
			seen[record.RequestID] = true
		}
	}
	delete(seen, "")
	own := slices.ContainsFunc(t.r.Cloud, func(o runlog.Observation) bool { return seen[o.RequestID] })
	switch {
	case a.Cut != "":
		return a.Cut
	case a.From.After(from) || a.To.Before(to):
		return fmt.Sprintf("it covers %s to %s, and the run is from %s to %s", clockTime(a.From), clockTime(a.To), clockTime(from), clockTime(to))
	case !own:
		return "it shows none of the run's own calls, and may be another account's or Region's"
	case !t.aws(a.Asked).Before(to.Add(runlog.AuditDelay)):
		return ""
	}
	for _, source := range []string{runlog.SourceAutoScaling, runlog.SourceCloudWatch, runlog.SourceELB, runlog.SourceEC2} {
		caughtUp := slices.ContainsFunc(a.Markers, func(m runlog.AuditMarker) bool {
			return m.EventSource == source && seen[m.RequestID] && !t.aws(m.Sent).Before(to)
		})
		if !caughtUp {
			return fmt.Sprintf("it was asked for at %s, when CloudTrail did not yet show the calls to %s", clockTime(t.aws(a.Asked)), source)
		}
	}
	return ""
}

// listed names the first calls: what was called when, by whom, from where.
func listed(calls []call) string {
	var texts []string
	for _, c := range calls[:min(3, len(calls))] {
		who := cmp.Or(c.UserIdentity.ARN, c.UserIdentity.InvokedBy, c.UserIdentity.PrincipalID, c.Username, "an unknown caller")
		if service := c.UserIdentity.InvokedBy; service != "" && service != who {
			who += " through " + service
		}
		text := fmt.Sprintf("%s at %s by %s from %s with %q", c.EventName, c.EventTime.UTC().Format("15:04:05Z"), who,
			cmp.Or(c.SourceIPAddress, "an unknown address"), c.UserAgent)
		if c.ErrorCode != "" {
			text += " (" + c.ErrorCode + ")"
		}
		texts = append(texts, text)
	}
	if more := len(calls) - len(texts); more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// alsoFailed names calls that changed nothing, because they failed; "" without any.
func alsoFailed(failed []call) string {
	if len(failed) == 0 {
		return ""
	}
	return fmt.Sprintf("; %s failed: %s", runlog.Count(len(failed), "call"), listed(failed))
}

// maxNamed is how many calls the evidence names: one is enough.
const maxNamed = 20

func auditEvidence(calls []call) (e []Evidence) {
	for _, c := range calls[:min(maxNamed, len(calls))] {
		e = append(e, Evidence{File: runlog.AuditFile, Line: c.line, RequestID: c.RequestID})
	}
	return e
}

// subjects are the names by which calls name what a run is about.
type subjects map[string]bool

// audited are the group, its policies and their alarms, its instances, its launch template,
// its target groups and their load balancers.
func (t *analysis) audited() subjects {
	s := subjects{}
	s.add(t.h.AutoScalingGroupName, t.h.AlarmName, t.h.PolicyName, t.h.TargetGroupARN)
	invoked := map[string]bool{} // by ARN
	for _, seen := range t.cloud.Policies {
		for _, p := range seen.Value {
			s.add(p.PolicyName, p.PolicyARN)
			invoked[p.PolicyARN] = true
			for _, a := range p.Alarms {
				s.add(a.AlarmName)
			}
		}
	}
	for _, a := range t.cloud.Alarms {
		if slices.ContainsFunc(a.Value.AlarmActions, func(arn string) bool { return invoked[arn] }) {
			s.add(a.Value.AlarmName)
		}
	}
	for i, g := range t.cloud.Groups {
		s.add(g.Value.AutoScalingGroupARN)
		s.add(g.Value.TargetGroupARNs...)
		for _, instance := range g.Value.Instances {
			s.add(instance.InstanceId)
		}
		if i == 0 || i == len(t.cloud.Groups)-1 {
			s.addMembers(g.Answer, "LaunchTemplateId", "LaunchTemplateName", "LaunchConfigurationName")
		}
	}
	for _, g := range t.cloud.TargetGroups {
		s.add(g.Value.LoadBalancerArns...)
	}
	return s
}

func (s subjects) add(names ...string) {
	for _, name := range names {
		if name != "" {
			s[name] = true
		}
	}
}

// addMembers adds the texts of some members, wherever they are in an answer.
func (s subjects) addMembers(answer json.RawMessage, members ...string) {
	var all any
	if json.Unmarshal(answer, &all) != nil {
		return
	}
	visit("", all, func(member, text string) {
		if slices.Contains(members, member) {
			s.add(text)
		}
	})
}

// names reports whether a call names a subject. One that creates an alarm on the group's
// metric does not by that alone: what counts is which policy it invokes.
func (s subjects) names(e runlog.AuditEvent, r runlog.CloudTrailRecord) (found bool) {
	for _, raw := range []json.RawMessage{r.RequestParameters, r.ResponseElements} {
		var all any
		if json.Unmarshal(raw, &all) == nil {
			visit("", all, func(_, text string) { found = found || s.has(text) })
		}
	}
	return found || slices.ContainsFunc(e.Resources, func(r runlog.AuditResource) bool { return s.has(r.ResourceName) })
}

// has reports whether a text is a subject, or the listener or rule of one.
func (s subjects) has(text string) bool {
	if s[text] {
		return true
	}
	for _, kind := range []string{":listener/", ":listener-rule/"} {
		if account, path, ok := strings.Cut(text, kind); ok {
			parts := strings.SplitN(path, "/", 4) // app, name, id of the load balancer, and its own
			return len(parts) == 4 && s[account+":loadbalancer/"+strings.Join(parts[:3], "/")]
		}
	}
	return false
}

// ignored are members that name what a call does not change.
var ignored = []string{"dimensions", "metrics", "tags", "tagSet", "tagSpecificationSet", "tagSpecifications"}

// visit calls f with every text in a JSON value, and the member that it is in.
func visit(member string, value any, f func(member, text string)) {
	switch v := value.(type) {
	case string:
		f(member, v)
	case []any:
		for _, inner := range v {
			visit(member, inner, f)
		}
	case map[string]any:
		for name, inner := range v {
			if !slices.Contains(ignored, name) {
				visit(name, inner, f)
			}
		}
	}
}
