package judge_test

import (
	"maps"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
)

// cause rewrites the Cause of the scale-out activity.
func (w *world) cause(old, with string) {
	w.activities[1].Cause = strings.Replace(w.activities[1].Cause, old, with, 1)
}

// withoutScaling is a group that stays at one instance under the load.
func (w *world) withoutScaling() {
	w.members, w.activities, w.desired = w.members[:1], w.activities[:1], w.desired[:1]
	w.alone()
}

// withoutServing is a new instance that answers nothing.
func (w *world) withoutServing() {
	delete(w.served, newID)
	w.burn()
}

// alone leaves the old instance as the only one that has CPU.
func (w *world) alone() {
	w.cpu[newID] = nil
	w.transitions = w.transitions[:min(1, len(w.transitions))] // the alarm stays in ALARM
	w.withoutServing()
}

// returns has the alarm return to OK at x, on the datapoint of a period.
func (w *world) returns(x float64, period int, value float64) {
	w.transitions[1].x, w.transitions[1].to = x, okState(period, value)
}

// crossesLate has CPU cross in the third period under load only.
func (w *world) crossesLate() {
	w.phases[4].rate = 45
	w.phases = slices.Insert(w.phases, 5, phase{runlog.PhaseLoad, 120, 100})
	w.served[newID] = [2]float64{145.3, 203}
	w.cpu["group"][100], w.cpu[oldID][100] = 14.6, 14.6
	for x := 110; x < 140; x += 10 {
		delete(w.cpu[newID], x)
	}
	w.transitions = nil
	w.burn()
}

// calibratedAt gives the calibration the points of these periods, at the rates that were offered.
func (w *world) calibratedAt(periods ...int) {
	w.calibration.Points = nil
	for _, x := range periods {
		w.calibration.Points = append(w.calibration.Points,
			runlog.CalibrationPoint{Timestamp: aws(float64(x)), Rate: w.rateAt(float64(x)), CPUPercent: w.cpu["group"][x]})
	}
}

// lifted is a calibration that took another client's CPU, so much of it, for the run's own.
func (w *world) lifted(by float64) {
	for x := 20; x < 100; x += 10 {
		w.cpu[oldID][x] += by
		w.cpu["group"][x] = w.cpu[oldID][x]
	}
	w.calibratedAt(20, 40, 50, 60)
	w.phases[4].rate, w.phases[5].rate = 67, 67
	c := w.calibration
	c.CPUPercentPerRate, c.CPUPercentPerRateLow, c.CPUPercentPerRateHigh, c.LoadRate = 0.47, 0.46, 0.48, 67
	c.PredictedCPUPercent = 0.3 + 0.47*67
}

// costs makes every request from a period on cost so much more.
func (w *world) costs(factor float64, from int) {
	for x := from; x < 180; x += 10 {
		for _, series := range w.cpu {
			if _, there := series[x]; there {
				series[x] *= factor
			}
		}
	}
	w.evaluate()
}

// shift moves everything from the alarm's transition to the first request.
func (w *world) shift(by float64) {
	d := time.Duration(by * float64(time.Second))
	for i := range w.transitions {
		w.transitions[i].x += by
	}
	w.activities[1].StartTime, w.activities[1].EndTime = w.activities[1].StartTime.Add(d), w.activities[1].EndTime.Add(d)
	w.members[1].pending, w.members[1].inService, w.members[1].healthy = w.members[1].pending+by, w.members[1].inService+by,
		w.members[1].healthy+by
	w.served[newID] = [2]float64{w.served[newID][0] + by, 203}
	w.desired[1].x += by
	w.activities[1].Details = invoking(alarmName, w.transitions[0].x)
	w.cause("12:01:52Z", aws(112+by).Format("15:04:05Z"))
	w.cause("12:01:52Z", aws(112+by).Format("15:04:05Z")) // of both sentences
}

// late moves the instance behind an activity that starts at x.
func (w *world) late(x float64) {
	w.activities[1].EndTime = aws(x + 1.2)
	w.members[1].pending, w.members[1].inService, w.members[1].healthy = x, x+1.2, x+2.1
	w.served[newID] = [2]float64{x + 2.3, 203}
}

func failing(operation string, from, to float64) func(string, float64) bool {
	return func(o string, x float64) bool { return (operation == "" || o == operation) && x >= from && x < to }
}

func eachAnswer(r *runlog.Record, operation string, do func(*runlog.Observation)) {
	for i := range r.Cloud {
		if operation == "" || r.Cloud[i].Operation == operation {
			do(&r.Cloud[i])
		}
	}
}

// drop makes an operation's answers errors: the lines stay, the data are gone.
func drop(r *runlog.Record, operation string) {
	eachAnswer(r, operation, func(o *runlog.Observation) {
		o.Answer, o.Unchanged, o.Error = nil, 0, &runlog.APIError{Message: "no route to host"}
	})
}

func eachPhase(r *runlog.Record, do func(*runlog.PhaseChange)) {
	for i := range r.Load {
		if r.Load[i].Phase != nil {
			do(r.Load[i].Phase)
		}
	}
}

func swapPhases(r *runlog.Record, a, b runlog.Phase) {
	eachPhase(r, func(p *runlog.PhaseChange) {
		if p.Phase == a {
			p.Phase = b
		} else if p.Phase == b {
			p.Phase = a
		}
	})
}

// reconfigured has somebody reconfigure something while the run goes on.
func reconfigured(changes map[float64]func(*world)) func(*world) {
	return func(w *world) { w.changes = maps.Clone(changes) }
}

// scaledInAt has the group scale in at x already, and its activity say so.
func (w *world) scaledInAt(x float64) {
	at := aws(x)
	w.desired[2].x, w.members[1].leaves, w.members[1].gone = x, x, x+10
	w.activities[2].StartTime, w.activities[2].EndTime = at, at.Add(10*time.Second)
	w.activities[2].Cause = strings.Replace(w.activities[2].Cause, "12:03:22Z", at.Format("15:04:05Z"), 1)
}

const byUser = "a user request explicitly set group desired capacity changing the desired capacity from 2 to 1."

// tookBack says who took the second instance back, and when.
func (w *world) tookBack(who string, x float64) {
	w.activities[2].Cause = "At " + aws(x).Format(time.RFC3339) + " " + who
}

// paged makes an answer the first page of several.
func paged(o *runlog.Observation) {
	o.Answer = []byte(strings.Replace(string(o.Answer), `"NextToken":""`, `"NextToken":"more"`, 1))
}
