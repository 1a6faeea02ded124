package judge_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

const (
	balancerARN = "arn:aws:elasticloadbalancing:local-1:123456789012:loadbalancer/app/sw/0123456789abcdef"
	somebody    = "arn:aws:iam::123456789012:user/somebody"
)

// event is one of CloudTrail's, of somebody.
func event(x float64, source, name, parameters string, change ...func(map[string]any)) runlog.AuditEvent {
	record := map[string]any{
		"userIdentity":    map[string]any{"type": "IAMUser", "arn": somebody},
		"sourceIPAddress": "192.0.2.7", "userAgent": "aws-cli/2", "requestID": fmt.Sprintf("%s %v", name, x),
		"requestParameters": json.RawMessage(parameters),
	}
	for _, c := range change {
		c(record)
	}
	text, err := json.Marshal(record)
	if err != nil {
		panic(err)
	}
	return runlog.AuditEvent{
		EventId: fmt.Sprintf("%s %v", name, x), EventName: name, EventSource: source, EventTime: aws(x).Truncate(time.Second),
		ReadOnly: "false", CloudTrailEvent: string(text),
	}
}

// own is an event of a call that only reads, with a request id.
func own(source, requestID string) runlog.AuditEvent {
	e := event(232, source, "Describe", `null`, func(record map[string]any) { record["requestID"] = requestID })
	e.ReadOnly = "true"
	return e
}

// audited is the perfect run with a complete audit that shows the events, after one of the
// run's own calls.
func audited(t *testing.T, events ...runlog.AuditEvent) *runlog.Record {
	t.Helper()
	r := perfect().record(t)
	eachAnswer(r, runlog.OpDescribeAutoScalingGroups, func(o *runlog.Observation) {
		o.Answer = json.RawMessage(strings.Replace(string(o.Answer), `"MinSize"`, `"LaunchTemplate":{"LaunchTemplateId":"lt-1"},"MinSize"`, 1))
	})
	r.Cloud[0].RequestID = "own"
	r.Audit = &runlog.Audit{
		From: aws(-60), To: aws(300), Asked: aws(300 + 15*60),
		Events: append([]runlog.AuditEvent{own(runlog.SourceAutoScaling, "own")}, events...),
	}
	return r
}

// naming are parameters with one member.
func naming(member, value string) string { return fmt.Sprintf(`{%q:%q}`, member, value) }

func calls(t *testing.T, v judge.Verdict) judge.Finding {
	t.Helper()
	for _, f := range v.Confounders {
		if f.ID == judge.ForeignCall {
			return f
		}
	}
	t.Fatalf("no finding %s", judge.ForeignCall)
	return judge.Finding{}
}

func TestACallOfSomebodyElseDecidesNothing(t *testing.T) {
	failed := func(record map[string]any) { record["errorCode"] = "AccessDenied" }
	by := func(service string) func(map[string]any) {
		return func(record map[string]any) { record["userIdentity"].(map[string]any)["invokedBy"] = service }
	}
	group := naming("autoScalingGroupName", groupName)
	items := `{"instancesSet":{"items":[{"instanceId":"` + newID + `"}]}}`
	elb, alarms := runlog.SourceELB, runlog.SourceCloudWatch
	listener := strings.Replace(balancerARN, "loadbalancer/", "listener/", 1) + "/1"
	rule := strings.Replace(balancerARN, "loadbalancer/", "listener-rule/", 1) + "/1/2"
	for name, test := range map[string]struct {
		event runlog.AuditEvent
		want  judge.Status
	}{
		"a call on the group":    {event(100, runlog.SourceAutoScaling, "SetDesiredCapacity", group), judge.Broken},
		"as the release ends":    {event(231, runlog.SourceAutoScaling, "SetDesiredCapacity", group), judge.Broken},
		"after the release":      {event(233, runlog.SourceAutoScaling, "SetDesiredCapacity", group), judge.Held},
		"before the declaration": {event(-30, runlog.SourceAutoScaling, "SetDesiredCapacity", group), judge.Held},
		"that failed":            {event(100, runlog.SourceAutoScaling, "SetDesiredCapacity", group, failed), judge.Held},
		"by Auto Scaling itself": {event(113, runlog.SourceEC2, "TerminateInstances", items, by(runlog.SourceAutoScaling)), judge.Held},
		"through CloudFormation": {
			event(113, runlog.SourceAutoScaling, "UpdateAutoScalingGroup", group, by("cloudformation.amazonaws.com")), judge.Broken,
		},
		"on its tags": {event(100, runlog.SourceAutoScaling, "DeleteTags", group), judge.Held},
		"on another group": {
			event(100, runlog.SourceAutoScaling, "SetDesiredCapacity", `{"autoScalingGroupName":"another"}`), judge.Held,
		},
		"on its instance": {event(120, runlog.SourceEC2, "RebootInstances", items), judge.Broken},
		"on its template": {event(100, runlog.SourceEC2, "ModifyLaunchTemplate", `{"x":{"LaunchTemplateId":"lt-1"}}`), judge.Broken},
		"on its targets": {
			event(100, elb, "RegisterTargets", naming("targetGroupArn", targetARN)), judge.Broken,
		},
		"on its load balancer": {event(100, elb, "SetSecurityGroups", naming("loadBalancerArn", balancerARN)), judge.Broken},
		"on a listener of it":  {event(100, elb, "ModifyListener", naming("listenerArn", listener)), judge.Broken},
		"on a rule of it":      {event(100, elb, "DeleteRule", naming("ruleArn", rule)), judge.Broken},
		"on another's listener": {
			event(100, elb, "ModifyListener", naming("listenerArn", strings.Replace(listener, "/sw/", "/x/", 1))), judge.Held,
		},
		"on its alarm":       {event(100, alarms, "SetAlarmState", naming("alarmName", alarmName)), judge.Broken},
		"on its other alarm": {event(200, alarms, "DisableAlarmActions", `{"alarmNames":["sw-cpu-low"]}`), judge.Broken},
		"an alarm on its policy": {
			event(100, alarms, "PutMetricAlarm", fmt.Sprintf(`{"alarmName":"x","alarmActions":[%q]}`, policyARN)), judge.Broken,
		},
		"an alarm on its metric alone": {
			event(100, alarms, "PutMetricAlarm", `{"alarmName":"x","dimensions":[`+naming("value", groupName)+`]}`), judge.Held,
		},
		"a command on its instance": {event(100, runlog.SourceSSM, "SendCommand", fmt.Sprintf(`{"instanceIds":[%q]}`, oldID)), judge.Broken},
		"what its agent reports":    {event(100, runlog.SourceSSM, "UpdateInstanceInformation", naming("instanceId", oldID)), judge.Held},
	} {
		v := judge.Judge(audited(t, test.event))
		f := calls(t, v)
		if f.Status != test.want {
			t.Errorf("%s: %s is %s (%s), want %s", name, f.ID, f.Status, f.Seen, test.want)
		}
		switch {
		case test.want == judge.Broken && (v.Outcome != judge.Inconclusive || v.Reason != judge.ForeignCall || f.Evidence[0].Line != 3):
			t.Errorf("%s: %s by %q, evidence %v; want INCONCLUSIVE by it", name, v.Outcome, v.Reason, f.Evidence)
		case test.want == judge.Held && !strings.Contains(v.Summary, "and nobody else called."):
			t.Errorf("%s: %s: %s; want PROVED, and that nobody else called", name, v.Outcome, v.Summary)
		}
	}
}

func TestACallIsNamedWithItsCaller(t *testing.T) {
	var many []runlog.AuditEvent
	for x := range 5 {
		at := 100 + float64(x)
		many = append(many, event(at, runlog.SourceAutoScaling, "SuspendProcesses", naming("autoScalingGroupName", groupName)))
	}
	many[0].CloudTrailEvent, many[0].Username = `{`, "root" // cannot be read
	f := calls(t, judge.Judge(audited(t, many...)))
	for _, want := range []string{
		"SuspendProcesses at 12:01:40Z by root from an unknown address",
		`SuspendProcesses at 12:01:41Z by ` + somebody + ` from 192.0.2.7 with "aws-cli/2"`,
		"; and 2 more",
	} {
		if !strings.Contains(f.Seen, want) {
			t.Errorf("%s says %q, want %q", f.ID, f.Seen, want)
		}
	}
	if len(f.Evidence) != 5 || f.Evidence[1].File != runlog.AuditFile {
		t.Errorf("evidence = %v, want the five lines of the audit", f.Evidence)
	}
}

func TestAnAuditThatIsNotCompleteProvesNothingOfCallers(t *testing.T) {
	marked := func(a *runlog.Audit, sources ...string) {
		a.Asked = aws(240)
		for _, source := range sources {
			a.Markers = append(a.Markers, runlog.AuditMarker{EventSource: source, RequestID: source, Sent: aws(235)})
			a.Events = append(a.Events, own(source, source))
		}
	}
	all := []string{runlog.SourceAutoScaling, runlog.SourceCloudWatch, runlog.SourceELB, runlog.SourceEC2}
	const open = "; whether anybody else called is not known, because the audit is incomplete"
	for name, test := range map[string]struct {
		change func(*runlog.Audit)
		want   string // "": it is complete
	}{
		"asked a quarter of an hour later": {func(*runlog.Audit) {}, ""},
		"asked when every service shows":   {func(a *runlog.Audit) { marked(a, all...) }, ""},
		"asked when one does not":          {func(a *runlog.Audit) { marked(a, all[:3]...) }, "did not yet show the calls to ec2"},
		"a marker from before the end": {func(a *runlog.Audit) {
			marked(a, all...)
			a.Markers[0].Sent = aws(230)
		}, "did not yet show the calls to autoscaling"},
		"cut off":         {func(a *runlog.Audit) { a.Cut = "page 7 is missing" }, "page 7 is missing"},
		"begins too late": {func(a *runlog.Audit) { a.From = aws(50) }, "it covers"},
		"ends too early":  {func(a *runlog.Audit) { a.To = aws(200) }, "it covers"},
		"of another":      {func(a *runlog.Audit) { a.Events = nil }, "another account's"},
	} {
		r := audited(t)
		test.change(r.Audit)
		v := judge.Judge(r)
		f := calls(t, v)
		if test.want == "" && f.Status == judge.Held {
			continue
		}
		if f.Status != judge.NotJudged || !strings.Contains(f.Seen, "incomplete: ") || !strings.Contains(f.Seen, test.want) || test.want == "" {
			t.Errorf("%s: %s is %s: %s; want %q", name, f.ID, f.Status, f.Seen, test.want)
		}
		if v.Outcome != judge.Proved || !strings.Contains(v.Summary, open) {
			t.Errorf("%s: %s: %s", name, v.Outcome, v.Summary)
		}
	}
}
