package experiment

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
)

// What is enough to see that a load leads nowhere: so many answers, in so much time.
const (
	enoughAnswers = 10
	enoughTime    = 3 * time.Second
	stalled       = 30 * time.Second // after answers that were as expected
)

// hopeless says why the light load cannot become a proof, as far as its answers show it; "" if it may.
func (e *Experiment) hopeless(now time.Time, seen Seen) string {
	a := seen.Load.Answers()
	switch {
	case now.Sub(e.began) < enoughTime || a.Completed+a.Failed < enoughAnswers && now.Sub(e.began) < e.period:
		return ""
	case a.Completed == 0 && a.Failed > 0:
		return fmt.Sprintf("all %d requests failed: %s", a.Failed, a.Failure)
	case a.Completed >= enoughAnswers && e.h.Identity.ByAnswer():
		return e.unnamed(a, seen.State)
	}
	return ""
}

// unnamed says that the answers name no instance of the group; "" if some do.
func (e *Experiment) unnamed(a Answers, s runlog.State) string {
	const choose = "set identity.header, identity.cookie or identity.json in the scenario to what holds the instance id, or " +
		"identity: {target: true}, by which the load balancer's counts tell who answered"
	if slices.ContainsFunc(s.Group.Instances, func(i runlog.Instance) bool { return slices.Contains(a.Names, i.InstanceId) }) {
		return ""
	}
	named := slices.DeleteFunc(slices.Clone(a.Names), func(name string) bool { return name == "" })
	if len(named) == 0 {
		return fmt.Sprintf("none of %d answers names the instance that gave it; %s", a.Completed, choose)
	}
	return fmt.Sprintf("the answers name %q, which is no instance of the group (%s); %s", named[0], strings.Join(e.initial, ", "), choose)
}

// stalledSince says that a service that answered has stopped to, though its targets are healthy; ""
// if it answers.
func (e *Experiment) stalledSince(now time.Time, seen Seen) string {
	a, s := seen.Load.Answers(), seen.State
	if a.LastCompleted.IsZero() || a.FailedSince < enoughAnswers || now.Sub(a.LastCompleted) < stalled || len(s.Healthy()) != e.h.From() {
		return ""
	}
	return fmt.Sprintf("no request has been answered as expected for %s: %s", runlog.Words(stalled), a.Failure)
}

// tooHeavy says that the light load is none: one of its datapoints is at the threshold.
func (e *Experiment) tooHeavy(points []runlog.CalibrationPoint) string {
	for _, p := range points {
		if p.CPUPercent < e.h.Threshold {
			continue
		}
		rate := func(percent float64) float64 { return max(0, percent-e.idle) / (p.CPUPercent - e.idle) * p.Rate }
		about := "about"
		if !e.h.Metric.CountsRequests() && p.CPUPercent >= saturated {
			about = "at most" // what it would have used is not known
		}
		why := fmt.Sprintf("%.3g requests/s put %s at %s, and the threshold is %s: the control needs %s %.2g requests/s and the load %.2g",
			p.Rate, e.each(), e.amount(p.CPUPercent), e.amount(e.h.Threshold), about, rate(e.controlCPU()), rate(e.loadCPU()))
		if few := e.tooFew(rate(e.controlCPU())); few != "" {
			return why + "; " + few
		}
		return why + fmt.Sprintf("; set calibration.start_rate to %.2g, or let a request take less CPU", rate(e.controlCPU()))
	}
	return ""
}

// saturated is from what percentage on CPU says no more how much was asked of it.
const saturated = 95

// mostRate is the highest rate, in requests per second, that one load generator is trusted with.
const mostRate = 50_000

// impossible says why no load at a rate that the calibration found can be a proof; "" if one can.
// It is looked at before the control, and told with what the load would need.
func (e *Experiment) impossible(control, load float64) string {
	needed := fmt.Sprintf("the control would need %.3g requests/s to put %s at %s", control, e.each(), e.amount(e.controlCPU()))
	if e.plan.LoadRate == 0 {
		needed += fmt.Sprintf(", and the load %.3g to put it at %s", load, e.amount(e.loadCPU()))
	} else {
		load = control // the other one is given
	}
	switch most := mostApart * e.plan.CalibrationRate; {
	case load > mostRate:
		return fmt.Sprintf("a request costs next to nothing: %s, and more than %d requests/s are not sent; let a request take more CPU",
			needed, mostRate)
	case load > most:
		return fmt.Sprintf("a request costs next to nothing: %s, which is more than %d times calibration.start_rate, %g; does the load reach "+
			"the group's instances? If it does, set calibration.start_rate to %.0f", needed, mostApart, e.plan.CalibrationRate,
			math.Ceil(load/mostApart*3))
	}
	if few := e.tooFew(control); few != "" {
		return needed + "; " + few
	}
	return ""
}

// tooFew says that a rate is of less than one request a period for each instance; "" if it is of more.
func (e *Experiment) tooFew(rate float64) string {
	if rate*e.period.Seconds() >= float64(e.h.From()) {
		return ""
	}
	return fmt.Sprintf("that is less than one request in each period of %s for %s: no steady load; let a request take less CPU",
		runlog.Words(e.period), e.each())
}
