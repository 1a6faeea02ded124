package judge

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// What one API says is held against what another says of the same thing.

// contradicted finds a transition of which DescribeAlarms knows nothing, though it was
// asked while the state lasted.
func (t *analysis) contradicted() (*runlog.Observation, string) {
	all := t.transitions()
	for i, tr := range all {
		until := t.ended
		if i+1 < len(all) {
			until = all[i+1].At
		}
		if t.judged(tr.At) && t.unseen(tr, until) {
			return tr.Source, fmt.Sprintf("the alarm's history tells of %s from %s on; DescribeAlarms, asked while that state lasted, "+
				"never showed it", tr.To.StateValue, clockTime(tr.At))
		}
	}
	return nil, ""
}

// unseen reports whether DescribeAlarms was asked while the state lasted, and never
// showed it.
func (t *analysis) unseen(tr timeline.Transition, until time.Time) bool {
	asked := false
	for _, a := range t.alarms {
		changed := a.Value.StateTransitionedTimestamp
		if a.Value.StateValue == tr.To.StateValue && (changed.IsZero() || changed.Sub(tr.At).Abs() <= time.Second) {
			return false
		}
		asked = asked || t.aws(a.Sent).Add(-t.clock.bound-staleness).After(tr.At) && t.aws(a.Received).Add(t.clock.bound).Before(until)
	}
	return asked
}

// foreignDatapoint finds a transition that CloudWatch may have made, but on a datapoint
// that the metric does not have.
func (t *analysis) foreignDatapoint() (*timeline.Transition, string) {
	if t.alarm == nil {
		return nil, ""
	}
	for _, tr := range t.counting() {
		if why := t.mismatched(t.alarm.Value, tr); why != "" && t.notEvaluated(t.alarm.Value, tr) == "" {
			return &tr, why
		}
	}
	return nil, ""
}

// knownBefore says where an instance was seen before the load; "" if nowhere.
func (t *analysis) knownBefore(id string) (where string, e []Evidence) {
	began := t.load.began()
	for _, h := range t.cloud.Health {
		there := func(d runlog.TargetHealthDescription) bool { return d.Target.Id == id }
		if h.Received.Before(began) && slices.ContainsFunc(h.Value, there) {
			return "as a target", evidence(h.Observation)
		}
	}
	for _, a := range t.cloud.Activities {
		if launchedInstance(a.Value) == id && a.Value.StartTime.Before(t.acted[0].Value.StartTime) {
			return "launched by activity " + a.Value.ActivityId, evidence(a.Observation)
		}
	}
	for _, p := range t.cloud.Metric.All(id) {
		// Its first period may have begun before it did.
		if !p.Start.Add(t.period).After(t.began) {
			return "with a datapoint of " + clockTime(p.Start), evidence(p.First)
		}
	}
	for _, p := range t.cloud.Metric.All(runlog.TargetSeries(id)) {
		if p.Value() > 0 && !p.Start.Add(t.period).After(t.began) {
			return "with requests that it answered", evidence(p.First)
		}
	}
	for _, s := range t.load.seconds {
		if i := s.Instances[id]; i != nil && i.Completed+i.Failed > 0 && s.end.Before(began) {
			return "with an answer", loadEvidence(s.line)
		}
	}
	return "", nil
}

// disagreement finds a datapoint of the group that is none of its instances': an
// average lies between them, and is the one's where there is one. Periods in
// which instances come or go are left out, for which of them count is not known.
func (t *analysis) disagreement(from, to time.Time) (*timeline.Datapoint, string) {
	if t.h.Metric.CountsRequests() {
		return nil, "" // no instance has a series of it
	}
	for _, p := range t.cloud.Metric.Within(runlog.GroupSeries, from, to) {
		low, high, known := t.between(t.settled(p.Start, p.Start.Add(t.period)), p.Start)
		if known && !slices.ContainsFunc(p.Values, func(v float64) bool { return v >= low-averaging && v <= high+averaging }) {
			return p, fmt.Sprintf("the group has %s %% in the period of %s, its instances have %s to %s %%", number(p.Value()), clockTime(p.Start),
				number(low), number(high))
		}
	}
	return nil, ""
}

// settled are the instances of the group if it had the same ones, InService, from
// the last answer before from to the first after to; nil if not.
func (t *analysis) settled(from, to time.Time) []string {
	var ids []string
	since := sort.Search(len(t.cloud.Groups), func(i int) bool { return !t.aws(t.cloud.Groups[i].Received).Before(from) })
	for _, g := range t.cloud.Groups[max(0, since-1):] {
		now := g.Value.InService()
		if len(now) < len(g.Value.Instances) || (ids != nil && !slices.Equal(ids, now)) {
			return nil
		}
		ids = now
		if t.aws(g.Sent).After(to) {
			return ids
		}
	}
	return nil
}

// averaging is what rounding may add to or take from an average, in percent.
const averaging = 0.01

// between is the range of all values that the instances' datapoints of a period
// ever had; known is false unless there are some and each has one.
func (t *analysis) between(members []string, start time.Time) (low, high float64, known bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, id := range members {
		d := t.cloud.Metric.At(id, start)
		if d == nil {
			return low, high, false
		}
		low, high = math.Min(low, slices.Min(d.Values)), math.Max(high, slices.Max(d.Values))
	}
	return low, high, len(members) > 0
}

// miscalibrated says why the calibration is not of this run or not what it
// predicts from; "" if it is. Its points were read from the same answers.
func (t *analysis) miscalibrated(c *runlog.Calibration) string {
	predicted := c.IdleCPUPercent + c.CPUPercentPerRate*c.LoadRate/float64(max(1, t.h.From()))
	if math.Abs(predicted-c.PredictedCPUPercent) > averaging {
		return fmt.Sprintf("calibration predicts %s %%, its own numbers give %s %%", number(c.PredictedCPUPercent), number(predicted))
	}
	for _, p := range c.Points {
		d := t.cloud.Metric.At(runlog.GroupSeries, p.Timestamp.UTC())
		if d == nil || !slices.ContainsFunc(d.Values, func(v float64) bool { return sameValue(v, p.CPUPercent) }) {
			return fmt.Sprintf("calibration read %s %% at %s, which the metric does not have", number(p.CPUPercent), clockTime(p.Timestamp))
		}
		// A request may be sent in a period and answered in the next: one at either end.
		low, high := t.sentRates(p.Timestamp)
		if edges := 2 / t.period.Seconds(); p.Rate < 0.95*low-edges || p.Rate > 1.05*high+edges {
			return fmt.Sprintf("calibration counted %s requests/s from %s on, load.jsonl has %s to %s", number(p.Rate), clockTime(p.Timestamp),
				number(low), number(high))
		}
	}
	return ""
}

// sentRates bounds the requests per second sent in the period from start on. The
// generator counted while the clocks' offset was known from a few answers only,
// each of which tells AWS's time to the second.
func (t *analysis) sentRates(start time.Time) (low, high float64) {
	low = math.Inf(1)
	for shift := -time.Second; shift <= time.Second; shift += time.Second / 4 {
		rate := t.sentRate(start.Add(shift), start.Add(shift+t.period))
		low, high = math.Min(low, rate), math.Max(high, rate)
	}
	return low, high
}

// sentRate is the requests per second sent in [from, to) of AWS's clock.
func (t *analysis) sentRate(from, to time.Time) float64 {
	return t.rate(from, to, func(s second) int64 { return s.Sent })
}
