package experiment

import (
	"fmt"
	"strings"
	"time"

	"secondwind/runlog"
)

// startsLate is what the first instance may still need when the premises begin.
const startsLate = 30 * time.Second

func (e *Experiment) enterPremises(now time.Time) {
	e.enter(runlog.PhasePremises, 0, "")
	e.do(SetPollInterval{e.plan.PollInterval})
	e.report("premises: waiting for %s, healthy and idle, and an alarm that is OK", runlog.Count(e.h.From(), "instance"))
	e.begin(stagePremises, now, e.startWithin())
	e.restFrom = now
}

// startWithin is how long it may take until a group that scales in, or whose
// instance still starts, is at rest.
func (e *Experiment) startWithin() time.Duration {
	return 4*e.period + e.h.PublishLag() + startsLate
}

// premises waits until the group has been quiescent for the whole window.
func (e *Experiment) premises(now time.Time, seen Seen) {
	s := seen.State
	alarm, _ := s.Alarm(e.h.AlarmName)
	// The baseline is one evaluation range of the alarm, watched whole.
	window := max(e.plan.Window, time.Duration(alarm.EvaluationPeriods)*e.period+time.Second)
	e.until = e.began.Add(e.startWithin() + window)
	why, disturbed := e.notQuiescent(s)
	if disturbed {
		e.restFrom = now // the judge looks at the whole window
	}
	switch {
	case why == "" && now.Sub(e.restFrom) >= window:
		e.baseline(now, s)
	case e.over(now):
		if why == "" {
			why = fmt.Sprintf("it was not at rest for %s", runlog.Words(window))
		}
		e.stop("the group is not quiescent: " + why)
	}
}

// baseline notes how the group is at rest, and goes on to the calibration.
func (e *Experiment) baseline(now time.Time, s runlog.State) {
	point, measured := s.Latest(runlog.GroupSeries)
	if !measured { // of requests, of which there were none
		point.Timestamp = awsNow(now, s).Truncate(e.period).Add(-e.period)
	}
	e.idle, e.idleFrom, e.initial = point.Value, point.Timestamp, s.Group.InService()
	e.idleCPU = e.idle
	if e.h.Metric.CountsRequests() {
		e.idleCPU = 0
		for _, id := range e.initial {
			if p, ok := s.Latest(id); ok {
				e.idleCPU += p.Value / float64(len(e.initial))
			}
		}
	}
	e.report("premises hold: %s in service and healthy, alarm %s is OK, idle %s %s", strings.Join(e.initial, ", "), e.h.AlarmName,
		e.h.Metric.MetricName, e.amount(e.idle))
	e.enterCalibration(now)
}

// notQuiescent says what keeps the group from being a baseline; "" if nothing does.
// Disturbed is that the window begins anew, not only that something is not seen yet.
func (e *Experiment) notQuiescent(s runlog.State) (why string, disturbed bool) {
	n, metric := e.h.From(), e.h.Metric.MetricName
	alarm, watched := s.Alarm(e.h.AlarmName)
	point, measured := s.Latest(runlog.GroupSeries)
	switch {
	case s.Polled.IsZero():
		return "it could not be observed; see the errors in " + runlog.CloudFile, true
	case len(s.Group.Instances) != n:
		return fmt.Sprintf("it has %s, not %d", runlog.Count(len(s.Group.Instances), "instance"), n), true
	case len(s.Group.InService()) != n || e.h.TargetGroupARN != "" && len(s.Healthy()) != n:
		return "not every instance is in service and healthy", true
	case !watched:
		return fmt.Sprintf("alarm %s does not exist", e.h.AlarmName), true
	case alarm.StateValue != "OK" && !(e.h.Metric.CountsRequests() && alarm.StateValue == "INSUFFICIENT_DATA"):
		return fmt.Sprintf("alarm %s is %s, not OK", e.h.AlarmName, alarm.StateValue), alarm.StateValue == "ALARM"
	case !measured && e.h.Metric.CountsRequests(): // no datapoint is no request
	case !measured || !point.Timestamp.Add(e.period/2).After(awsNow(e.began, s)):
		return fmt.Sprintf("no datapoint of %s was published while it was watched", metric), false
	case point.Value >= e.h.IdleLimit:
		return fmt.Sprintf("%s is %s without any load, not below %s: something else causes it",
			metric, e.amount(point.Value), e.amount(e.h.IdleLimit)), true
	}
	return "", false
}
