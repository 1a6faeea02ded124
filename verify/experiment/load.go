package experiment

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"secondwind/runlog"
)

// snapshotWithin is how long a configuration snapshot may take beyond a period.
// Without one the run goes on: whether that matters is for the judge to say.
const snapshotWithin = 20 * time.Second

// clockMargin is how much earlier than a period, by our knowledge of AWS's clock, a load begins
// that is to be seen in the whole of it.
const clockMargin = time.Second

// loadSnapshot waits for the configuration under which the load begins.
func (e *Experiment) loadSnapshot(now time.Time, seen Seen) {
	if seen.State.Configured.Before(e.began) && !e.over(now) {
		return
	}
	switch {
	case !e.plan.Aligned || !e.aligned.IsZero() && !now.Before(e.aligned):
		e.enterLoad(now, seen)
	case e.aligned.IsZero():
		next := awsNow(now, seen.State).Add(clockMargin).Truncate(e.period).Add(e.period)
		e.aligned = next.Add(-clockMargin - seen.State.ClockOffset)
		e.until = e.aligned
	}
}

// enterLoad steps up to the calibrated rate.
func (e *Experiment) enterLoad(now time.Time, seen Seen) {
	percent := e.loadCPU()
	if e.plan.LoadRate > 0 {
		percent = e.idle // nothing is chosen
	}
	fitted, rate, err := e.choose(now, seen, percent)
	if err != nil {
		e.stop("calibration: " + err.Error())
		return
	}
	fitted.LoadRate = cmp.Or(e.plan.LoadRate, rate)
	fitted.PredictedCPUPercent = fitted.IdleCPUPercent + fitted.CPUPercentPerRate*fitted.LoadRate/float64(e.h.From())
	e.do(RecordCalibration{fitted})
	e.enter(runlog.PhaseLoad, fitted.LoadRate, "")
	e.loadFrom = now
	e.report("load: %.0f requests/s, which should put %s at %s (threshold %s)", e.rate, e.each(), e.amount(fitted.PredictedCPUPercent),
		e.amount(e.h.Threshold))
	e.begin(stageLoad, now, e.h.ChainWithin()+e.period)
}

// each names what stands at a level of the metric.
func (e *Experiment) each() string {
	if e.h.From() == 1 {
		return "one instance"
	}
	return fmt.Sprintf("each of %d instances", e.h.From())
}

// load waits until all instances of the step answer, and reports each link.
func (e *Experiment) load(now time.Time, seen Seen) {
	switch served := e.reportLinks(now, seen); {
	case served:
		e.enterHold(now)
	case e.over(now):
		e.stop(fmt.Sprintf("no %s answered within %s of the load step", e.missing(), runlog.Words(e.until.Sub(e.began))))
	}
}

// missing names the instances that the load waits for.
func (e *Experiment) missing() string {
	if e.h.To() == 2 {
		return "second instance"
	}
	return fmt.Sprintf("%d new instances", e.h.To()-e.h.From())
}

// reportLinks reports each link of the chain when it is first seen; served is
// that as many new instances as the step has have answered.
func (e *Experiment) reportLinks(now time.Time, seen Seen) (served bool) {
	s := seen.State
	since := e.loadFrom.Add(s.ClockOffset - e.period)
	if p, ok := s.Latest(runlog.GroupSeries); ok && p.Value > e.h.Threshold && p.Timestamp.After(since) {
		e.reportOnce("breach", "%s is %s, over the threshold of %s", e.h.Metric.MetricName, e.amount(p.Value), e.amount(e.h.Threshold))
	}
	if a, ok := s.Alarm(e.h.AlarmName); ok && a.StateValue == "ALARM" {
		e.reportOnce("alarm", "alarm %s is in ALARM: %s", a.AlarmName, a.StateReason)
	}
	for _, a := range s.Activities {
		if a.StartTime.After(since) {
			e.reportOnce("activity "+a.ActivityId, "activity: %s", a.Description)
		}
	}
	for _, id := range e.newInstances(s.Group.InService()) {
		e.reportOnce("in service "+id, "%s is InService", id)
	}
	answered := 0
	for _, id := range e.newInstances(s.Healthy()) {
		e.reportOnce("healthy "+id, "%s is healthy at the load balancer", id)
		if _, known := e.healthy[id]; !known {
			e.healthy[id] = now
		}
		if at, ok := e.served(id, now, seen); ok {
			answered++
			what := "answered its first request"
			if !e.h.Identity.ByAnswer() {
				what = "is seen to answer, by the load balancer's counts of a period,"
			}
			e.reportOnce("served "+id, "%s %s %.1f s after the load step", id, what, at.Sub(e.loadFrom).Seconds())
		}
	}
	return answered >= e.h.To()-e.h.From()
}

func (e *Experiment) reportOnce(what, format string, args ...any) {
	if !e.reported[what] {
		e.reported[what] = true
		e.report(format, args...)
	}
}

// newInstances are the ids among ids that were not there before the load.
func (e *Experiment) newInstances(ids []string) []string {
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return id == "" || slices.Contains(e.initial, id) })
}

// enterHold keeps the load on for the plan's hold, and at least until the fall of
// CPU per instance can be seen.
func (e *Experiment) enterHold(now time.Time) {
	e.enter(runlog.PhaseHold, e.rate, "")
	e.report("hold: the same load for %s", runlog.Words(e.plan.Hold))
	e.asked = e.plan.Hold
	e.begin(stageHold, now, e.effectWithin())
}

func (e *Experiment) hold(now time.Time, seen Seen) {
	if seen.EndHold && e.plan.Hold > 0 {
		e.cutShort = now.Sub(e.began) < e.asked
		e.plan.Hold = 0
		e.report("the hold ends on request%s", e.stillAwaited(now))
	}
	if !e.fell {
		e.awaitFall(now, seen.State)
	}
	if e.fell && now.Sub(e.began) >= e.plan.Hold {
		e.enterRelease(now)
	}
}

// stillAwaited says what the end of the hold has to wait for.
func (e *Experiment) stillAwaited(now time.Time) string {
	if e.fell {
		return ""
	}
	return fmt.Sprintf(" as soon as CPU per instance has fallen, in %s at most", runlog.Words(e.until.Sub(now)))
}

// awaitFall waits for the fall of CPU, or until it is too late for it. From then
// on the hold is recorded more sparsely.
func (e *Experiment) awaitFall(now time.Time, s runlog.State) {
	if point, ok := e.fallen(now, s); ok {
		e.report("%s is down to %s with %d instances", e.h.Metric.MetricName, e.amount(point.Value), len(s.Group.InService()))
	} else if !e.over(now) {
		return
	}
	e.fell = true
	e.downsample()
	e.until = e.began.Add(e.plan.Hold)
}

// shared is how many whole periods of the hold the fall is seen by, at least: one is noise.
const shared = 2

// fallen returns the group's newest whole datapoint; ok is that enough were begun in the
// hold, that it is below the threshold, and that the alarm is OK again.
func (e *Experiment) fallen(now time.Time, s runlog.State) (point runlog.Datapoint, ok bool) {
	n := 0
	for _, p := range s.Metric[runlog.GroupSeries] {
		if e.whole(p.Timestamp, now, s) {
			point = p
			if p.Timestamp.After(awsNow(e.began, s)) {
				n++
			}
		}
	}
	alarm, _ := s.Alarm(e.h.AlarmName)
	return point, n >= shared && point.Value < e.h.Threshold && alarm.StateValue == "OK"
}

// The most lines that a hold adds to load.jsonl, and the most polls, however
// long it is: a soak of a week must not fill the disk.
const (
	maxHoldLines = 7200
	maxHoldPolls = 2000
)

// downsample makes the record of a long hold sparser, not longer.
func (e *Experiment) downsample() {
	if line := (e.plan.Hold / maxHoldLines).Round(time.Second); line > time.Second {
		e.do(SetRecordInterval{line})
	}
	if poll := min((e.plan.Hold / maxHoldPolls).Round(time.Second), 5*e.period); poll > e.plan.PollInterval {
		e.do(SetPollInterval{poll})
	}
}
