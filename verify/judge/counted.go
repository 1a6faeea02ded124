package judge

import (
	"fmt"
	"math"
	"slices"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// Where no answer names its instance, what the load balancer counted in a period tells who answered.

// leastForLoad is how many percent of CPU the first instances must use for the load, so that the CPU
// of another one tells whether it carries a share.
const leastForLoad = 1.0

// findCounted is e6 by counts: at the end of the first period that shows all new instances to answer.
func (t *analysis) findCounted(l *Link) (interval, bool) {
	l.Expected = "the load balancer counts requests that the same instance answered, in a period after e5"
	if t.h.Identity == runlog.IdentityRequests {
		l.Expected = fmt.Sprintf("in a full period after e5 the load balancer's requests are those of %d targets, and the same instance uses at "+
			"least half of the CPU for them that the first ones use", t.h.To())
	}
	l.Join = map[string]string{"instance": list(t.newIDs), "evidence": string(t.h.Identity)}
	healthy, decided := t.events[runlog.LinkTargetHealthy], false
	l.Seen = "no full period after e5 is in the record"
	for start := t.firstCounted(); !start.Add(t.period).After(t.ended); start = start.Add(t.period) {
		seen, by, known := t.carrying(start)
		l.Evidence, l.Seen = evidence(by...), seen
		if decided = decided || known; known && len(by) > 0 {
			end := start.Add(t.period)
			return interval{latest(start, healthy.lo), end, end}, true
		}
	}
	return interval{}, !decided
}

// firstCounted is when the first period begins whose counts may show the new instances to answer. Of
// what is counted for each target, a part of a period is enough.
func (t *analysis) firstCounted() time.Time {
	healthy := t.events[runlog.LinkTargetHealthy].lo
	start := healthy.Truncate(t.period)
	if t.h.Identity == runlog.IdentityRequests && start.Before(healthy) {
		return start.Add(t.period)
	}
	return start
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// carrying says what the period from start on shows of the new instances. By is what shows that all of
// them answer; nothing if one does not. Known is whether the record tells.
func (t *analysis) carrying(start time.Time) (seen string, by []*runlog.Observation, known bool) {
	if t.h.Identity == runlog.IdentityTarget {
		return t.answering(start)
	}
	return t.sharing(start)
}

// answering is carrying by the counts of each target.
func (t *analysis) answering(start time.Time) (seen string, by []*runlog.Observation, known bool) {
	period := "in the period of " + clockTime(start)
	for _, id := range t.newIDs {
		d := t.cloud.Metric.At(runlog.TargetSeries(id), start)
		switch {
		case d != nil && d.Value() > 0:
			seen += fmt.Sprintf("%s answered %s requests, ", id, number(d.Value()))
			by = append(by, d.First)
		case t.unattributed(start) != "":
			return fmt.Sprintf("%s %s", t.unattributed(start), period), nil, false
		default:
			return fmt.Sprintf("%s answered no request %s; the other targets answered all", id, period), nil, true
		}
	}
	return seen + period, by, true
}

// sharing is carrying by the mean of all targets, and by the CPU of each.
func (t *analysis) sharing(start time.Time) (seen string, by []*runlog.Observation, known bool) {
	period := "in the period of " + clockTime(start)
	total, mean := t.cloud.Metric.At(runlog.RequestsSeries, start), t.perTarget(start)
	first, there := t.burnedForLoad(t.oldIDs, start)
	switch {
	case total == nil || mean == nil || !there:
		return "the load balancer's counts, or CPU of the first instances, are missing " + period, nil, false
	case !(total.Value()/mean.Value() > float64(t.h.To())-0.5):
		targets := number(round(total.Value() / mean.Value()))
		return fmt.Sprintf("the load balancer's requests were those of %s targets %s", targets, period), nil, true
	case first < leastForLoad:
		seen = fmt.Sprintf("the first instances use %s %% of CPU for the load %s, which tells nothing of the others", number(first), period)
		return seen, nil, false
	}
	seen = fmt.Sprintf("%s requests of %s targets, ", number(total.Value()), number(round(total.Value()/mean.Value())))
	by = []*runlog.Observation{total.First, mean.First}
	for _, id := range t.newIDs {
		own, there := t.burnedForLoad([]string{id}, start)
		if !there {
			return fmt.Sprintf("CPU of %s is missing %s", id, period), nil, false
		}
		seen += fmt.Sprintf("for which %s uses %s %% of CPU, and the first instances %s %%, ", id, number(own), number(first))
		if own < first/2 {
			return seen + period, nil, true
		}
		by = append(by, t.cloud.Metric.At(id, start).First)
	}
	return seen + period, by, true
}

// perTarget is the load balancer's mean over the targets; nil if it is missing or zero.
func (t *analysis) perTarget(start time.Time) *timeline.Datapoint {
	series := runlog.PerTargetSeries
	if t.h.Metric.CountsRequests() {
		series = runlog.GroupSeries
	}
	if d := t.cloud.Metric.At(series, start); d != nil && d.Value() > 0 {
		return d
	}
	return nil
}

// burnedForLoad is how much CPU the instances use beyond idle, on average, in percent; false if it is
// not known of all.
func (t *analysis) burnedForLoad(ids []string, start time.Time) (percent float64, known bool) {
	for _, id := range ids {
		d := t.cloud.Metric.At(id, start)
		if d == nil {
			return 0, false
		}
		percent += (d.Value() - t.idleCPU()) / float64(len(ids))
	}
	return percent, len(ids) > 0
}

// idleCPU is the CPU of an instance without any load, in percent.
func (t *analysis) idleCPU() float64 {
	if !t.h.Metric.CountsRequests() {
		return t.idle()
	}
	var all []*timeline.Datapoint
	if from, to, ok := t.baselineWindow(); ok {
		for _, id := range t.oldIDs {
			all = append(all, t.cloud.Metric.Ending(id, from, to)...)
		}
	}
	return mean(all) // not a number of none, with which nothing holds
}

// counted is how many requests a second a series counts in [from, to), those of a period spread evenly
// over it.
func (t *analysis) counted(series string, from, to time.Time) (rate float64) {
	for start := from.Truncate(t.period); start.Before(to); start = start.Add(t.period) {
		begin, end := latest(start, from), start.Add(t.period)
		if end.After(to) {
			end = to
		}
		if d := t.cloud.Metric.At(series, start); d != nil {
			rate += d.Value() / t.period.Seconds() * end.Sub(begin).Seconds() / to.Sub(from).Seconds()
		}
	}
	return rate
}

// even is an even share of all answers in [from, to), if the same targets were healthy all that time;
// 0 if not, or if it is none of them.
func (t *analysis) even(id string, from, to time.Time) float64 {
	start := from.Round(t.period) // the clocks may be a second apart
	healthy := t.healthyFor(start, start.Add(t.period))
	if !slices.Contains(healthy, id) {
		return 0
	}
	return t.answered("", from, to) / float64(len(healthy))
}

// healthyFor are the targets that were healthy from the last answer before from to the first after to;
// nil if others were, too.
func (t *analysis) healthyFor(from, to time.Time) (ids []string) {
	for i, h := range t.cloud.Health {
		if i+1 < len(t.cloud.Health) && t.aws(t.cloud.Health[i+1].Received).Before(from) {
			continue
		}
		now := runlog.State{Targets: h.Value}.Healthy()
		if ids != nil && !slices.Equal(ids, now) {
			return nil
		}
		if ids = now; t.aws(h.Sent).After(to) {
			return ids
		}
	}
	return nil
}

// unattributed says that more requests were answered in a period under load than its counts tell of
// the group's targets: something else answered them. "" if not.
func (t *analysis) unattributed(start time.Time) string {
	counted := 0.0
	if t.h.Identity == runlog.IdentityTarget {
		for id := range t.members() {
			counted += t.counted(runlog.TargetSeries(id), start, start.Add(t.period))
		}
	} else {
		counted = t.counted(runlog.RequestsSeries, start, start.Add(t.period))
	}
	answered := math.Inf(1)
	for shift := -time.Second; shift <= time.Second; shift += time.Second / 4 {
		answered = min(answered, t.rate(start.Add(shift), start.Add(shift+t.period), func(s second) int64 { return s.Completed }))
	}
	if counted >= answered*(1-otherShare)-otherRate {
		return ""
	}
	return fmt.Sprintf("the load balancer counts %s requests/s that the group's targets answered, where %s were answered",
		number(round(counted)), number(round(answered)))
}

// othersAnswered finds a period under load whose answers are not all of the group's targets, or of which
// that is not known: Held if there is none.
func (t *analysis) othersAnswered() (status Status, why string, by *runlog.Observation) {
	status = Held
	for _, p := range t.cloud.Metric.Within(runlog.GroupSeries, t.began, t.ended) {
		period := " in the period of " + clockTime(p.Start)
		switch others := t.unattributed(p.Start); {
		case others == "":
		case t.cloud.Metric.At(runlog.RequestsSeries, p.Start) == nil:
			status, why, by = Undetermined, "the load balancer's count of requests is missing"+period, p.Last
		default:
			return Broken, others + period, p.Last
		}
	}
	return status, why, by
}

// restsOn says what the kind of evidence leaves open; "" where each answer names who gave it.
func restsOn(by runlog.Identity) string {
	switch by {
	case runlog.IdentityTarget:
		return " That it served is known by the load balancer's count of what each target answered in a period, not request by request."
	case runlog.IdentityRequests:
		return " That it served is not known by its answers: the load balancer's requests were those of all targets, whose number is that of " +
			"the healthy ones, and in the same period it used its share of the CPU. Which instance answered a request is not known."
	case runlog.IdentityAnswer:
	}
	return ""
}
