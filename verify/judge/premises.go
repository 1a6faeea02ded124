package judge

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// hypothesis is P2: the claim stood, hashed, before the first request was sent,
// and its deadlines follow from the recorded configuration.
func (t *analysis) hypothesis() Finding {
	f := expect("premise.hypothesis", "P2: declared before the load",
		"hypothesis.json hashed before the first request, deadlines as the configuration gives them")
	d := t.load.digest
	switch {
	case t.r.Hypothesis == nil:
		return f.open(undeclared)
	case t.r.Manifest.RunID != "" && t.h.RunID != t.r.Manifest.RunID:
		return f.broken("the hypothesis is of run %s, the record of run %s", t.h.RunID, t.r.Manifest.RunID)
	case d.line == 0:
		return f.open("no phase line carries the hypothesis's SHA-256")
	}
	f.Evidence = loadEvidence(d.line)
	switch first := t.load.firstSent; {
	case d.sha256 != t.r.HypothesisSHA256:
		return f.broken("hypothesis.json has SHA-256 %s, load.jsonl says %s", t.r.HypothesisSHA256, d.sha256)
	case t.h.ScenarioSHA256 != "" && t.h.ScenarioSHA256 != sha256Of(t.r.Scenario):
		return f.broken("it was declared for another scenario.yaml: of SHA-256 %s", t.h.ScenarioSHA256)
	case t.h.Revision != t.r.Manifest.Revision:
		return f.broken("it is of revision %q, the record of revision %q", t.h.Revision, t.r.Manifest.Revision)
	case t.h.Declared.After(d.at):
		return f.broken("it was declared at %s, after its hash was recorded at %s", clockTime(t.h.Declared), clockTime(d.at))
	case first.LoadSecond != nil && (first.line < d.line || first.start.Before(t.h.Declared)):
		return f.broken("load.jsonl:%d shows requests that were sent before it was declared", first.line)
	}
	return t.derivation(f)
}

func sha256Of(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// derivation checks the declared numbers against the recorded configuration.
func (t *analysis) derivation(f Finding) Finding {
	if t.alarm == nil || (t.h.TargetGroupARN != "" && len(t.cloud.TargetGroups) == 0) || len(t.cloud.Groups) == 0 {
		return f.open("the configuration from which the deadlines follow is not in the record")
	}
	var tg runlog.TargetGroup
	if len(t.cloud.TargetGroups) > 0 {
		tg = t.cloud.TargetGroups[0].Value
	}
	want := hypothesis.Deadlines(t.alarm.Value, tg, *t.cloud.Groups[0].Value, t.policy, t.h.Identity)
	if !slices.EqualFunc(want, t.h.Deadlines, sameDeadline) {
		return f.broken("the declared deadlines do not follow from the alarm's and the health check's configuration")
	}
	if why := hypothesis.Underived(t.h); why != "" {
		return f.broken("%s", why)
	}
	return f.held("SHA-256 %.12s… recorded at %s", t.r.HypothesisSHA256, clockTime(t.load.digest.at))
}

// sameDeadline compares what was declared, and not how older versions named it.
func sameDeadline(a, b runlog.Deadline) bool {
	return a.Link == b.Link && slices.EqualFunc(a.Terms, b.Terms, func(x, y runlog.Term) bool { return x.Seconds == y.Seconds })
}

// clocks is P3.
func (t *analysis) clocks() Finding {
	f := expect("premise.clocks", "P3: clocks", "offset between AWS's clock and ours known to ± %s s", number(maxClockBound.Seconds()))
	switch c := t.clock; {
	case c.dates == 0:
		return f.open("no answer carries a Date header")
	case c.jumped:
		return f.broken("the Date headers (%d) contradict each other: a clock was set during the run", c.dates)
	case c.bound > maxClockBound:
		return f.broken("known to ± %s s only", number(c.bound.Seconds()))
	default:
		return f.held("AWS's clock minus ours is %s s ± %s s, from %s", number(c.offset.Seconds()), number(c.bound.Seconds()),
			runlog.Count(c.dates, "answer"))
	}
}

// configuration is P7: how alarm, policy and group hang together is in the record. It
// need not be right: whether it works is what the chain shows.
func (t *analysis) configuration() Finding {
	f := t.declared("premise.configuration", "P7: configuration captured",
		"alarm %q on the group's %s, threshold %s, period %d s; policies and target group in the record",
		t.h.AlarmName, t.h.Metric.MetricName, number(t.h.Threshold), t.h.PeriodSeconds)
	if t.alarm == nil {
		return f.open("no answer describes the alarm before the load")
	}
	f.Evidence = evidence(t.alarm.Observation)
	a := t.alarm.Value
	switch {
	case len(t.cloud.Policies) == 0:
		return f.open("no answer lists the group's policies")
	case t.h.PolicyName != "" && t.policy == nil:
		return f.broken("the group has no policy %q", t.h.PolicyName)
	case t.h.TargetGroupARN != "" && len(t.cloud.TargetGroups) == 0:
		return f.open("no answer describes target group %s", t.h.TargetGroupARN)
	case !t.h.Metric.Watches(a) || a.Statistic != t.h.Metric.Statistic:
		return f.broken("the alarm watches another metric: %s %s of %s, dimensions %v", a.Statistic, a.MetricName, a.Namespace, a.Dimensions)
	case a.Threshold != t.h.Threshold || a.Period != t.h.PeriodSeconds:
		return f.broken("the alarm has threshold %s and period %d s", number(a.Threshold), a.Period)
	case !hypothesis.Above(a):
		return f.broken("the alarm's comparison operator is %s, but load raises CPU", a.ComparisonOperator)
	}
	actions := cmp.Or(strings.Join(a.AlarmActions, ", "), "none")
	return f.held("actions of the alarm: %s; enabled: %t; %s", actions, a.ActionsEnabled, t.policyText())
}

// policyText names the declared policy in a sentence.
func (t *analysis) policyText() string {
	if t.h.PolicyName == "" {
		return "no policy"
	}
	return fmt.Sprintf("policy %q", t.h.PolicyName)
}

// baseline is P1: one idle instance, alarm OK, nothing in progress, for one
// evaluation range before the first load.
func (t *analysis) baseline() Finding {
	f := t.declared("premise.baseline", "P1: baseline",
		"min %d, max %d, desired = InService = %d, alarm OK, CPU below %s %%, no activity, over one evaluation range",
		t.h.MinSize, t.h.MaxSize, t.h.From(), number(t.h.IdleLimit))
	from, to, ok := t.baselineWindow()
	if !ok {
		return f.open("%s", t.noBaseline())
	}
	if t.h.From() < 1 || t.h.From() < t.h.MinSize || t.h.MaxSize < t.h.To() {
		return f.broken("the claim is about a step from %d to %d instances, but min is %d and max %d", t.h.From(), t.h.To(), t.h.MinSize,
			t.h.MaxSize)
	}
	for _, look := range []func(from, to time.Time) (string, []Evidence){t.baselineGroup, t.baselineAlarm} {
		switch bad, e := look(from, to); {
		case bad != "" && e == nil:
			return f.open("%s", bad)
		case bad != "":
			return f.with(Broken, e, "%s", bad)
		}
	}
	for _, a := range t.cloud.Activities {
		inProgress := a.Value.StartTime.Before(to) && (a.Value.EndTime.IsZero() || a.Value.EndTime.After(from)) && !isFailed(a.Value)
		if inProgress {
			return f.with(Broken, evidence(a.Observation), "activity %s was in progress: %s", a.Value.ActivityId, a.Value.Description)
		}
	}
	return t.baselineMetric(f, from, to)
}

// baselineMetric is that every datapoint of the baseline is below the idle limit.
func (t *analysis) baselineMetric(f Finding, from, to time.Time) Finding {
	points := t.cloud.Metric.Ending(runlog.GroupSeries, from, to)
	if len(points) == 0 && t.h.Metric.CountsRequests() {
		return f.held("as expected for %s s; no request was counted", number(to.Sub(from).Seconds()))
	}
	if len(points) == 0 {
		return f.open("no datapoint of %s", t.h.Metric.MetricName)
	}
	for _, p := range points {
		if p.Value() >= t.h.IdleLimit {
			return f.with(Broken, evidence(p.Last), "%s was %s in the period of %s", t.h.Metric.MetricName, t.amount(p.Value()),
				clockTime(p.Start))
		}
	}
	return f.with(Held, evidence(points[len(points)-1].Last), "as expected for %s s; %s %s", number(to.Sub(from).Seconds()),
		t.h.Metric.MetricName, t.amount(mean(points)))
}

func (t *analysis) noBaseline() string {
	switch {
	case t.firstLoad.IsZero():
		return strings.TrimSuffix(beforeAnyLoad+": "+t.load.note, ": ")
	case t.alarm == nil:
		return "no answer describes the alarm"
	}
	return "the premises were watched for less than one evaluation range of the alarm before the first load"
}

// baselineWindow is the last evaluation range before the first load, by AWS's
// clock, provided that the premises were watched as long.
func (t *analysis) baselineWindow() (from, to time.Time, ok bool) {
	phase, there := t.load.phases[runlog.PhasePremises]
	if !there || t.firstLoad.IsZero() || t.alarm == nil {
		return from, to, false
	}
	width := time.Duration(max(1, t.alarm.Value.EvaluationPeriods)*t.h.PeriodSeconds) * time.Second
	from = t.firstLoad.Add(-width)
	return from, t.firstLoad, !from.Before(t.aws(phase.start))
}

func (t *analysis) baselineGroup(from, to time.Time) (bad string, e []Evidence) {
	looked := false
	for _, g := range t.cloud.Groups {
		if at := t.aws(g.Received); at.Before(from) || at.After(to) {
			continue
		}
		looked = true
		v := g.Value
		if v.MinSize != t.h.MinSize || v.MaxSize != t.h.MaxSize || !v.Settled(t.h.From()) || len(v.Instances) != t.h.From() {
			return fmt.Sprintf("min %d, max %d, desired %d, %d listed, %d InService at %s", v.MinSize, v.MaxSize, v.DesiredCapacity,
					len(v.Instances), len(v.InService()), clockTime(t.aws(g.Received))),
				evidence(g.Observation)
		}
	}
	if !looked {
		return "no answer describes the group in that time", nil
	}
	return "", nil
}

// baselineAlarm: never ALARM, and OK at the end. An alarm of a new group is in
// INSUFFICIENT_DATA first; once it is OK it has itself judged a whole range. One on requests
// has no data where there are none.
func (t *analysis) baselineAlarm(from, to time.Time) (bad string, e []Evidence) {
	state := "not looked at"
	for _, a := range t.alarms {
		if at := t.aws(a.Received); at.Before(from) || at.After(to) {
			continue
		}
		state, e = a.Value.StateValue, evidence(a.Observation)
		if state == "ALARM" {
			break
		}
	}
	if state == "OK" || state == "INSUFFICIENT_DATA" && t.h.Metric.CountsRequests() {
		return "", nil
	}
	return "the alarm was " + state, e
}

// loaded is that the chosen load puts one instance into (θ, 2θ), so that one
// instance breaches and two do not.
func (t *analysis) loaded() Finding {
	theta, most := t.h.Threshold, t.h.Threshold*t.h.MostBand()
	f := t.declared("premise.load", "P8: load in the band", "one instance stands between %s and %s under the load", t.amount(theta),
		t.amount(round(most)))
	if t.began.IsZero() {
		return f.notJudged(beforeLoadStep)
	}
	f.Evidence = loadEvidence(t.load.phases[runlog.PhaseLoad].line)
	if c := t.load.calibration; c != nil {
		if c.PredictedCPUPercent <= theta || c.PredictedCPUPercent >= most {
			return f.broken("calibration predicts %s", t.amount(c.PredictedCPUPercent))
		}
		if rate := t.load.phases[runlog.PhaseLoad].rate; rate < 0.99*c.LoadRate || rate > 1.01*c.LoadRate {
			return f.broken("the load offered %s requests/s, calibration chose %s", number(rate), number(c.LoadRate))
		}
		if why := t.miscalibrated(c); why != "" {
			return f.broken("%s", why)
		}
		return f.held("calibration predicts %s at %s requests/s", t.amount(c.PredictedCPUPercent), number(c.LoadRate))
	}
	if t.breach == nil {
		return f.open("there is no calibration, and CPU did not cross")
	}
	if v := t.breach.Value(); v >= most {
		return f.broken("not calibrated; measured %s", t.amount(v))
	}
	return f.held("not calibrated; measured %s", t.amount(t.breach.Value()))
}

// crossed is that CPU did what the load was to make it do. A load that never
// crosses says nothing about scaling.
func (t *analysis) crossed(e1 Link) Finding {
	if t.began.IsZero() {
		return expect("premise.crossed", "P9: CPU crossed", "a datapoint above the threshold, under the load").notJudged(beforeLoadStep)
	}
	return t.declared("premise.crossed", "P9: CPU crossed", "%s", e1.Expected).with(e1.Status, e1.Evidence, "%s", e1.Seen)
}
