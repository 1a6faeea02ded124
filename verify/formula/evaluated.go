package formula

import (
	"math"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// scaleIn is the alarm that takes the group down again, and its policy; nil if there is none.
func (t *Trace) scaleIn() (runlog.MetricAlarm, *runlog.ScalingPolicy) {
	c := hypothesis.Configuration{Policies: t.listed(), Alarms: t.enabled()}
	alarm, _ := c.ScaleInAlarm()
	return alarm, c.PolicyOf(alarm)
}

// evaluations is that CloudWatch made every transition of the alarm from the one on in which the baseline begins, and
// of the scale-in alarm, on datapoints that the metric has.
func (t *Trace) evaluations() Truth {
	alarm, _ := t.alarmAt(t.begin(runlog.PhaseLoad))
	value, all := True, t.transitions()
	for i, tr := range all {
		if t.under(tr.at) || i+1 < len(all) && t.under(all[i+1].at) {
			value = And(value, Of(t.evaluated(alarm, tr) && t.ofMetric(tr)))
		}
	}
	in, policy := t.scaleIn()
	for _, tr := range t.transitionsOf(in.AlarmName) {
		value = And(value, Of(policy == nil || !t.under(tr.at) || t.evaluated(in, tr)))
	}
	return value
}

// evaluated is whether the alarm comes to that state by evaluating those datapoints at that time.
func (t *Trace) evaluated(a runlog.MetricAlarm, tr transition) bool {
	data := tr.to.StateReasonData
	switch {
	case tr.to.StateValue == "INSUFFICIENT_DATA":
		return strings.HasPrefix(tr.to.StateReason, "Insufficient Data: ") && t.onGrid(a, tr.at)
	case !strings.HasPrefix(tr.to.StateReason, "Threshold Crossed: "), data == nil, len(data.EvaluatedDatapoints) == 0,
		data.Threshold != a.Threshold || data.Period != a.Period:
		return false
	}
	period, later := time.Duration(a.Period)*time.Second, time.Time{}
	breaching, known := 0, 0
	for i, d := range data.EvaluatedDatapoints {
		at, err := time.Parse("2006-01-02T15:04:05.000-0700", d.Timestamp)
		ago := tr.at.Sub(at.Add(period))
		if err != nil || i == 0 && (ago < 0 || ago > hypothesis.Freshness(a).Duration()) ||
			i > 0 && (later.Sub(at) < period || later.Sub(at)%period != 0) {
			return false
		}
		if later = at; d.Value != nil && known < a.EvaluationPeriods {
			known++
			if hypothesis.Breaches(a, *d.Value) {
				breaching++
			}
		}
	}
	missing, counted, is := max(0, a.EvaluationPeriods-known), breaching, "OK"
	if a.TreatMissingData == "breaching" {
		counted += missing
	}
	waits := missing > 0 && breaching == known && !slices.Contains([]string{"breaching", "notBreaching"}, a.TreatMissingData)
	if counted >= hypothesis.BreachesNeeded(a) {
		is = "ALARM"
	}
	return (is == tr.to.StateValue || is == "OK" && waits) && t.onGrid(a, tr.at)
}

// onGrid is whether most transitions of the alarm came at such a time.
func (t *Trace) onGrid(a runlog.MetricAlarm, at time.Time) bool {
	grid, tolerance := hypothesis.EvaluationGrid(a)
	if t.h.Version < 3 {
		tolerance = max(tolerance, time.Second)
	}
	var times []time.Time
	for _, tr := range t.transitionsOf(a.AlarmName) {
		times = append(times, tr.at)
	}
	for _, s := range t.alarms { // the one before the history begins
		was := s.value.StateTransitionedTimestamp
		if s.value.AlarmName == a.AlarmName && strings.HasPrefix(s.value.StateReason, "Threshold Crossed: ") && !was.IsZero() &&
			(len(times) == 0 || was.Add(time.Second).Before(times[0])) {
			times = append(times, was)
			break
		}
	}
	with := 0
	for _, other := range times {
		if off := other.Sub(at).Abs() % grid; min(off, grid-off) <= tolerance {
			with++
		}
	}
	return 2*with > len(times)
}

// ofMetric is whether the metric has the datapoints that a transition was evaluated on.
func (t *Trace) ofMetric(tr transition) bool {
	if tr.to.StateReasonData == nil {
		return true
	}
	for _, d := range tr.to.StateReasonData.EvaluatedDatapoints {
		at, err := time.Parse("2006-01-02T15:04:05.000-0700", d.Timestamp)
		if err != nil || d.Value != nil && !t.known(at.UTC(), *d.Value) && !at.Before(t.asked) {
			return false
		}
	}
	return true
}

// settled are the instances that the group had, InService and unchanged, from before from to after to; none if it changed.
func (t *Trace) settled(from, to time.Time) (ids []string) {
	for i, g := range t.groups {
		if i+1 < len(t.groups) && t.groups[i+1].received.Before(from) {
			continue
		}
		now := g.value.InService()
		if len(now) < len(g.value.Instances) || ids != nil && !slices.Equal(ids, now) {
			return nil
		}
		if ids = now; g.sent.After(to) {
			return ids
		}
	}
	return nil
}

// agree is that the group's datapoint of a period in which its instances stayed lies between theirs.
func (t *Trace) agree(from, to time.Time) Truth {
	value := True
	for _, p := range t.points(runlog.GroupSeries, from, to, true) {
		low, high := math.Inf(1), math.Inf(-1)
		ids := t.settled(p.start, p.start.Add(t.h.Period()))
		for _, id := range ids {
			all := t.metric[id][p.start]
			if len(all) == 0 {
				low, high = math.Inf(-1), math.Inf(1)
				break
			}
			low, high = min(low, slices.Min(all)), max(high, slices.Max(all))
		}
		value = And(value, Of(len(ids) == 0 || t.h.Metric.CountsRequests() || slices.ContainsFunc(p.values, func(v float64) bool {
			return v >= low-0.01 && v <= high+0.01
		})))
	}
	return value
}
