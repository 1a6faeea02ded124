package experiment_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/verify/experiment"
)

// world is a group as an experiment sees it, without any cloud: CPU follows the
// rate, the alarm follows CPU, instances follow the alarm. Its fields are what a
// test changes.
type world struct {
	plan experiment.Plan

	idle, cost    float64       // percent, and percent a request/s, of one instance
	from          int           // instances at the start
	unhealthy     bool          // no target is ever healthy
	silentFrom    runlog.Phase  // no datapoint is published from here on; setup: none at all
	watchless     bool          // the alarm does not exist
	alarmAt       string        // its state at the start; "" is OK
	alarmEnds     time.Duration // when alarmAt is over, after the start; 0: never
	periods       int           // of the alarm's evaluation
	clings        time.Duration // the alarm goes back to OK so long after CPU has fallen
	deaf          bool          // no instance follows the alarm
	mute          bool          // the second instance never answers
	forgives      bool          // the alarm is OK in the hold, whatever CPU does
	hog           bool          // the second instance takes no load off the first
	early         bool          // datapoints are shown when their period begins, and completed later
	stays         bool          // nothing scales in
	drains        time.Duration // an instance terminates so long, and its target drains so long after that
	untargeted    bool          // a target is gone once its instance terminates
	blind         bool          // no configuration snapshot succeeds
	snapshotTakes time.Duration // from the command until the next state that has it
	unpolled      bool          // nothing can be observed at all
	offset        time.Duration // AWS's clock minus ours
	endHoldAt     time.Duration // into the hold; 0: never
	leaving       time.Duration // until when a second instance terminates, after the start; 0: there is none
	byHand        time.Duration // when a second instance comes unasked; 0: never
	expensive     float64       // factor of a request's cost from the fifth datapoint on; 0: 1
	rests         float64       // how much lower idle is from the fifth datapoint on
	every         int           // seconds between two steps; 0: 1
	afterStep     func(*experiment.Experiment)
	amend         func(*runlog.State)                         // changes what is polled
	answers       func(experiment.Answers) experiment.Answers // what came of the requests, other than that all are as expected

	instances   []string
	activities  []runlog.Activity // newest first
	newest      runlog.Datapoint  // of the group's, of a period that is over
	gone        time.Time         // when i-2 began to terminate
	fell        time.Time         // when CPU was seen below the threshold after it was above
	rates       []change          // of the load
	state       runlog.State
	wanted      time.Time // when a snapshot was, which is still to come
	served      map[string]time.Time
	now, start  time.Time
	held        time.Time
	hold        *runlog.Hold // as the release records it
	commands    []string     // in words, each with its second
	phases      []runlog.Phase
	stopped     bool
	reason      string
	polls       []time.Duration
	records     []time.Duration
	calibration *runlog.Calibration
}

type change struct {
	at    time.Time
	phase runlog.Phase
	rate  float64
}

const period = 10 * time.Second

func newWorld() *world {
	h := runlog.Hypothesis{
		Metric: runlog.CPUOf("web"), AutoScalingGroupName: "web", AlarmName: "high", TargetGroupARN: "arn:web", Threshold: 20,
		PeriodSeconds: 10, MinSize: 1, MaxSize: 2,
		IdleLimit: 15, PublishLagSeconds: 2, Band: 1.6, ControlCPUPercent: 10, ControlSeconds: 53,
	}
	for _, l := range runlog.Links()[1:] {
		h.Deadlines = append(h.Deadlines, runlog.Deadline{Link: l, Terms: runlog.Terms{{Name: "all", Seconds: 10}}})
	}
	h.Deadlines[len(h.Deadlines)-1].Terms[0].Seconds = 42 // a fall of CPU takes its periods
	return (&world{
		plan: experiment.Plan{
			Hypothesis: h, Window: 5 * time.Second, CalibrationRate: 4, Hold: 30 * time.Second, ReleasePercent: 10,
			ReleaseDeadline: time.Minute, PollInterval: time.Second,
		},
		idle: 1, cost: 1, from: 1, periods: 1, served: map[string]time.Time{},
	}).beginning(0)
}

// beginning lets the experiment begin so long after the begin of a period, by our
// clock.
func (w *world) beginning(after time.Duration) *world {
	w.start = time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC).Add(after)
	return w
}

// run steps the experiment every second until it stops, or for three days.
func (w *world) run() *world {
	e := experiment.New(w.plan)
	for i := range w.from {
		w.instances = append(w.instances, fmt.Sprintf("i-%d", i+1))
	}
	w.state.Configured = w.start // by whoever declared the hypothesis
	w.activities = []runlog.Activity{{ActivityId: "first", Description: "Launching a new EC2 instance: i-1", StartTime: w.start}}
	w.now = w.start
	for i, end := 0, w.start.Add(72*time.Hour); !w.stopped && w.now.Before(end); i, w.now = i+1, w.now.Add(time.Second) {
		w.live()
		if i%max(1, w.every) > 0 {
			continue
		}
		for _, c := range e.Step(w.now, experiment.Seen{State: w.state, Load: w, EndHold: w.endsHold()}) {
			w.carryOut(c)
		}
		if w.afterStep != nil {
			w.afterStep(e)
		}
	}
	return w
}

// entered is when a phase was.
func (w *world) entered(p runlog.Phase) time.Time { return w.offered(p).at }

// offered is the first rate of a phase.
func (w *world) offered(p runlog.Phase) change {
	for _, c := range w.rates {
		if c.phase == p {
			return c
		}
	}
	return change{}
}

func (w *world) endsHold() bool {
	return w.endHoldAt > 0 && !w.held.IsZero() && w.now.Sub(w.held) >= w.endHoldAt
}

func (w *world) carryOut(c experiment.Command) {
	text := ""
	switch c := c.(type) {
	case experiment.EnterPhase:
		w.rates = append(w.rates, change{w.now, c.Phase, c.Rate})
		if !slices.Contains(w.phases, c.Phase) {
			w.phases = append(w.phases, c.Phase)
		}
		if c.Phase == runlog.PhaseHold {
			w.held = w.now
		}
		if c.Hold != nil {
			w.hold = c.Hold
		}
		text = strings.TrimSpace(fmt.Sprintf("%s at %.1f/s %s", c.Phase, c.Rate, c.Note))
	case experiment.SetPollInterval:
		w.polls = append(w.polls, c.Interval)
		text = "poll every " + c.Interval.String()
	case experiment.SetRecordInterval:
		w.records = append(w.records, c.Interval)
		text = "record every " + c.Interval.String()
	case experiment.TakeSnapshot:
		w.wanted = w.now
		text = "take a snapshot"
	case experiment.RecordCalibration:
		w.calibration = &c.Calibration
		text = fmt.Sprintf("calibrated to %.1f/s by %d points", c.Calibration.LoadRate, len(c.Calibration.Points))
	case experiment.Report:
		text = c.Text
	case experiment.Stop:
		w.stopped, w.reason = true, c.Reason
		text = "stop"
	}
	w.commands = append(w.commands, fmt.Sprintf("%3.0f %s", w.now.Sub(w.start).Seconds(), text))
}

// Rate implements experiment.Load.
func (w *world) Rate(from, to time.Time) float64 {
	var requests float64
	for i, c := range w.rates {
		end := to
		if i+1 < len(w.rates) && w.rates[i+1].at.Before(to) {
			end = w.rates[i+1].at
		}
		begin := c.at
		if from.After(begin) {
			begin = from
		}
		if inside := end.Sub(begin).Seconds(); inside > 0 {
			requests += c.rate * inside
		}
	}
	return requests / to.Sub(from).Seconds()
}

// Served implements experiment.Load.
func (w *world) Served(id string) (time.Time, bool) {
	at, ok := w.served[id]
	return at, ok
}

// Answers implements experiment.Load.
func (w *world) Answers() experiment.Answers {
	all := w.Rate(w.start, w.now) * w.now.Sub(w.start).Seconds()
	a := experiment.Answers{Completed: int64(all), Names: []string{"i-1"}, LastCompleted: w.now}
	if w.answers != nil {
		return w.answers(a)
	}
	return a
}

// live brings the group to now and polls it.
func (w *world) live() {
	if w.unpolled {
		return
	}
	w.publish()
	w.scale()
	s := &w.state
	s.Polled, s.ClockOffset = w.now, w.offset
	if !w.wanted.IsZero() && !w.blind && w.now.Sub(w.wanted) >= w.snapshotTakes {
		s.Configured, w.wanted = w.wanted, time.Time{}
	}
	s.Activities = w.activities
	s.Group = runlog.AutoScalingGroup{AutoScalingGroupName: "web", DesiredCapacity: len(w.instances)}
	s.Targets = nil
	for _, id := range w.instances {
		s.Group.Instances = append(s.Group.Instances, runlog.Instance{InstanceId: id, LifecycleState: "InService"})
		s.Targets = append(s.Targets, target(id, map[bool]string{false: "healthy", true: "unhealthy"}[w.unhealthy]))
	}
	since := w.now.Sub(w.gone)
	if w.now.Sub(w.start) < w.leaving || !w.gone.IsZero() && since < w.drains {
		s.Group.Instances = append(s.Group.Instances, runlog.Instance{InstanceId: "i-2", LifecycleState: "Terminating"})
	}
	if !w.untargeted && !w.gone.IsZero() && since < 2*w.drains {
		s.Targets = append(s.Targets, target("i-2", "draining"))
	}
	if w.amend != nil {
		w.amend(s)
	}
}

// in reports whether the experiment is in a phase.
func (w *world) in(p runlog.Phase) bool { return len(w.phases) > 0 && w.phases[len(w.phases)-1] == p }

func target(id, state string) (t runlog.TargetHealthDescription) {
	t.Target.Id, t.TargetHealth.State = id, state
	return t
}

// publish adds the datapoint of the period that ended a second ago.
func (w *world) publish() {
	if w.silentFrom == runlog.PhaseSetup || slices.Contains(w.phases, w.silentFrom) {
		return
	}
	last := w.now.Add(w.offset - time.Second).Truncate(period).Add(-period)
	if !last.After(w.newest.Timestamp) {
		return
	}
	rate, cost, idle := w.Rate(last.Add(-w.offset), last.Add(period-w.offset)), w.cost, w.idle
	if len(w.state.Metric[runlog.GroupSeries]) > 4 {
		cost *= cmp.Or(w.expensive, 1)
		idle -= w.rests
	}
	sharing := float64(len(w.instances))
	if w.hog {
		sharing = 1
	}
	w.newest = runlog.Datapoint{Timestamp: last, Value: idle + cost*rate/sharing}
	points := []runlog.Datapoint{w.newest}
	if w.early && !w.held.IsZero() {
		points = append(points, runlog.Datapoint{Timestamp: last.Add(period), Value: w.idle})
	}
	w.state = w.state.WithDatapoints(runlog.GroupSeries, points)
}

// scale moves the alarm with the newest whole datapoint, and the group with the alarm.
func (w *world) scale() {
	point := w.newest
	alarm := runlog.MetricAlarm{AlarmName: "high", EvaluationPeriods: w.periods, StateValue: "OK", StateReason: "Threshold Crossed"}
	if was, _ := w.state.Alarm("high"); point.Value > 20 {
		w.fell = time.Time{}
		alarm.StateValue = "ALARM"
	} else if was.StateValue == "ALARM" && w.fell.IsZero() {
		w.fell = w.now
	}
	if w.now.Sub(w.fell) < w.clings {
		alarm.StateValue = "ALARM"
	}
	if w.forgives && !w.held.IsZero() {
		alarm.StateValue = "OK"
	}
	if w.alarmAt != "" && (w.alarmEnds == 0 || w.now.Sub(w.start) < w.alarmEnds) {
		alarm.StateValue = w.alarmAt
	}
	if w.state.Alarms = []runlog.MetricAlarm{alarm}; w.watchless {
		w.state.Alarms = nil
	}
	rate := 0.0
	if len(w.rates) > 0 {
		rate = w.rates[len(w.rates)-1].rate
	}
	switch released := slices.Contains(w.phases, runlog.PhaseRelease); {
	case w.byHand > 0 && w.now.Sub(w.start) == w.byHand:
		w.instances = append(w.instances, "i-2")
	case alarm.StateValue == "ALARM" && !w.deaf && len(w.instances) == 1 && rate > 0 && !released:
		w.launch()
	case released && !w.stays && len(w.instances) == 2 && point.Value < 8:
		w.instances, w.gone = w.instances[:1], w.now
	}
}

func (w *world) launch() {
	w.instances = append(w.instances, "i-2")
	w.activities = append([]runlog.Activity{{
		ActivityId: "second", Description: "Launching a new EC2 instance: i-2", StartTime: w.now.Add(w.offset),
	}}, w.activities...)
	if !w.mute {
		w.served["i-2"] = w.now
	}
}
