package formula

import (
	"bytes"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"secondwind/runlog"
)

// honest is that the record can be that of an observer that asks all its questions, one round after the other, and writes
// down each answer once.
func (t *Trace) honest() Truth {
	value, ids := Of(t.paged()), map[string]bool{}
	for _, o := range t.record.Cloud {
		value = And(value, Of(o.RequestID == "" || !ids[o.RequestID]))
		ids[o.RequestID] = true
	}
	limit := t.gap() + t.bound() + stale
	for _, e := range t.reported {
		late := e.polled && slices.ContainsFunc(t.answered[e.operation], func(a sample[string]) bool {
			return a.received.Before(e.received) && a.sent.Sub(e.at) > limit
		})
		value = And(value, Of(!late && !e.at.After(e.received.Add(t.bound()+stale))))
	}
	all := t.transitions()
	for i, tr := range all {
		until := t.released()
		if i+1 < len(all) {
			until = all[i+1].at
		}
		value = And(value, Of(!t.under(tr.at) || t.shown(tr, until)))
	}
	return And(value, Of(t.inRounds(runlog.OpDescribeScalingActivities) && t.inRounds(runlog.OpGetMetricData) && t.toTheEnd()))
}

// toTheEnd is that the last line is not further from the end of the run than polls are from each other.
func (t *Trace) toTheEnd() bool {
	widest, all := t.gap(), t.answered[runlog.OpDescribeAutoScalingGroups]
	for i := 1; i < len(all); i++ {
		widest = max(widest, all[i].received.Sub(all[i-1].received))
	}
	for _, o := range slices.Backward(t.record.Cloud) {
		if o.Error == nil {
			return !t.aws(o.Received).Add(widest).Before(t.begin(runlog.PhaseDone))
		}
	}
	return false
}

// shown is that DescribeAlarms, if it was asked while the state lasted, showed it.
func (t *Trace) shown(tr transition, until time.Time) bool {
	asked := false
	for _, a := range t.alarms {
		if a.value.AlarmName != t.h.AlarmName {
			continue
		}
		changed := a.value.StateTransitionedTimestamp
		if a.value.StateValue == tr.to.StateValue && (changed.IsZero() || changed.Sub(tr.at).Abs() <= time.Second) {
			return true
		}
		asked = asked || a.sent.Add(-t.bound()-stale).After(tr.at) && a.received.Add(t.bound()).Before(until)
	}
	return !asked
}

// inRounds is that between two answers to one question every other was asked, if it was asked before and is later.
func (t *Trace) inRounds(reference string) bool {
	last, begun, asked := map[string]int{}, map[string]bool{}, map[string]bool{}
	for i, q := range t.questions {
		last[q.value] = i
	}
	failed, before := true, false
	for i, q := range t.questions {
		if failed = failed || q.question != ""; q.value != reference {
			asked[q.value] = true
			continue
		}
		for other := range begun {
			if before && !failed && !asked[other] && last[other] > i {
				return false
			}
		}
		for other := range asked {
			begun[other] = true
		}
		before, failed, asked = true, q.question != "", map[string]bool{}
	}
	return true
}

// paged is that the next page of an answer was asked for, unless it is older than what is judged.
func (t *Trace) paged() bool {
	for _, p := range t.pages {
		o := p.value
		if !slices.ContainsFunc(t.record.Cloud, func(is runlog.Observation) bool {
			return is.Seq > o.Seq && is.Seq < o.Seq+100 && is.Operation == o.Operation && is.Error == nil &&
				bytes.Contains(is.Input, []byte(strconv.Quote(p.question)))
		}) {
			return false
		}
	}
	return true
}

// snapshots is that every question about the configuration is answered within three of the longest silences of polls, and
// that the observer goes on until the end.
func (t *Trace) snapshots(from, to time.Time) Truth {
	value := True
	for _, operation := range runlog.Watched() {
		routing := strings.HasPrefix(operation, "elasticloadbalancing:")
		if t.h.Version < 3 || routing && t.h.TargetGroupARN == "" {
			continue
		}
		value = And(value, t.answers(operation, 3*t.gap()).Always(from, to))
	}
	return value
}

// answers are when a question was answered, be it as before.
func (t *Trace) answers(operation string, gap time.Duration) Signal {
	s := Signal{Gap: gap}
	for _, a := range append(slices.Clone(t.answered[operation]), t.repeated[operation]...) {
		s.Add(a.received, true)
	}
	slices.SortFunc(s.At, time.Time.Compare)
	return s
}

// endpoint is one of AWS's own, and the Region in its name.
var endpoint = regexp.MustCompile(`(?:^|\.)([^.]+)(?:\.vpce)?(?:\.amazonaws\.com|\.amazonaws\.com\.cn|\.api\.aws|\.amazonaws\.eu)$`)

// placed is that all ARNs are of one account and Region, that the endpoints that answered are of it and as declared, and that
// all instances were launched from the same template.
func (t *Trace) placed() Truth {
	if len(t.groups) == 0 {
		return Unknown
	}
	value, place := True, ""
	arns := []string{t.groups[0].value.AutoScalingGroupARN, t.h.TargetGroupARN}
	if p := t.policy(); p != nil {
		arns = append(arns, p.PolicyARN)
	}
	for _, arn := range arns {
		if parts := strings.SplitN(arn, ":", 6); len(parts) == 6 {
			value = And(value, Of(place == "" || place == parts[3]+":"+parts[4]))
			place = parts[3] + ":" + parts[4]
		}
	}
	if t.h.Version < 3 {
		return value
	}
	region, _, _ := strings.Cut(place, ":")
	return And(value, t.answeredIn(region), Of(len(t.templates()) <= 1))
}

// answeredIn is that every endpoint that answered is of the Region, as declared, or none of AWS's, as declared.
func (t *Trace) answeredIn(region string) Truth {
	value, answered := True, Unknown
	for _, o := range t.record.Cloud {
		u, err := url.Parse(o.Endpoint)
		if o.Endpoint == "" || err != nil {
			continue
		}
		if m := endpoint.FindStringSubmatch(u.Hostname()); m != nil && u.Scheme == "https" {
			value = And(value, Of(m[1] == region && t.h.Where == "AWS "+region))
		} else {
			value = And(value, Of(!strings.HasPrefix(t.h.Where, "AWS ")))
		}
		answered = True
	}
	return And(value, answered)
}

// templates are what instances were launched from that the group had meanwhile.
func (t *Trace) templates() map[runlog.LaunchTemplate]bool {
	all := map[runlog.LaunchTemplate]bool{}
	for _, g := range t.groups {
		for _, i := range g.value.Instances {
			if t.under(g.received) {
				all[i.LaunchTemplate] = true
			}
		}
	}
	return all
}

// planned is that the scenario says what the hypothesis declares and the load offered.
func (t *Trace) planned() Truth {
	switch {
	case t.h.Version < 3:
		return True
	case t.record.Scenario == nil:
		return Unknown
	}
	says := func(section, key string) float64 {
		m := regexp.MustCompile(`(?m)^` + section + `: *\r?\n(?: .*\n|\s*\n)*? +` + key + `: *([-+.\deE]+)`).FindSubmatch(t.record.Scenario)
		if m == nil {
			return 0
		}
		v, _ := strconv.ParseFloat(string(m[1]), 64) // what is no number is 0
		return v
	}
	same := func(a, b float64) Truth { return Of(a-b < 1e-5 && b-a < 1e-5) }
	band, control := 1+(says("load", "band")-1)*(t.h.MostBand()-1), says("calibration", "cpu_percent")
	if cpu := says("load", "cpu_percent"); cpu > 0 && !t.h.Metric.CountsRequests() {
		band = cpu / t.h.Threshold
	}
	value := And(same(band, t.h.Band), same(says("judge", "min_achieved"), t.h.MinAchieved))
	if !t.h.Metric.CountsRequests() {
		value = And(value, same(control, t.h.ControlCPUPercent))
	}
	if rate := says("load", "rate"); rate != 0 {
		value = And(value, same(rate, t.rates[runlog.PhaseLoad]))
	}
	return value
}
