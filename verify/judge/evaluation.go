package judge

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
	"secondwind/verify/hypothesis"
)

// An alarm's state can be set by hand, with any text. What follows holds a transition
// against what CloudWatch does when it evaluates an alarm itself.
// Source: CloudWatch User Guide, "Alarm evaluation" and "Configuring how CloudWatch
// alarms treat missing data".

// notEvaluated says why CloudWatch cannot have made the transition by evaluating the
// alarm, whatever the metric was; "" if it can.
func (t *analysis) notEvaluated(a runlog.MetricAlarm, tr timeline.Transition) string {
	data := tr.To.StateReasonData
	switch {
	case !tr.Readable:
		return "its HistoryData cannot be read"
	case tr.To.StateValue == "INSUFFICIENT_DATA":
		if !strings.HasPrefix(tr.To.StateReason, "Insufficient Data: ") {
			return "that is not what CloudWatch writes when it has no data"
		}
		return t.offGrid(a, tr)
	case !byThreshold(tr.To):
		return "that is not what CloudWatch writes when a threshold is crossed"
	case data == nil:
		return "it carries no evaluated datapoints"
	case data.Threshold != a.Threshold || data.Period != a.Period:
		return fmt.Sprintf("it was evaluated for threshold %s and period %d s", number(data.Threshold), data.Period)
	}
	points, why := evaluated(a, tr)
	if why != "" {
		return why
	}
	if state, why := decided(a, points); state != "" && state != tr.To.StateValue {
		return why
	}
	return t.offGrid(a, tr)
}

// evaluatedPoint is a datapoint that an alarm was evaluated on; value is nil if it
// was missing.
type evaluatedPoint struct {
	start time.Time
	value *float64
}

// evaluated are the datapoints of a transition, newest first: distinct periods, which
// had ended shortly before. Else it says what is wrong.
func evaluated(a runlog.MetricAlarm, tr timeline.Transition) (points []evaluatedPoint, why string) {
	period := time.Duration(a.Period) * time.Second
	for _, d := range tr.To.StateReasonData.EvaluatedDatapoints {
		at, err := time.Parse(awsTime, d.Timestamp)
		if err != nil {
			return nil, fmt.Sprintf("the time %q of an evaluated datapoint cannot be read", d.Timestamp)
		}
		p := evaluatedPoint{at.UTC(), d.Value}
		if n := len(points); n > 0 {
			if before := points[n-1].start.Sub(p.start); before < period || before%period != 0 {
				return nil, fmt.Sprintf("its datapoints of %s and %s are not of periods that follow each other",
					clockTime(points[n-1].start), clockTime(p.start))
			}
		}
		points = append(points, p)
	}
	if len(points) == 0 {
		return nil, "it carries no evaluated datapoints"
	}
	switch end, fresh := points[0].start.Add(period), hypothesis.Freshness(a).Duration(); {
	case end.After(tr.At):
		return nil, fmt.Sprintf("its datapoint of %s had not ended by then", clockTime(points[0].start))
	case tr.At.Sub(end) > fresh:
		return nil, fmt.Sprintf("its newest datapoint, of %s, was too old by then", clockTime(points[0].start))
	}
	return points, ""
}

// decided is the state that CloudWatch comes to on the datapoints, newest first, and
// what follows from them instead; "" where they leave the state as it was.
func decided(a runlog.MetricAlarm, points []evaluatedPoint) (state, why string) {
	breaching, known := 0, 0
	for _, p := range points {
		if p.value != nil && known < a.EvaluationPeriods {
			known++
			if hypothesis.Breaches(a, *p.value) {
				breaching++
			}
		}
	}
	counted, missing := breaching, max(0, a.EvaluationPeriods-known)
	if a.TreatMissingData == "breaching" {
		counted += missing
	}
	need := hypothesis.BreachesNeeded(a)
	why = fmt.Sprintf("breaching datapoints among those evaluated: %d; needed: %d", counted, need)
	switch {
	case counted >= need:
		return "ALARM", why
	// All that is known breaches, but too little is known: CloudWatch waits, or goes
	// into ALARM once it has waited for as long.
	case missing > 0 && breaching == known && a.TreatMissingData != "notBreaching" && a.TreatMissingData != "breaching":
		return "", why
	}
	return "OK", why
}

// mismatched says which of the transition's datapoints the metric does not have, or did
// not have by then; "" if it has them all.
func (t *analysis) mismatched(a runlog.MetricAlarm, tr timeline.Transition) string {
	if tr.To.StateReasonData == nil || !t.watches(a) {
		return ""
	}
	points, _ := evaluated(a, tr) // what is wrong with them is another's to say
	for _, p := range points {
		if why := t.mismatch(a, tr.At, p); why != "" {
			return why
		}
	}
	return ""
}

// mismatch compares a datapoint that the alarm saw with the metric. An aggregate may
// have changed after it was evaluated, so any value that was ever read counts; but
// one of them it must be, and it must have been there at that time.
func (t *analysis) mismatch(a runlog.MetricAlarm, evaluated time.Time, d evaluatedPoint) string {
	at := d.start
	onGrid := at.Truncate(t.period).Equal(at)
	grid, _ := hypothesis.EvaluationGrid(a)
	if slides := t.period > grid && at.Truncate(grid).Equal(at); !slides && !onGrid {
		return fmt.Sprintf("no period of the metric begins at %s", clockTime(at))
	}
	if d.value == nil || at.Before(t.cloud.Metric.From) {
		return ""
	}
	candidates := t.cloud.Metric.Ending(runlog.GroupSeries, at, at.Add(2*t.period-1))
	if onGrid {
		// On the metric's own grid there is exactly one; windows of longer periods than the
		// evaluation grid's slide by that, and meet two.
		candidates = slices.DeleteFunc(candidates, func(p *timeline.Datapoint) bool { return !p.Start.Equal(at) })
	}
	for _, p := range candidates {
		if !onGrid && hypothesis.Breaches(a, p.Value()) == hypothesis.Breaches(a, *d.value) {
			return ""
		}
		if slices.ContainsFunc(p.Values, func(v float64) bool { return sameValue(v, *d.value) }) {
			if t.unpublished(p, evaluated) {
				return fmt.Sprintf("CloudWatch did not have the datapoint of %s yet", clockTime(at))
			}
			return ""
		}
	}
	return fmt.Sprintf("the metric has no such datapoint as %s %% at %s", number(*d.value), clockTime(at))
}

// counting are the alarm's transitions that a proof rests on: those that came while it
// was under way, and the one in which it began.
func (t *analysis) counting() (all []timeline.Transition) {
	history := t.transitions()
	for i, tr := range history {
		if t.judged(tr.At) || i+1 < len(history) && t.judged(history[i+1].At) {
			all = append(all, tr)
		}
	}
	return all
}

// watches reports whether the alarm watches the claim's metric as it is recorded.
func (t *analysis) watches(a runlog.MetricAlarm) bool {
	return t.h.Metric.Watches(a) && a.Statistic == t.h.Metric.Statistic && a.Period == t.h.PeriodSeconds
}

// unpublished reports whether an answer well after at still lacked the datapoint.
func (t *analysis) unpublished(p *timeline.Datapoint, at time.Time) bool {
	allowed := t.clock.bound + staleness + t.h.PublishLag()
	return slices.ContainsFunc(t.cloud.Answered[runlog.OpGetMetricData], func(o *runlog.Observation) bool {
		return o.Received.Before(p.First.Received) && t.aws(o.Sent).Sub(at) > allowed
	})
}

// offGrid says that the transition came at another time than the alarm is evaluated:
// CloudWatch evaluates an alarm at the same second of each minute, or of each ten.
// When that is, the alarm's other transitions tell.
func (t *analysis) offGrid(a runlog.MetricAlarm, tr timeline.Transition) string {
	grid, tolerance := hypothesis.EvaluationGrid(a)
	if t.h.Version < 3 {
		tolerance = max(tolerance, time.Second) // what evaluated then wrote when it came to it
	}
	with, against := 0, 0
	for _, at := range t.evaluationTimes(a.AlarmName) {
		apart := at.Sub(tr.At).Abs() % grid
		if min(apart, grid-apart) <= tolerance {
			with++
		} else {
			against++
		}
	}
	if against < with {
		return ""
	}
	return fmt.Sprintf("the alarm is evaluated every %s s, and its other transitions say when: not then", number(grid.Seconds()))
}

// evaluationTimes are when the alarm's state changed, as far as CloudWatch's own
// words stand beside it: also the change before the record's first, which
// DescribeAlarms tells of.
func (t *analysis) evaluationTimes(alarm string) (times []time.Time) {
	for _, tr := range t.cloud.Transitions(alarm) {
		times = append(times, tr.At)
	}
	for _, a := range t.cloud.Alarms {
		if at := a.Value.StateTransitionedTimestamp; a.Value.AlarmName == alarm && byThreshold(runlog.AlarmState{
			StateReason: a.Value.StateReason}) && !at.IsZero() && (len(times) == 0 || at.Add(time.Second).Before(times[0])) {
			return append(times, at)
		}
	}
	return times
}
