package formula

import (
	"encoding/json"
	"math"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/verify/hypothesis"
)

// Statement is a formula that a proved run satisfies, as people write it and as it is evaluated.
type Statement struct {
	Name, Text string
	holds      func(*Trace) Truth
}

// Statements are all of them. Their conjunction is PROVED.
//
// □[a,b] p is that p holds from a to b, ◇[0,d] p that it will within d. L is when the load is
// raised, E when it ends, F when any load was first offered, R an evaluation range of the alarm, N the
// capacity that the group has, N+k what it gets, θ the threshold, d1 to d7 the deadlines that follow from the configuration.
func Statements() []Statement {
	return []Statement{
		{"ended", "the run came to its end", func(t *Trace) Truth { return Of(!t.interrupted) }},
		{"declared", "digest(hypothesis) was recorded before the first request ∧ d1 … d7 follow from the configuration", (*Trace).declared},
		{"clocks", "AWS's clock minus ours is known to ± 2 s", func(t *Trace) Truth { return Of(t.low <= t.high && t.bound() <= 2*time.Second) }},
		{"configured", "the alarm watches the declared metric above θ ∧ it invokes the declared policy", (*Trace).configured},
		{"baseline", "□[F−R, F] (capacity = N ∧ ¬ALARM ∧ CPU < ¾θ ∧ no activity) ∧ OK at F", (*Trace).baseline},
		{"sent", "□[F, E] (a line of the load at most half an interval late) ∧ sent ≥ 98 % of offered ∧ failed ≤ 1 %", (*Trace).sent},
		{"observed", "□[premises, e7] (every question is answered within the gap) ∧ every answer can be read", (*Trace).observed},
		{"data", "□[F−R, e7] (a datapoint of the group for each period)", (*Trace).data},
		{"band", "θ < predicted CPU < θ·(N+k)/N ∧ the rate is the calibrated one", (*Trace).band},
		{"control", "□[control] (CPU < θ ∧ ¬ALARM ∧ capacity = N ∧ no activity) ∧ its mean is at least half of what was declared", (*Trace).control},
		{"chain", "L ∧ ◇[0,d1] (CPU > θ ∧ ◇[0,d2] (OK→ALARM on that datapoint ∧ ◇[0,d3] (an activity of that alarm and policy from N to N+k ∧ " +
			"◇[0,d4] (its instance InService ∧ ◇[0,d5] (healthy ∧ ◇[0,d6] (it answers ∧ ◇[0,d7] (mean CPU < θ ∧ OK)))))))", (*Trace).chain},
		{"release", "◇ capacity = N after E by an alarm, if one scales in ∧ no request fails meanwhile", (*Trace).release},
		{"alone", "□[F−R, E] every activity is the declared alarm's ∧ every ALARM is CloudWatch's own ∧ the configuration stays", (*Trace).alone},
	}
}

// Proved is whether all statements hold, and which is the first that does not.
func Proved(r *runlog.Record) (Truth, string) {
	t := Read(r)
	value, name := True, ""
	for _, s := range Statements() {
		if is := s.holds(t); is < value {
			value, name = is, s.Name
		}
	}
	return value, name
}

func (t *Trace) declared() Truth {
	if t.record.Hypothesis == nil || t.digest == "" || len(t.groups) == 0 {
		return Unknown
	}
	alarm, ok := t.alarmAt(t.begin(runlog.PhaseLoad))
	if !ok || len(t.targetGroups) == 0 {
		return Unknown
	}
	want := hypothesis.Deadlines(alarm, t.targetGroups[0].value, t.groups[0].value, t.policy())
	follows := slices.EqualFunc(want, t.h.Deadlines, func(a, b runlog.Deadline) bool { return a.Link == b.Link && a.Seconds() == b.Seconds() })
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
	return Of(t.h.Metric.Watches(a) && a.Statistic == t.h.Metric.Statistic && a.Threshold == t.h.Threshold && a.Period == t.h.PeriodSeconds &&
		strings.HasPrefix(a.ComparisonOperator, "GreaterThan") && (t.h.PolicyName == "" || t.policy() != nil))
}

// gap is the longest silence that counts as watching.
func (t *Trace) gap() time.Duration { return runlog.Seconds(t.h.MaxPollGapSeconds) }

// capacity is whether the group has n instances, wants as many, and no others are listed.
func (t *Trace) capacity(n int) Signal {
	s := Signal{Gap: t.gap()}
	for _, g := range t.groups {
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
		busy := a.StartTime.Before(to) && (a.EndTime.IsZero() || a.EndTime.After(from)) && a.StatusCode != "Failed" && a.StatusCode != "Cancelled"
		idle = And(idle, Of(!busy))
	}
	return And(idle, t.capacity(t.h.From()).Always(from, to), quiet.Always(from, to), Of(state == "OK" && t.h.From() >= max(1, t.h.MinSize) && t.h.MaxSize >= t.h.To()))
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
		value = And(value, Of(s.Offered > 0 && float64(s.Sent) >= t.h.MinAchieved*float64(s.Offered) && float64(s.Failed) <= 0.01*float64(s.Sent)))
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
	for _, operation := range []string{
		runlog.OpDescribeAutoScalingGroups, runlog.OpDescribeScalingActivities, runlog.OpDescribeAlarms, runlog.OpDescribeAlarmHistory,
		runlog.OpGetMetricData, runlog.OpDescribeTargetHealth,
	} {
		s := Signal{Gap: t.gap()}
		for _, at := range t.answered[operation] {
			s.Add(at, true)
		}
		value = And(value, s.Always(from, to))
	}
	return value
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
	} else if visible := answers[len(answers)-1].Add(-t.h.PublishLag()); visible.Before(to) {
		to = visible
	}
	value := Of(!t.metricInError)
	for start := from.Truncate(period).Add(period); !start.Add(period).After(to); start = start.Add(period) {
		if t.metric[runlog.GroupSeries][start] == nil {
			value = And(value, Unknown)
		}
	}
	return value
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
	return Of(c.PredictedCPUPercent > t.h.Threshold && c.PredictedCPUPercent < t.h.MostBand()*t.h.Threshold &&
		math.Abs(rate-c.LoadRate) <= 0.01*c.LoadRate && math.Abs(c.IdleCPUPercent+c.CPUPercentPerRate*c.LoadRate-c.PredictedCPUPercent) < 0.01)
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

func (t *Trace) transitions() (all []transition) {
	for _, item := range t.history {
		var data runlog.StateUpdateData
		if item.HistoryItemType == "StateUpdate" && json.Unmarshal([]byte(item.HistoryData), &data) == nil {
			all = append(all, transition{item.Timestamp.UTC(), data.OldState, data.NewState})
		}
	}
	slices.SortFunc(all, func(a, b transition) int { return a.at.Compare(b.at) })
	return all
}

// caused is the sentence of an activity that an alarm caused.
var caused = regexp.MustCompile(`a monitor alarm (.+?) in state ALARM triggered policy (.+?) changing the desired capacity from (\d+) to (\d+)\.`)

// byAlarm is whether the declared alarm and policy, and nothing else, caused an activity.
func (t *Trace) byAlarm(a runlog.Activity) (from, to int, ok bool) {
	all := caused.FindAllStringSubmatch(a.Cause, -1)
	for _, m := range all {
		if m[1] != t.h.AlarmName || m[2] != t.h.PolicyName {
			return 0, 0, false
		}
		from, _ = strconv.Atoi(m[3]) // digits
		to, _ = strconv.Atoi(m[4])
	}
	other := strings.Contains(a.Cause, "a user request") || strings.Contains(a.Cause, "scheduled action") ||
		strings.Contains(a.Cause, "health check") || strings.Contains(a.Cause, "instance refresh")
	return from, to, len(all) > 0 && !other
}

func (t *Trace) alone() Truth {
	from, to := t.first().Add(-t.evaluationRange()), t.released()
	within := func(at time.Time) bool { return !at.Before(from) && at.Before(to) }
	value := Of(len(t.schedules) > 0 && len(t.refreshes) > 0)
	for _, a := range t.activities {
		_, _, ours := t.byAlarm(a)
		value = And(value, Of(!within(a.StartTime) || ours && a.StatusCode != "Failed" && a.StatusCode != "Cancelled"))
	}
	for _, tr := range t.transitions() {
		own := strings.HasPrefix(tr.to.StateReason, "Threshold Crossed: ")
		value = And(value, Of(!within(tr.at) || tr.to.StateValue != "ALARM" || own))
	}
	for _, item := range t.history {
		value = And(value, Of(item.HistoryItemType != "ConfigurationUpdate" || !within(item.Timestamp)))
	}
	for _, s := range t.schedules {
		value = And(value, Of(!slices.ContainsFunc(s.value, func(a runlog.ScheduledAction) bool { return within(a.StartTime) })))
	}
	for _, s := range t.refreshes {
		value = And(value, Of(!slices.ContainsFunc(s.value, func(r runlog.InstanceRefresh) bool {
			return !slices.Contains([]string{"Successful", "Failed", "Cancelled", "RollbackSuccessful", "RollbackFailed"}, r.Status)
		})))
	}
	return And(value, t.unchanged(within), t.clean())
}

// unchanged is that alarm and group are configured alike throughout, and nobody else's alarm
// invokes the policy.
func (t *Trace) unchanged(within func(time.Time) bool) Truth {
	value := True
	was, _ := t.alarmAt(t.begin(runlog.PhaseLoad))
	policy := t.policy()
	for _, a := range t.alarms {
		is := a.value
		switch {
		case !within(a.received):
		case is.AlarmName == t.h.AlarmName:
			value = And(value, Of(is.Threshold == was.Threshold && is.Period == was.Period && is.EvaluationPeriods == was.EvaluationPeriods &&
				is.DatapointsToAlarm == was.DatapointsToAlarm && is.ActionsEnabled == was.ActionsEnabled && slices.Equal(is.AlarmActions, was.AlarmActions)))
		case policy != nil && slices.Contains(is.AlarmActions, policy.PolicyARN) && strings.HasPrefix(is.ComparisonOperator, "GreaterThan"):
			value = And(value, Of(is.StateValue != "ALARM"))
		}
	}
	protected := map[string]bool{}
	for _, g := range t.groups {
		v := g.value
		for _, i := range v.Instances {
			was, known := protected[i.InstanceId]
			value = And(value, Of(!known || !within(g.received) || was == i.ProtectedFromScaleIn))
			protected[i.InstanceId] = i.ProtectedFromScaleIn
		}
		value = And(value, Of(!within(g.received) || v.DefaultCooldown == t.groups[0].value.DefaultCooldown))
		value = And(value, Of(v.AutoScalingGroupARN == t.groups[0].value.AutoScalingGroupARN),
			Of(!within(g.received) || len(v.SuspendedProcesses) == 0 && v.MinSize == t.h.MinSize && v.MaxSize == t.h.MaxSize))
	}
	return And(value, t.constant(within))
}

// constant is that answers about what others configure do not change.
func (t *Trace) constant(within func(time.Time) bool) Truth {
	seen := map[string]any{}
	for _, o := range t.record.Cloud {
		switch o.Operation {
		case runlog.OpDescribePolicies, runlog.OpDescribeTargetGroups, "elasticloadbalancing:DescribeTargetGroupAttributes":
		default:
			continue
		}
		question := o.Operation + string(o.Input)
		var answer any
		if o.Error != nil || json.Unmarshal(o.Answer, &answer) != nil {
			continue
		}
		was, again := seen[question]
		if again && within(t.aws(o.Received)) && !reflect.DeepEqual(was, answer) {
			return False
		}
		seen[question] = answer
	}
	return True
}

// clean is that the alarm is OK when the control and the load begin.
func (t *Trace) clean() Truth {
	value := True
	for _, p := range []runlog.Phase{runlog.PhaseControl, runlog.PhaseLoad} {
		at, state, since := t.begin(p), "", time.Time{}
		if at.IsZero() {
			continue
		}
		for _, a := range t.alarms {
			if a.value.AlarmName == t.h.AlarmName && a.sent.Before(at) {
				state, since = a.value.StateValue, a.sent
			}
		}
		for _, tr := range t.transitions() {
			if tr.at.After(since) && tr.at.Before(at) {
				state = tr.to.StateValue
			}
		}
		value = And(value, Of(state == "OK"))
	}
	return value
}
