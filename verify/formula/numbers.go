package formula

import (
	"math"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
)

// rate is how many of something the lines of the load have a second in a time, spread evenly over each line.
func (t *Trace) rate(from, to time.Time, of func(*runlog.LoadSecond) int64) float64 {
	sum := 0.0
	for _, l := range t.record.Load {
		if l.Second == nil {
			continue
		}
		end := t.aws(l.Time)
		start := end.Add(-runlog.Seconds(l.Second.IntervalSeconds))
		if start.Before(from) {
			start = from
		}
		if end.After(to) {
			end = to
		}
		if within := end.Sub(start).Seconds(); within > 0 {
			sum += float64(of(l.Second)) * within / l.Second.IntervalSeconds
		}
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
	if c == nil || t.h.Metric.CountsRequests() {
		return True // by what it is explained is not known, as the verdict says
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
			low, high := t.bounds(p.start, func(s *runlog.LoadSecond) int64 {
				if i := s.Instances[id]; i != nil {
					return i.Completed + i.Failed
				}
				return 0
			})
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
