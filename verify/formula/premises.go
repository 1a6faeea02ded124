package formula

import (
	"math"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

func (t *Trace) declared() Truth {
	if t.record.Hypothesis == nil || t.digest == "" || len(t.groups) == 0 {
		return Unknown
	}
	alarm, ok := t.alarmAt(t.begin(runlog.PhaseLoad))
	if !ok || len(t.targetGroups) == 0 {
		return Unknown
	}
	want := hypothesis.Deadlines(alarm, t.targetGroups[0].value, t.groups[0].value, t.policy(), t.h.Identity)
	follows := slices.EqualFunc(want, t.h.Deadlines, func(a, b runlog.Deadline) bool {
		return a.Link == b.Link && a.Seconds() == b.Seconds()
	})
	m := t.record.Manifest
	early := slices.ContainsFunc(t.record.Load, func(l runlog.LoadLine) bool {
		return l.Second != nil && l.Second.Sent > 0 && l.Time.Add(-runlog.Seconds(l.Second.IntervalSeconds)).Before(t.h.Declared)
	})
	return Of(follows && hypothesis.Underived(t.h) == "" && t.digest == t.record.HypothesisSHA256 && t.h.Revision == m.Revision && !early &&
		(m.RunID == "" || m.RunID == t.h.RunID) && !t.h.Declared.After(t.digestAt))
}

// alarmAt is the declared alarm as it was last seen before a time; zero is ever.
func (t *Trace) alarmAt(at time.Time) (alarm runlog.MetricAlarm, ok bool) {
	for _, a := range t.alarms {
		if a.value.AlarmName == t.h.AlarmName && (at.IsZero() || !a.received.After(at)) {
			alarm, ok = a.value, true
		}
	}
	return alarm, ok
}

// policy is the declared one, as it was when the load began.
func (t *Trace) policy() (found *runlog.ScalingPolicy) {
	at := t.begin(runlog.PhaseLoad)
	for i, p := range t.policies {
		if !p.received.After(at) || at.IsZero() {
			found = nil
			for j := range t.policies[i].value {
				if t.h.PolicyName != "" && p.value[j].PolicyName == t.h.PolicyName {
					found = &t.policies[i].value[j]
				}
			}
		}
	}
	return found
}

func (t *Trace) configured() Truth {
	a, ok := t.alarmAt(t.begin(runlog.PhaseLoad))
	if !ok || len(t.policies) == 0 || len(t.targetGroups) == 0 {
		return Unknown
	}
	return Of(t.h.Metric.Watches(a) && a.Statistic == t.h.Metric.Statistic &&
		a.Threshold == t.h.Threshold && a.Period == t.h.PeriodSeconds &&
		strings.HasPrefix(a.ComparisonOperator, "GreaterThan") && (t.h.PolicyName == "" || t.policy() != nil))
}

// gap is the longest silence that counts as watching.
func (t *Trace) gap() time.Duration { return runlog.Seconds(t.h.MaxPollGapSeconds) }

// capacity is whether the group has n instances, wants as many, and no others are listed.
func (t *Trace) capacity(n int) Signal {
	s := Signal{Gap: t.gap()}
	all := slices.Concat(t.groups, t.confirmed)
	slices.SortStableFunc(all, func(a, b sample[runlog.AutoScalingGroup]) int { return a.received.Compare(b.received) })
	for _, g := range all {
		s.Add(g.received, g.value.DesiredCapacity == n && len(g.value.InService()) == n && len(g.value.Instances) == n &&
			g.value.MinSize == t.h.MinSize && g.value.MaxSize == t.h.MaxSize)
	}
	return s
}

// evaluationRange is the alarm's evaluation range.
func (t *Trace) evaluationRange() time.Duration {
	a, _ := t.alarmAt(t.begin(runlog.PhaseLoad))
	return time.Duration(max(1, a.EvaluationPeriods)*t.h.PeriodSeconds) * time.Second
}

// first is when any load was first offered.
func (t *Trace) first() time.Time {
	for _, p := range []runlog.Phase{runlog.PhaseCalibration, runlog.PhaseControl, runlog.PhaseLoad} {
		if at := t.begin(p); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

func (t *Trace) baseline() Truth {
	to := t.first()
	from := to.Add(-t.evaluationRange())
	if to.IsZero() || from.Before(t.begin(runlog.PhasePremises)) {
		return Unknown
	}
	quiet := Signal{Gap: t.gap()}
	state := ""
	for _, a := range t.alarms {
		if a.value.AlarmName == t.h.AlarmName && !a.received.Before(from) && !a.received.After(to) {
			state = a.value.StateValue
			quiet.Add(a.received, state != "ALARM")
		}
	}
	idle := True
	points := t.points(runlog.GroupSeries, from, to, false)
	for _, p := range points {
		idle = And(idle, Of(p.value < t.h.IdleLimit))
	}
	if len(points) == 0 {
		idle = Unknown
	}
	for _, a := range t.activities {
		busy := a.StartTime.Before(to) && (a.EndTime.IsZero() || a.EndTime.After(from)) && a.StatusCode != "Failed" &&
			a.StatusCode != "Cancelled"
		idle = And(idle, Of(!busy))
	}
	return And(idle, t.capacity(t.h.From()).Always(from, to), quiet.Always(from, to),
		Of(state == "OK" && t.h.From() >= max(1, t.h.MinSize) && t.h.MaxSize >= t.h.To()))
}

// point is a datapoint of a whole period.
type point struct {
	start  time.Time
	value  float64
	values []float64
}

// points are those of a series whose period ends in (from, to], and begins there if whole.
func (t *Trace) points(series string, from, to time.Time, whole bool) (all []point) {
	for start, values := range t.metric[series] {
		end := start.Add(t.h.Period())
		if end.After(from) && !end.After(to) && (!whole || !start.Before(from)) {
			all = append(all, point{start, values[len(values)-1], values})
		}
	}
	slices.SortFunc(all, func(a, b point) int { return a.start.Compare(b.start) })
	return all
}

func mean(points []point) float64 {
	sum := 0.0
	for _, p := range points {
		sum += p.value
	}
	return sum / float64(len(points))
}

func (t *Trace) sent() Truth {
	from, to := t.first(), t.released()
	if from.IsZero() || t.begin(runlog.PhaseLoad).IsZero() || !(t.h.MinAchieved > 0 && t.h.MinAchieved <= 1) {
		return Unknown
	}
	value, last := t.ordered(), from
	sums := map[bool]*runlog.LoadSecond{true: {}, false: {}}
	for _, line := range t.record.Load {
		s := line.Second
		if s == nil {
			continue
		}
		switch s.Phase {
		case runlog.PhaseControl:
			sums[false].Add(*s)
		case runlog.PhaseLoad, runlog.PhaseHold:
			sums[true].Add(*s)
		case runlog.PhaseSetup, runlog.PhasePremises, runlog.PhaseCalibration, runlog.PhaseRelease, runlog.PhaseDone:
		}
		length := runlog.Seconds(s.IntervalSeconds)
		end := t.aws(line.Time)
		start := end.Add(-length)
		if !end.After(from) || start.After(to) {
			continue
		}
		if late := start.Sub(last); late > length/2 || late < -length/2-time.Millisecond && !last.Equal(from) {
			value = False
		}
		last = end
	}
	if to.Sub(last) > time.Second {
		value = And(value, Unknown)
	}
	for _, s := range sums {
		value = And(value, Of(s.Offered > 0 && float64(s.Sent) >= t.h.MinAchieved*float64(s.Offered) &&
			float64(s.Failed) <= 0.01*float64(s.Sent)))
	}
	return value
}

// ordered is that no phase is entered twice, and that each line of the load is of a phase that is under
// way and begins when the one before it has ended, by at most half of it.
func (t *Trace) ordered() Truth {
	begun, ended := map[runlog.Phase]bool{}, map[runlog.Phase]time.Time{}
	var phase runlog.Phase
	var last time.Time
	for _, line := range t.record.Load {
		if p := line.Phase; p != nil && p.Phase != phase {
			if begun[p.Phase] {
				return False
			}
			begun[p.Phase], ended[phase], phase = true, line.Time, p.Phase
		}
		s := line.Second
		if s == nil {
			continue
		}
		length := runlog.Seconds(s.IntervalSeconds)
		start := line.Time.Add(-length)
		end, over := ended[s.Phase]
		if s.Phase != phase && phase != "" && (!begun[s.Phase] || over && start.After(end)) || last.Sub(start) > length/2+time.Millisecond {
			return False
		}
		last = line.Time
	}
	return True
}

func (t *Trace) observed() Truth {
	value := Of(!t.unread)
	for i, o := range t.record.Cloud {
		value = And(value, Of(o.Seq == int64(i+1)))
	}
	from, to := t.begin(runlog.PhasePremises), t.watchEnd()
	if from.IsZero() || to.IsZero() {
		return Unknown
	}
	for _, operation := range inRound {
		value = And(value, t.answers(operation, t.gap()).Always(from, to))
	}
	return And(value, t.snapshots(from, to))
}

// watchEnd is the end of the chain, or of the load.
func (t *Trace) watchEnd() time.Time {
	if end := t.links()[runlog.LinkLoadShared].Hi; !end.IsZero() && end.Before(t.released()) {
		return end
	}
	return t.released()
}

func (t *Trace) data() Truth {
	from, to, period := t.first().Add(-t.evaluationRange()), t.watchEnd(), t.h.Period()
	if answers := t.answered[runlog.OpGetMetricData]; len(answers) == 0 || period == 0 || to.IsZero() {
		return Unknown
	} else if visible := answers[len(answers)-1].received.Add(-t.h.PublishLag()); visible.Before(to) {
		to = visible
	}
	value := Of(!t.metricInError)
	for start := from.Truncate(period).Add(period); !start.Add(period).After(to); start = start.Add(period) {
		if t.metric[runlog.GroupSeries][start] == nil {
			value = And(value, Unknown)
		}
	}
	return And(value, t.agree(from, to))
}

func (t *Trace) band() Truth {
	if t.calibration == nil {
		points := t.points(runlog.GroupSeries, t.begin(runlog.PhaseLoad), t.released(), false)
		for _, p := range points {
			if p.value > t.h.Threshold {
				return Of(p.value < t.h.MostBand()*t.h.Threshold)
			}
		}
		return Unknown
	}
	c, rate := t.calibration, t.rates[runlog.PhaseLoad]
	return And(t.calibrated(), Of(c.PredictedCPUPercent > t.h.Threshold && c.PredictedCPUPercent < t.h.MostBand()*t.h.Threshold &&
		math.Abs(rate-c.LoadRate) <= 0.01*c.LoadRate &&
		math.Abs(c.IdleCPUPercent+c.CPUPercentPerRate*c.LoadRate/float64(max(1, t.h.From()))-c.PredictedCPUPercent) < 0.01))
}

func (t *Trace) control() Truth {
	from, to, load := t.begin(runlog.PhaseControl), t.end(runlog.PhaseControl), t.begin(runlog.PhaseLoad)
	points := t.points(runlog.GroupSeries, from, to, true)
	if to.IsZero() || load.IsZero() || len(points) == 0 || t.h.ControlSeconds < t.h.ChainWithin().Seconds() ||
		to.Sub(from).Seconds() < t.h.ControlSeconds-1 {
		return Unknown
	}
	value := And(t.capacity(t.h.From()).Always(from, load), Of(mean(points) >= t.h.ControlCPUPercent/2 && t.h.ControlCPUPercent > 0))
	for _, p := range points {
		value = And(value, Of(!t.breaches(p.value)))
	}
	for _, tr := range t.transitions() {
		value = And(value, Of(tr.to.StateValue != "ALARM" || tr.at.Before(from) || !tr.at.Before(load)))
	}
	for _, a := range t.activities {
		value = And(value, Of(a.StartTime.Before(from) || !a.StartTime.Before(load)))
	}
	return value
}

func (t *Trace) breaches(v float64) bool {
	a, _ := t.alarmAt(t.begin(runlog.PhaseLoad))
	return v > t.h.Threshold || v == t.h.Threshold && a.ComparisonOperator == "GreaterThanOrEqualToThreshold"
}
