package formula

import (
	"math"
	"slices"
	"sort"
	"strings"
	"time"

	"secondwind/runlog"
)

// rate is how many of something the lines of the load have a second in a time, spread evenly over each line.
func (t *Trace) rate(from, to time.Time, of func(*runlog.LoadSecond) int64) float64 {
	sum := 0.0
	first := sort.Search(len(t.seconds), func(i int) bool { return t.seconds[i].received.After(from) })
	for _, s := range t.seconds[first:] {
		start, end := s.sent, s.received
		if !start.Before(to) {
			break
		}
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		sum += float64(of(s.value)) * end.Sub(start).Seconds() / s.value.IntervalSeconds
	}
	return sum / to.Sub(from).Seconds()
}

// bounds are the least and the greatest rate in a period, with the clocks a second apart at most.
func (t *Trace) bounds(start time.Time, of func(*runlog.LoadSecond) int64) (low, high float64) {
	low = math.Inf(1)
	for shift := -time.Second; shift <= time.Second; shift += time.Second / 4 {
		rate := t.rate(start.Add(shift), start.Add(shift+t.h.Period()), of)
		low, high = min(low, rate), max(high, rate)
	}
	return low, high
}

func sentIn(s *runlog.LoadSecond) int64 { return s.Sent }

// counted is that the load balancer counts no more requests than were sent.
func (t *Trace) counted() Truth {
	application := slices.ContainsFunc(t.targetGroups, func(g sample[runlog.TargetGroup]) bool {
		return slices.ContainsFunc(g.value.LoadBalancerArns, func(arn string) bool { return strings.Contains(arn, ":loadbalancer/app/") })
	})
	if t.h.Version < 3 || !application {
		return True // it counts none, as the verdict says
	}
	value := Unknown
	for _, p := range t.points(runlog.RequestsSeries, t.first().Add(-t.evaluationRange()), t.released(), true) {
		_, sent := t.bounds(p.start, sentIn)
		if p.value/t.h.Period().Seconds() > 1.05*sent+1 {
			return False
		}
		value = True
	}
	return value
}

// calibrated is that the calibration's points are the metric's, at the rates that were sent.
func (t *Trace) calibrated() Truth {
	c, value := t.calibration, True
	for _, p := range c.Points {
		low, high := t.bounds(p.Timestamp.UTC(), sentIn)
		edge := 2 / t.h.Period().Seconds()
		value = And(value, Of(p.Rate >= 0.95*low-edge && p.Rate <= 1.05*high+edge &&
			slices.ContainsFunc(t.metric[runlog.GroupSeries][p.Timestamp.UTC()], func(v float64) bool { return math.Abs(v-p.CPUPercent) < 1e-5 })))
	}
	return value
}

// burned is that in every whole period under load the CPU of each instance is what its requests explain.
func (t *Trace) burned() Truth {
	c, value := t.calibration, Unknown
	if c == nil || t.h.Metric.CountsRequests() || !t.h.Identity.ByAnswer() {
		return True // nothing explains that of each instance
	}
	most := 1.25
	if t.h.Version >= 3 && t.counted() == True {
		most = 1.35
	}
	for id := range t.metric {
		if id == runlog.GroupSeries || id == runlog.RequestsSeries {
			continue
		}
		for _, p := range t.points(id, t.first(), t.released(), true) {
			if !slices.Contains(t.settled(p.start, p.start.Add(t.h.Period())), id) {
				continue // it starts, or is on its way out
			}
			low, high := t.bounds(p.start, answersOf(id))
			over, slack := p.value-c.IdleCPUPercent, 0.05*t.h.Threshold
			if over < 0.75*c.CPUPercentPerRateLow*low-slack || over > most*c.CPUPercentPerRateHigh*high+slack {
				return False
			}
			value = True
		}
	}
	return value
}

// lasts is that after e7 the alarm stays OK, and that once the group wants N+k it does until the load ends.
func (t *Trace) lasts() Truth {
	value, since := True, t.links()[runlog.LinkLoadShared].At
	for _, tr := range t.transitions() {
		value = And(value, Of(since.IsZero() || tr.to.StateValue != "ALARM" || !tr.at.After(since) || !tr.at.Before(t.released())))
	}
	raised := false
	for _, g := range t.groups {
		raised = raised || g.value.DesiredCapacity >= t.h.To() && g.received.After(t.begin(runlog.PhaseLoad))
		value = And(value, Of(!raised || !g.received.Before(t.released()) || g.value.DesiredCapacity >= t.h.To()))
	}
	return value
}

// halved is that the busiest instance carries, after e6, less than halfway between N/(N+k) and all of what one carried
// before, by what a request cost until then, and that all of them answer in each period.
func (t *Trace) halved() Truth {
	events, load := t.links(), t.begin(runlog.PhaseLoad)
	served := events[runlog.LinkFirstRequest].At
	switch {
	case events[runlog.LinkLoadShared].At.IsZero():
		return Unknown
	case !t.h.Identity.ByAnswer():
		return True // what each answered is not known
	}
	old := t.before(load)
	busiest, least := 0.0, 2
	if t.h.Version < 3 {
		least = 1
	}
	for id := range t.carrying(old) {
		points := t.points(id, served, t.released(), true)
		if len(points) < least {
			return Unknown
		}
		busiest = max(busiest, mean(points))
	}
	group, rate := t.points(runlog.GroupSeries, served, t.released(), true), 0.0
	for _, p := range group {
		rate += t.answeredBy("", p.start) / float64(len(group)*len(old))
		for id := range t.carrying(old) {
			if id != runlog.GroupSeries && t.rate(p.start, p.start.Add(t.h.Period()), completedBy(id)) == 0 {
				return Unknown
			}
		}
	}
	cost := t.cost(old, load, served)
	if cost == 0 {
		cost = t.cost(old, t.begin(runlog.PhaseControl), load)
	}
	return Of(busiest-t.idle() <= (1+1/t.h.MostBand())/2*cost*rate)
}

// carrying are the series that tell what each instance carries.
func (t *Trace) carrying(old []string) map[string]bool {
	if t.h.Metric.CountsRequests() {
		return map[string]bool{runlog.GroupSeries: true}
	}
	ids := t.launched(true)
	for _, id := range old {
		ids[id] = true
	}
	return ids
}

// cost is what a request cost the instances that were there, on average over the periods that end in a time; 0: none did.
func (t *Trace) cost(old []string, from, to time.Time) float64 {
	sum, n := 0.0, 0.0
	instances := 1.0
	if t.h.Metric.CountsRequests() {
		instances, old = float64(len(old)), []string{runlog.GroupSeries}
	}
	for _, id := range old {
		for _, p := range t.points(id, from, to, false) {
			if rate := t.answeredBy(id, p.start) / instances; rate > 0 {
				sum, n = sum+(p.value-t.idle())/rate, n+1
			}
		}
	}
	return sum / max(1, n)
}

// idle is the metric without any load, as calibrated, else as in the baseline.
func (t *Trace) idle() float64 {
	if t.calibration != nil {
		return t.calibration.IdleCPUPercent
	}
	points := t.points(runlog.GroupSeries, t.first().Add(-t.evaluationRange()), t.first(), false)
	if len(points) == 0 {
		return 0
	}
	return mean(points)
}

// answeredBy is how many requests a second an instance answered in a period; all of them for "".
func (t *Trace) answeredBy(id string, start time.Time) float64 {
	return t.rate(start, start.Add(t.h.Period()), answersOf(id))
}

func answersOf(id string) func(*runlog.LoadSecond) int64 {
	return func(s *runlog.LoadSecond) int64 {
		if id == runlog.GroupSeries {
			return s.Completed + s.Failed
		}
		if i := s.Instances[id]; i != nil {
			return i.Completed + i.Failed
		}
		return 0
	}
}

func completedBy(id string) func(*runlog.LoadSecond) int64 {
	return func(s *runlog.LoadSecond) int64 {
		if i := s.Instances[id]; i != nil {
			return i.Completed
		}
		return 0
	}
}

// lined is that the calibration's points, of two rates at least, lie on a line that meets no load where the idle group stood,
// as well as their scatter tells.
func (t *Trace) lined() Truth {
	c := t.calibration
	if t.h.Version < 3 {
		return True
	}
	if c == nil || c.InterceptCPUPercent == nil || len(c.Points) < 3 {
		return Unknown
	}
	n, off, mid, squares := float64(len(c.Points)), 0.0, 0.0, 0.0
	low, high := math.Inf(1), 0.0
	for _, p := range c.Points {
		off += math.Abs(p.CPUPercent-*c.InterceptCPUPercent-c.CPUPercentPerRate*p.Rate) / n
		mid, low, high = mid+p.Rate/n, min(low, p.Rate), max(high, p.Rate)
	}
	for _, p := range c.Points {
		squares += (p.Rate - mid) * (p.Rate - mid)
	}
	within := t.h.Threshold/10 + 2*off*math.Sqrt(1/n+mid*mid/squares)
	baseline := t.points(runlog.GroupSeries, t.first().Add(-t.evaluationRange()), t.first(), false)
	idle := 0.0 // no request was counted
	if len(baseline) > 0 {
		idle = mean(baseline)
	}
	return Of(high >= 1.25*low && math.Abs(idle-c.IdleCPUPercent) <= 0.05*t.h.Threshold &&
		math.Abs(*c.InterceptCPUPercent-c.IdleCPUPercent) <= within)
}
