package experiment_test

import (
	"fmt"
	"slices"
	"time"

	"secondwind/runlog"
	"secondwind/verify/experiment"
)

// world is a group as an experiment sees it, without any cloud: CPU follows the
// rate, the alarm follows CPU, instances follow the alarm. Its fields are what a
// test changes.
type world struct {
	plan experiment.Plan

	idle, cost  float64       // percent, and percent a request/s, of one instance
	from        int           // instances at the start
	unhealthy   bool          // no target is ever healthy
	silent      bool          // no datapoint is ever published
	watchless   bool          // the alarm does not exist
	alarmAt     string        // its state at the start; "" is OK
	deaf        bool          // no instance follows the alarm
	mute        bool          // the second instance never answers
	stays       bool          // nothing scales in
	blind       bool          // no configuration snapshot succeeds
	unpolled    bool          // nothing can be observed at all
	offset      time.Duration // AWS's clock minus ours
	endHoldAt   time.Duration // into the hold; 0: never
	byHand      time.Duration // when a second instance comes unasked; 0: never
	expensive   float64       // factor of a request's cost from the fifth datapoint on; 0: 1
	instances   []string
	rates       []change // of the load
	state       runlog.State
	wanted      bool // a snapshot
	served      map[string]time.Time
	now, start  time.Time
	held        time.Time
	commands    []string // in words
	phases      []runlog.Phase
	stopped     bool
	reason      string
	polls       []time.Duration
	records     []time.Duration
	calibration *runlog.Calibration
}

type change struct {
	at   time.Time
	rate float64
}

const period = 10 * time.Second

func newWorld() *world {
	start := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	h := runlog.Hypothesis{
		Metric: runlog.CPUOf("web"), AutoScalingGroupName: "web", AlarmName: "high", Threshold: 20, PeriodSeconds: 10, MinSize: 1, MaxSize: 2,
		IdleLimit: 15, PublishLagSeconds: 2, Band: 1.6, ControlCPUPercent: 10, ControlSeconds: 53,
	}
	for _, l := range runlog.Links()[1:] {
		h.Deadlines = append(h.Deadlines, runlog.Deadline{Link: l, Terms: runlog.Terms{{Name: "all", Seconds: 10}}})
	}
	return &world{
		plan: experiment.Plan{
			Hypothesis: h, Window: 5 * time.Second, CalibrationRate: 4, Hold: 30 * time.Second, ReleasePercent: 10,
			ReleaseDeadline: time.Minute, PollInterval: time.Second,
		},
		idle: 1, cost: 1, from: 1, start: start, now: start, served: map[string]time.Time{},
	}
}

// run steps the experiment every second until it stops, or for a day.
func (w *world) run() *world {
	e := experiment.New(w.plan)
	for i := range w.from {
		w.instances = append(w.instances, fmt.Sprintf("i-%d", i+1))
	}
	for end := w.start.Add(24 * time.Hour); !w.stopped && w.now.Before(end); w.now = w.now.Add(time.Second) {
		w.live()
		for _, c := range e.Step(w.now, experiment.Seen{State: w.state, Load: w, EndHold: w.endsHold()}) {
			w.carryOut(c)
		}
	}
	return w
}

func (w *world) endsHold() bool {
	return w.endHoldAt > 0 && !w.held.IsZero() && w.now.Sub(w.held) >= w.endHoldAt
}

func (w *world) carryOut(c experiment.Command) {
	switch c := c.(type) {
	case experiment.EnterPhase:
		w.rates = append(w.rates, change{w.now, c.Rate})
		if !slices.Contains(w.phases, c.Phase) {
			w.phases = append(w.phases, c.Phase)
		}
		if c.Phase == runlog.PhaseHold {
			w.held = w.now
		}
		w.commands = append(w.commands, fmt.Sprintf("%s at %.0f/s %s", c.Phase, c.Rate, c.Note))
	case experiment.SetPollInterval:
		w.polls = append(w.polls, c.Interval)
	case experiment.SetRecordInterval:
		w.records = append(w.records, c.Interval)
	case experiment.TakeSnapshot:
		w.wanted = true
	case experiment.RecordCalibration:
		w.calibration = &c.Calibration
	case experiment.Report:
		w.commands = append(w.commands, c.Text)
	case experiment.Stop:
		w.stopped, w.reason = true, c.Reason
	}
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

// live brings the group to now and polls it.
func (w *world) live() {
	if w.unpolled {
		return
	}
	w.publish()
	w.scale()
	s := &w.state
	s.Polled, s.ClockOffset = w.now, w.offset
	if w.wanted && !w.blind {
		s.Configured, w.wanted = w.now, false
	}
	s.Group = runlog.AutoScalingGroup{AutoScalingGroupName: "web", DesiredCapacity: len(w.instances)}
	s.Targets = nil
	for _, id := range w.instances {
		s.Group.Instances = append(s.Group.Instances, runlog.Instance{InstanceId: id, LifecycleState: "InService"})
		target := runlog.TargetHealthDescription{}
		target.Target.Id, target.TargetHealth.State = id, "healthy"
		if w.unhealthy {
			target.TargetHealth.State = "unhealthy"
		}
		s.Targets = append(s.Targets, target)
	}
}

// publish adds the datapoint of the period that ended a second ago.
func (w *world) publish() {
	start := w.now.Add(w.offset - time.Second).Truncate(period).Add(-period)
	if latest, ok := w.state.Latest(runlog.GroupSeries); w.silent || ok && !start.After(latest.Timestamp) {
		return
	}
	rate, cost := w.Rate(start.Add(-w.offset), start.Add(period-w.offset)), w.cost
	if w.expensive > 0 && len(w.state.Metric[runlog.GroupSeries]) > 4 {
		cost *= w.expensive
	}
	cpu := w.idle + cost*rate/float64(len(w.instances))
	w.state = w.state.WithDatapoints(runlog.GroupSeries, []runlog.Datapoint{{Timestamp: start, Value: cpu}})
}

// scale moves the alarm with the newest datapoint, and the group with the alarm.
func (w *world) scale() {
	point, _ := w.state.Latest(runlog.GroupSeries)
	alarm := runlog.MetricAlarm{AlarmName: "high", EvaluationPeriods: 1, StateValue: "OK"}
	if point.Value > 20 || w.alarmAt != "" {
		alarm.StateValue = "ALARM"
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
	case alarm.StateValue == "ALARM" && !w.deaf && len(w.instances) == 1 && rate > 0:
		w.instances = append(w.instances, "i-2")
		if !w.mute {
			w.served["i-2"] = w.now
		}
	case released && !w.stays && len(w.instances) == 2 && point.Value < 8:
		w.instances = w.instances[:1]
	}
}
