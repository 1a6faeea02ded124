package walk

import (
	"context"
	"fmt"
	"time"

	"secondwind/loadgen/calibration"
	"secondwind/runlog"
)

// calibrate sends a light load until the first datapoint tells roughly what a
// request costs.
func (w *Walk) calibrate(ctx context.Context) error {
	rate := w.Scenario.Calibration.StartRate
	if err := w.enter(runlog.PhaseCalibration, rate, ""); err != nil {
		return err
	}
	w.say("calibration: %.0f requests/s, to measure the CPU that a request costs", rate)
	began := w.awsNow()
	ok, err := w.await(ctx, 3*w.period+w.lag, func(s runlog.State) bool {
		// A period of which less than half saw the load tells too little.
		return len(w.points(s, began.Add(-w.period/2))) > 0
	})
	if err != nil {
		return err
	}
	if !ok {
		w.stop = "calibration: no datapoint of CPUUtilization came while the light load ran"
		w.say("%s", w.stop)
	}
	return nil
}

// control holds a load below the threshold for the hypothesis's whole control
// time: nothing may scale.
func (w *Walk) control(ctx context.Context) error {
	rate, err := w.controlRate()
	if err != nil {
		w.stop = err.Error()
		w.say("%s", w.stop)
		return nil
	}
	if err := w.enter(runlog.PhaseControl, rate, ""); err != nil {
		return err
	}
	hold := time.Duration(w.Hypothesis.ControlSeconds * float64(time.Second))
	w.say("control: %.0f requests/s for %s, which should put the instance at %.0f %%: nothing may scale", rate, hold.Round(time.Second), w.Hypothesis.ControlCPUPercent)
	began := time.Now()
	for time.Since(began) < hold {
		if err := w.trim(ctx, began, hold); err != nil {
			return err
		}
	}
	if state, _ := w.Observer.State(); state.Group.DesiredCapacity != 1 || len(state.Group.Instances) != 1 {
		// The walk goes on all the same: a verdict needs the whole record.
		w.say("the control did not hold: the group wants %d instances and has %d", state.Group.DesiredCapacity, len(state.Group.Instances))
		return nil
	}
	w.say("control held: one instance, no alarm, over %s", hold.Round(time.Second))
	return nil
}

// trim waits for the next datapoint of the control, or its end, and corrects the
// rate where the first, short measurement was far off.
func (w *Walk) trim(ctx context.Context, began time.Time, hold time.Duration) error {
	state, _ := w.Observer.State()
	before := len(w.points(state, w.idleFrom))
	came, err := w.await(ctx, hold-time.Since(began), func(s runlog.State) bool {
		return len(w.points(s, w.idleFrom)) > before
	})
	if err != nil || !came {
		return err
	}
	rate, err := w.controlRate()
	if err != nil {
		return nil // the point that came tells nothing; the next one may
	}
	if change := rate / w.phase.rate(); change > 0.8 && change < 1.25 {
		return nil
	}
	w.say("control: corrected to %.0f requests/s", rate)
	return w.enter(runlog.PhaseControl, rate, "corrected")
}

// controlRate is the rate that puts one instance where the control wants it, by
// what has been measured so far.
func (w *Walk) controlRate() (float64, error) {
	cal, err := w.fit()
	if err != nil {
		return 0, err
	}
	return calibration.RateFor(cal, w.Hypothesis.ControlCPUPercent), nil
}

// fitted is the calibration with the rate that it chooses for the load.
func (w *Walk) fitted() (runlog.Calibration, error) {
	cal, err := w.fit()
	if err != nil {
		return cal, err
	}
	cal.LoadRate = w.Scenario.Load.Rate
	if cal.LoadRate == 0 {
		cal.LoadRate = calibration.RateFor(cal, w.Hypothesis.Band*w.Hypothesis.Threshold)
	}
	cal.PredictedCPUPercent = cal.IdleCPUPercent + cal.CPUPercentPerRate*cal.LoadRate
	return cal, nil
}

func (w *Walk) fit() (runlog.Calibration, error) {
	state, _ := w.Observer.State()
	cal, err := calibration.Fit(w.idle, w.points(state, w.idleFrom.Add(w.period/2)), w.Scenario.Payload.Seed)
	if err != nil {
		return cal, fmt.Errorf("calibration: %w", err)
	}
	return cal, nil
}

// points pairs the group's whole datapoints that began after since with the
// rate that was really sent during their period.
func (w *Walk) points(s runlog.State, since time.Time) []runlog.CalibrationPoint {
	var points []runlog.CalibrationPoint
	for _, p := range s.Metric[runlog.GroupSeries] {
		if !p.Timestamp.After(since) || !w.whole(p.Timestamp) {
			continue
		}
		from := p.Timestamp.Add(-s.ClockOffset)
		rate := w.Traffic.Rate(from, from.Add(w.period))
		if rate > 0 {
			points = append(points, runlog.CalibrationPoint{Timestamp: p.Timestamp, Rate: rate, CPUPercent: p.Value})
		}
	}
	return points
}
