package judge

import (
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
	"secondwind/verify/hypothesis"
)

// What CPU an instance burned is held against U₀ + b·(requests that it answered). In undisturbed
// runs the quotient was 0.80 to 1.24; another client at half of the declared rate brought it to
// 1.34 and more, or, where the calibration had taken that client's CPU for its own, to 0.49 and
// less. A busy machine makes every request dearer: what tells it from a client is that the load
// balancer counted no request too many, and that all instances are alike.
const (
	unexplained = 0.25 // of what is explained
	slower      = 0.35 // likewise, upwards, where nobody else's requests were counted
	unlike      = 1.25 // quotient of two instances' quotients
	background  = 0.05 // of the threshold: a user's session, a new program's start
)

// account is the CPU of an instance in a full period, and what the load that it carried explains.
type account struct {
	id              string
	p               *timeline.Datapoint
	low, at, high   float64 // explained, by the calibration's interval and the clocks'
	narrow, allowed bool    // within the first limit, within the second
}

// noUnexplainedCPU is that the declared load explains the CPU of every instance.
func (t *analysis) noUnexplainedCPU() Finding {
	f := t.declared("confounder.unexplained-cpu", "CPU that the declared load does not explain",
		"in every full period each instance burns what its idle and the requests that it answered explain, within %s %%",
		number(100*unexplained))
	c := t.load.calibration
	switch {
	case t.r.Hypothesis == nil || t.began.IsZero():
		return f
	case c == nil:
		return f.notJudged("there is no calibration to explain it by")
	}
	all := t.accounts(c)
	if len(all) == 0 {
		return f.open("no full period under load has a datapoint of an instance that was InService")
	}
	counted := t.otherRequests().Status == Held
	least, most := math.Inf(1), 0.0
	for _, a := range all {
		if !a.narrow && (!a.allowed || !counted) {
			return f.with(Broken, evidence(a.p.Last), "%s", a.text(t))
		}
		if a.at > 0 {
			q := (a.p.Value() - t.idle()) / (a.at - t.idle())
			least, most = math.Min(least, q), math.Max(most, q)
		}
	}
	if a, b := t.differing(all); a != nil {
		return f.with(Broken, evidence(a.p.Last), "the instances differ: %s; %s", a.text(t), b.text(t))
	}
	return f.held("%s to %s times what was explained, over %s", number(math.Round(100*least)/100), number(math.Round(100*most)/100),
		runlog.Count(len(all), "period"))
}

// text says what an instance burned, and what is explained of it.
func (a account) text(t *analysis) string {
	return fmt.Sprintf("%s had %s in the period of %s, where its requests explain %s (%s to %s)", a.id, t.amount(a.p.Value()),
		clockTime(a.p.Start), number(a.at), number(a.low), number(a.high))
}

// accounts are those of every full period under any load of an instance that was InService in it.
func (t *analysis) accounts(c *runlog.Calibration) (all []account) {
	for _, id := range t.cloud.Metric.Series {
		series, instances := id, 1.0
		switch counts := t.h.Metric.CountsRequests(); {
		case counts && id == runlog.GroupSeries:
			id, instances = "", 0
		case counts || !runlog.OfInstance(id):
			continue
		}
		for _, p := range t.cloud.Metric.Within(series, t.firstLoad, t.ended) {
			members := t.settled(p.Start, p.Start.Add(t.period))
			if !containsAll(members, named(id)) || len(members) == 0 {
				continue // it may still start, or be on its way out
			}
			if t.h.Identity == runlog.IdentityRequests && len(t.healthyFor(p.Start, p.Start.Add(t.period))) != len(members) {
				continue // who carried which share is not known
			}
			n := instances
			if id == "" {
				n = float64(len(members))
			}
			all = append(all, t.accountOf(c, id, n, p))
		}
	}
	return all
}

func named(id string) []string {
	if id == "" {
		return nil
	}
	return []string{id}
}

// accountOf explains a datapoint by the requests that were answered within its period, of n
// instances together. The clocks may be a second apart.
func (t *analysis) accountOf(c *runlog.Calibration, id string, n float64, p *timeline.Datapoint) account {
	a := account{id: id, p: p, low: math.Inf(1), high: math.Inf(-1)}
	for _, shift := range []time.Duration{-time.Second, 0, time.Second} {
		rate := t.answered(id, p.Start.Add(shift), p.Start.Add(shift+t.period)) / n
		a.low = math.Min(a.low, c.CPUPercentPerRateLow*rate)
		a.high = math.Max(a.high, c.CPUPercentPerRateHigh*rate)
		if shift == 0 {
			a.at = t.idle() + c.CPUPercentPerRate*rate
		}
	}
	over, slack := p.Value()-t.idle(), background*t.h.Threshold
	a.narrow = over >= a.low*(1-unexplained)-slack && over <= a.high*(1+unexplained)+slack
	a.allowed = over >= a.low*(1-unexplained)-slack && over <= a.high*(1+slower)+slack
	a.low, a.high = a.low+t.idle(), a.high+t.idle()
	return a
}

// differing are two instances of which one burned far more in the same period, for what it
// answered, than the other: a slow machine slows all of them.
func (t *analysis) differing(all []account) (a, b *account) {
	idle, slack := t.idle(), background*t.h.Threshold
	of := func(a *account, slack float64) float64 { return (a.p.Value() - idle + slack) / (a.at - idle) }
	at := map[time.Time][]*account{}
	for i := range all {
		x := &all[i]
		for _, y := range at[x.p.Start] {
			switch {
			case x.narrow && y.narrow:
			case of(x, -slack) > unlike*of(y, slack):
				return x, y
			case of(y, -slack) > unlike*of(x, slack):
				return y, x
			}
		}
		at[x.p.Start] = append(at[x.p.Start], x)
	}
	return nil, nil
}

// idle is the metric without any load: as calibrated, else as the baseline has it.
func (t *analysis) idle() float64 {
	if c := t.load.calibration; c != nil {
		return c.IdleCPUPercent
	}
	if from, to, ok := t.baselineWindow(); ok {
		if points := t.cloud.Metric.Ending(runlog.GroupSeries, from, to); len(points) > 0 {
			return mean(points)
		}
	}
	return 0
}

// answered is how many requests a second an instance answered in [from, to) of AWS's clock, well
// or badly; of all of them together for "".
func (t *analysis) answered(id string, from, to time.Time) float64 {
	switch {
	case id == "" || t.h.Identity.ByAnswer():
	case t.h.Identity == runlog.IdentityTarget:
		return t.counted(runlog.TargetSeries(id), from, to)
	default:
		return t.even(id, from, to)
	}
	return t.rate(from, to, func(s second) int64 {
		if id == "" {
			return s.Completed + s.Failed
		}
		if i := s.Instances[id]; i != nil {
			return i.Completed + i.Failed
		}
		return 0
	})
}

// rate is how many of something the load's record has a second in [from, to) of AWS's clock, those
// of an interval spread evenly over it.
func (t *analysis) rate(from, to time.Time, of func(second) int64) float64 {
	var sum float64
	for _, s := range t.overlapping(from, to) {
		start, end := t.aws(s.start), t.aws(s.end)
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		if inside := end.Sub(start).Seconds(); inside > 0 {
			sum += float64(of(s)) * inside / s.IntervalSeconds
		}
	}
	return sum / to.Sub(from).Seconds()
}

// otherShare is which part of the run's requests another may have the load balancer count beside them.
const otherShare = 0.05

// otherRate is how many requests a second another may have it count besides: the synthetic user's,
// who sends two in 5 s, and of a load of many requests a little more, in which they are nothing.
func (t *analysis) otherRate() float64 {
	return min(1, max(0.5, otherShare*t.load.phases[runlog.PhaseLoad].rate))
}

// otherRequests is that nobody else sends requests through the load balancer.
func (t *analysis) otherRequests() Finding {
	f := t.declared("confounder.other-requests", "another client's requests",
		"the load balancer counts no more requests than the run sent, within %s %% and %s a second",
		number(100*otherShare), number(t.otherRate()))
	switch {
	case t.r.Hypothesis == nil || t.began.IsZero():
		return f
	case t.h.Version < 3:
		return f.notJudged("this record was made before the load balancer's count was asked for")
	case !t.countsRequests():
		return f.notJudged("no Application Load Balancer is in front of the target group: others count no requests")
	}
	n := 0
	for _, p := range t.cloud.Metric.Ending(runlog.RequestsSeries, t.baselineFrom(), t.ended) { // as the baseline's CPU
		n++
		_, sent := t.sentRates(p.Start)
		counted := p.Value() / t.period.Seconds()
		if counted > sent*(1+otherShare)+t.otherRate() {
			return f.with(Broken, evidence(p.Last), "it counted %s requests/s in the period of %s, where the run sent %s", number(round(counted)),
				clockTime(p.Start), number(round(sent)))
		}
	}
	if n == 0 {
		return f.open("the load balancer's count of requests is not in the record")
	}
	return f.held("%s, none with more requests than were sent", runlog.Count(n, "period"))
}

func round(v float64) float64 { return math.Round(10*v) / 10 }

// countsRequests reports whether an Application Load Balancer, which counts requests, is in front
// of the claim's target group.
func (t *analysis) countsRequests() bool {
	return slices.ContainsFunc(t.cloud.TargetGroups, func(g timeline.Seen[runlog.TargetGroup]) bool {
		return slices.ContainsFunc(g.Value.LoadBalancerArns, hypothesis.CountsRequests)
	})
}

// baselineFrom is when the baseline begins; the first load where there is none.
func (t *analysis) baselineFrom() time.Time {
	if from, _, ok := t.baselineWindow(); ok {
		return from
	}
	return t.firstLoad
}

// overlapping are the intervals of the load's record that lie in [from, to) of AWS's clock, in part at least.
func (t *analysis) overlapping(from, to time.Time) []second {
	all := t.load.seconds
	first := sort.Search(len(all), func(i int) bool { return t.aws(all[i].end).After(from) })
	last := first
	for last < len(all) && t.aws(all[last].start).Before(to) {
		last++
	}
	return all[first:last]
}
