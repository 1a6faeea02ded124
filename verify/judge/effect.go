package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// findEffect is e7: with all instances serving, each carries From/To of what one carried before,
// and the alarm returns to OK. The fall is judged as a fraction of what was measured under the
// same load, not against what the calibration predicts: a machine that has become slower since
// burns more before and after. One datapoint is noise, so it is judged by the mean of all full
// periods from the first request of the new instances to the end of the load; the event itself is
// when the alarm returned or, if that was sooner, when the first of those periods ended.
func (t *analysis) findEffect(l *Link) (interval, bool) {
	want := 1 / t.h.MostBand()
	l.Expected = fmt.Sprintf("over the full periods after e6 the busiest instance carries about %s %% of what one carried before, the "+
		"group is below %s, and the alarm OK", number(math.Round(1000*want)/10), t.amount(t.h.Threshold))
	l.Join = map[string]string{"old": list(t.oldIDs), "new": list(t.newIDs)}
	from, to := t.events[runlog.LinkFirstRequest].at, t.ended
	group := t.cloud.Metric.Within(runlog.GroupSeries, from, to)
	shares := t.shares(from, to)
	l.Seen = t.sharesText(group, shares)
	least := len(group)
	for _, s := range shares {
		least = min(least, len(s.points))
	}
	if least < t.needed() {
		l.Seen = "full periods with a datapoint: " + l.Seen
		return interval{}, true
	}
	l.Evidence = evidence(group[0].First, shares[len(shares)-1].points[0].First)
	worst := slices.MaxFunc(shares, func(a, b share) int { return cmp.Compare(mean(a.points), mean(b.points)) })
	t.effect = new(mean(worst.points))
	l.Seen = "mean " + l.Seen
	if silent := t.silent(group); silent != "" {
		l.Seen += fmt.Sprintf("; but nothing was answered by %s", silent)
		return interval{}, true
	}
	if !t.fell(l, worst.points, mean(group)) {
		return interval{}, true
	}
	return t.returned(l, group[0].Start.Add(t.period))
}

// fell judges the fraction that the busiest instance carries of what one carried before.
func (t *analysis) fell(l *Link, busiest []*timeline.Datapoint, group float64) bool {
	until := t.events[runlog.LinkFirstRequest].at
	if !t.h.Identity.ByAnswer() { // which is the end of a period in which they may have served
		until = t.events[runlog.LinkTargetHealthy].lo
	}
	fraction, within := t.fallOf(busiest, until)
	l.Seen += fmt.Sprintf("; %s %% ± %s %% of what one carried before", number(math.Round(100*fraction)), number(math.Round(100*within)))
	switch limit := (1 + 1/t.h.MostBand()) / 2; {
	case fraction-within >= limit:
		l.Status = Broken
		return false
	case !(fraction <= limit) || fraction+within >= 1:
		l.Seen += ", which does not tell a fall from none"
		return false
	case group >= t.h.Threshold:
		l.Seen += "; it fell, but from more than the calibration predicted"
		return false
	}
	return true
}

// returned is when the alarm was OK again, at the earliest at end.
func (t *analysis) returned(l *Link, end time.Time) (interval, bool) {
	for _, tr := range t.transitions() {
		if tr.To.StateValue != "OK" || !tr.At.After(t.fired.At) {
			continue
		}
		l.Evidence = append(l.Evidence, evidence(tr.Source)...)
		l.Seen += fmt.Sprintf("; alarm OK at %s", clockTime(tr.At))
		if tr.At.After(t.ended) {
			l.Seen += ", but only after the load had ended"
			return interval{}, false
		}
		if tr.At.After(end) {
			end = tr.At
		}
		return exactly(end), true
	}
	l.Seen += "; the alarm did not return to OK"
	return interval{}, false
}

// needed is how many full periods tell the fall; older records were held until one did.
func (t *analysis) needed() int {
	if t.h.Version < 3 {
		return 1
	}
	return 2
}

// share is what an instance carried.
type share struct {
	id     string
	points []*timeline.Datapoint
}

// byCPU reports whether the fall is judged by the CPU of each instance, and not by the load balancer's
// mean over the targets: that falls with each target that is healthy, whoever answers.
func (t *analysis) byCPU() bool {
	return !t.h.Metric.CountsRequests() || t.h.Identity == runlog.IdentityRequests
}

// shares are what each instance carried over the full periods; what requests are counted for is
// the group's own series, which is that of each target.
func (t *analysis) shares(from, to time.Time) (all []share) {
	if !t.byCPU() {
		return []share{{"each target", t.cloud.Metric.Within(runlog.GroupSeries, from, to)}}
	}
	for _, id := range slices.Concat(t.oldIDs, t.newIDs) {
		all = append(all, share{id, t.cloud.Metric.Within(id, from, to)})
	}
	return all
}

func (t *analysis) sharesText(group []*timeline.Datapoint, shares []share) string {
	text, amount := meanText("group", group, t.amount), t.amount
	if t.byCPU() {
		amount = func(v float64) string { return number(v) + " %" }
	}
	for _, s := range shares {
		text += ", " + meanText(s.id, s.points, amount)
	}
	return text
}

func meanText(name string, points []*timeline.Datapoint, amount func(float64) string) string {
	if len(points) == 0 {
		return name + " none"
	}
	return fmt.Sprintf("%s %s (n = %d)", name, amount(mean(points)), len(points))
}

// fallOf is which fraction an instance carries of what one carried before, and the double
// standard error of that. Before is what a request cost until the new instances served, at the
// rate of the full periods from then on.
func (t *analysis) fallOf(after []*timeline.Datapoint, from time.Time) (fraction, within float64) {
	costs := t.costsBefore(t.began, from)
	if len(costs) == 0 { // the alarm was faster than the metric
		costs = t.costsBefore(t.aws(t.load.phases[runlog.PhaseControl].start), t.began)
	}
	idle, levels, rate := t.idleOfShare(), make([]float64, len(after)), 0.0
	for i, p := range after {
		levels[i] = p.Value() - idle
		rate += t.answered("", p.Start, p.Start.Add(t.period)) / float64(len(after)) / float64(max(1, t.h.From()))
	}
	cost, costError := meanOf(costs)
	level, levelError := meanOf(levels)
	fraction = level / (cost * rate)
	return fraction, 2 * math.Abs(fraction) * math.Hypot(costError/cost, levelError/level)
}

// costsBefore are what each full period of [from, to], or one that the load began in, says of
// the cost of a request at the instances that were there before.
func (t *analysis) costsBefore(from, to time.Time) (costs []float64) {
	add := func(series, id string, instances float64) {
		for _, p := range t.cloud.Metric.Ending(series, from, to) {
			if rate := t.answered(id, p.Start, p.Start.Add(t.period)) / instances; rate > 0 {
				costs = append(costs, (p.Value()-t.idleOfShare())/rate)
			}
		}
	}
	if !t.byCPU() {
		add(runlog.GroupSeries, "", float64(max(1, t.h.From())))
		return costs
	}
	for _, id := range t.oldIDs {
		add(id, id, 1)
	}
	return costs
}

// idleOfShare is what an instance has without any load, of what shares are of.
func (t *analysis) idleOfShare() float64 {
	if t.byCPU() {
		return t.idleCPU()
	}
	return t.idle()
}

// leastError is the least relative standard error that a mean is credited with: that of a few
// datapoints that happen to agree says nothing.
const leastError = 0.03

// meanOf is the mean of the values and its standard error, of one value a twentieth of it.
func meanOf(values []float64) (mean, standardError float64) {
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	if n < 2 {
		return mean, math.Abs(mean) / 20
	}
	var squares float64
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	return mean, math.Max(math.Sqrt(squares/(n-1)/n), leastError*math.Abs(mean))
}

// silent names an instance of those that answered nothing in one of the
// periods: its CPU then says nothing of a shared load. "" if all answered.
func (t *analysis) silent(periods []*timeline.Datapoint) string {
	for _, p := range periods {
		if t.h.Identity == runlog.IdentityRequests {
			if seen, by, _ := t.sharing(p.Start); len(by) == 0 {
				return fmt.Sprintf("%s, as far as is known: %s", list(t.newIDs), seen)
			}
			continue
		}
		inside := t.overlapping(p.Start, p.Start.Add(t.period))
		for _, id := range slices.Concat(t.oldIDs, t.newIDs) {
			answers := func(s second) bool { return s.Instances[id] != nil && s.Instances[id].Completed > 0 }
			counts := t.h.Identity == runlog.IdentityTarget && t.answered(id, p.Start, p.Start.Add(t.period)) > 0
			if !counts && !slices.ContainsFunc(inside, answers) {
				return fmt.Sprintf("%s in the period of %s", id, clockTime(p.Start))
			}
		}
	}
	return ""
}
