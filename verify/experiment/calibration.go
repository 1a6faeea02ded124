package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"secondwind/runlog"
)

// perRate is how many datapoints the calibration takes of a rate: one may be wrong.
const perRate = 2

// apart is how far two rates of the calibration must lie apart, as a quotient, so that what
// does not depend on the rate can be told from what does.
const apart = 1.5

// mostApart is how many times its first rate a calibration may choose. Where most of the load does
// not arrive, or CPU hardly rises, a request costs next to nothing, and the rate has no bound.
const mostApart = 100

// enterCalibration offers a light load, of which the first datapoints tell
// roughly what a request costs.
func (e *Experiment) enterCalibration(now time.Time) {
	e.enter(runlog.PhaseCalibration, e.plan.CalibrationRate, "")
	e.report("calibration: %.0f requests/s, to measure the CPU that a request costs", e.rate)
	e.calibrate(now)
}

// calibrate begins a rate of the calibration.
func (e *Experiment) calibrate(now time.Time) {
	e.begin(stageCalibration, now, (perRate+2)*e.period+e.h.PublishLag())
}

func (e *Experiment) calibration(now time.Time, seen Seen) {
	// A period of which less than half saw the load tells too little.
	since := awsNow(e.began, seen.State).Add(-e.period / 2)
	points := e.measured(now, seen, since)
	switch why := cmp.Or(e.hopeless(now, seen), e.stalledSince(now, seen), e.tooHeavy(points)); {
	case why != "":
		e.stop("calibration: " + why)
	case len(points) >= perRate:
		e.calibrated(now, seen)
	case e.over(now):
		e.stop(fmt.Sprintf("calibration: no datapoint of %s came while the light load ran", e.h.Metric.MetricName))
	}
}

// calibrated goes on to the control, which is the second rate of the calibration; where that
// would be nearly the first one, to half of that first.
func (e *Experiment) calibrated(now time.Time, seen Seen) {
	_, rate, err := e.choose(now, seen, e.controlCPU())
	if err != nil {
		e.stop("calibration: " + err.Error())
		return
	}
	quotient := rate / e.plan.CalibrationRate
	if e.second || quotient > apart || quotient < 1/apart {
		e.enterControl(now, seen)
		return
	}
	e.second = true
	e.enter(runlog.PhaseCalibration, e.plan.CalibrationRate/2, "a second rate")
	e.report("calibration: %.0f requests/s as well: the control would stand near the first rate", e.rate)
	e.calibrate(now)
}

// choose returns the calibration, and the rate in requests per second that by it puts each
// instance at percent. It is an error if control or load cannot be what they are to be.
func (e *Experiment) choose(now time.Time, seen Seen, percent float64) (fitted runlog.Calibration, rate float64, err error) {
	fitted, err = Fit(e.idle, e.measured(now, seen, e.idleFrom.Add(e.period/2)), e.h.From(), e.plan.Seed)
	if err != nil {
		return fitted, 0, err
	}
	rateFor := func(percent float64) float64 { return RateFor(fitted, percent, e.h.From()) }
	if why := e.impossible(rateFor(e.controlCPU()), rateFor(e.loadCPU())); why != "" {
		return fitted, 0, errors.New(why)
	}
	return fitted, rateFor(percent), nil
}

// enterControl offers a load below the threshold for the hypothesis's whole
// control time: nothing may scale.
func (e *Experiment) enterControl(now time.Time, seen Seen) {
	_, rate, err := e.choose(now, seen, e.controlCPU())
	if err != nil {
		e.stop("calibration: " + err.Error())
		return
	}
	e.enter(runlog.PhaseControl, rate, "")
	hold := runlog.Seconds(e.h.ControlSeconds)
	e.report("control: %.0f requests/s for %s, which should put %s at %s: nothing may scale",
		e.rate, runlog.Words(hold), e.each(), e.amount(e.controlCPU()))
	e.points = len(e.measured(now, seen, e.idleFrom))
	e.begin(stageControl, now, hold)
}

// controlCPU is where one instance is to stand during the control, in percent.
func (e *Experiment) controlCPU() float64 {
	if e.idle > e.h.ControlCPUPercent/2 {
		return (e.idle + e.h.Threshold) / 2
	}
	return e.h.ControlCPUPercent
}

// loadCPU is where one instance is to stand under the load, in percent.
func (e *Experiment) loadCPU() float64 {
	if e.plan.LoadCPUPercent > 0 {
		return e.plan.LoadCPUPercent
	}
	return e.h.Threshold + (e.h.Band-1)*(e.h.Threshold-e.idle)
}

func (e *Experiment) control(now time.Time, seen Seen) {
	if why := e.stalledSince(now, seen); why != "" {
		e.stop("control: " + why)
		return
	}
	if !e.over(now) {
		e.recalibrate(now, seen)
		return
	}
	if g := seen.State.Group; g.DesiredCapacity != e.h.From() || len(g.Instances) != e.h.From() {
		// The run goes on all the same: a verdict needs the whole record.
		e.report("the control did not hold: desired capacity %d, %s", g.DesiredCapacity, runlog.Count(len(g.Instances), "instance"))
	} else {
		e.report("control held: %s and no alarm for %s", runlog.Count(e.h.From(), "instance"), runlog.Words(now.Sub(e.began)))
	}
	e.do(TakeSnapshot{})
	e.begin(stageLoadSnapshot, now, e.period+snapshotWithin)
}

// recalibrate corrects the control's rate with each new datapoint, where the
// first, short measurement was far off.
func (e *Experiment) recalibrate(now time.Time, seen Seen) {
	n := len(e.measured(now, seen, e.idleFrom))
	if n <= e.points {
		return
	}
	e.points = n
	_, rate, err := e.choose(now, seen, e.controlCPU())
	if err != nil {
		return // the datapoint that came tells nothing; the next one may
	}
	if change := rate / e.rate; change > 0.8 && change < 1.25 {
		return
	}
	e.report("control: corrected to %.0f requests/s", rate)
	e.enter(runlog.PhaseControl, rate, "corrected")
}

// measured pairs the group's whole datapoints that began after since with the
// rate that was really sent during their period.
func (e *Experiment) measured(now time.Time, seen Seen, since time.Time) []runlog.CalibrationPoint {
	var points []runlog.CalibrationPoint
	for _, p := range seen.State.Metric[runlog.GroupSeries] {
		if !p.Timestamp.After(since) || !e.whole(p.Timestamp, now, seen.State) {
			continue
		}
		from := p.Timestamp.Add(-seen.State.ClockOffset)
		if rate := seen.Load.Rate(from, from.Add(e.period)); rate > 0 {
			points = append(points, runlog.CalibrationPoint{Timestamp: p.Timestamp, Rate: rate, CPUPercent: p.Value})
		}
	}
	return points
}
