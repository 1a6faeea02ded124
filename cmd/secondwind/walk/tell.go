package walk

import (
	"context"
	"sync"
	"time"

	"secondwind/cmd/secondwind/progress"
	"secondwind/runlog"
)

// phaseClock is the phase that the walk is in; read by the status line.
type phaseClock struct {
	mu      sync.Mutex
	current runlog.Phase
	offered float64
}

func (p *phaseClock) set(phase runlog.Phase, rate float64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.current, p.offered = phase, rate
}

func (p *phaseClock) phase() runlog.Phase {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.current
}

func (p *phaseClock) rate() float64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.offered
}

// reportStatus reports the status once a second until the returned function is
// called, which waits for the last report.
func (w *Walk) reportStatus(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		ticker := time.NewTicker(time.Second)
		defer ticker.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
				w.Progress.Status(w.status())
			}
		}
	}()
	return func() { cancel(); <-done }
}

func (w *Walk) status() progress.Status {
	state, _ := w.Observer.State()
	second, failed := w.Traffic.Last()
	s := progress.Status{
		Phase:       w.phase.phase(),
		Elapsed:     time.Since(w.Start),
		Expected:    w.expected(),
		Threshold:   w.Hypothesis.Threshold,
		InService:   len(state.Group.InService()),
		Desired:     state.Group.DesiredCapacity,
		Healthy:     len(state.Healthy()),
		OfferedRate: w.phase.rate(),
		Failed:      failed,
	}
	if second.IntervalSeconds > 0 {
		s.CompletedRate = float64(second.Completed) / second.IntervalSeconds
	}
	if alarm, ok := state.Alarm(w.Hypothesis.AlarmName); ok {
		s.Alarm = alarm.StateValue
	}
	if point, ok := state.Latest(runlog.GroupSeries); ok {
		s.CPUPercent = &point.Value
	}
	return s
}

// expected is how long the whole run takes if nothing is slow: deadlines are the
// most that a link may take, and half of that is usual; premises and calibration
// take three periods together, and scaling in about as many.
func (w *Walk) expected() time.Duration {
	control := time.Duration(w.Hypothesis.ControlSeconds * float64(time.Second))
	usual := w.Hypothesis.Within(runlog.LinkBreachingData, runlog.LinkFirstRequest) / 2
	hold := max(w.Scenario.Hold, w.Hypothesis.Within(runlog.LinkLoadShared, runlog.LinkLoadShared)/2)
	return 3*w.period + control + usual + hold + min(3*w.period, w.ReleaseDeadline)
}

// teller tells of each link of the chain once, when it is first seen.
type teller struct {
	w      *Walk
	told   map[string]bool
	served string // the new instance, once it answered
}

func newTeller(w *Walk) *teller { return &teller{w: w, told: map[string]bool{}} }

func (t *teller) once(key, format string, args ...any) {
	if t.told[key] {
		return
	}
	t.told[key] = true
	t.w.say(format, args...)
}

// links tells of whatever is new in the state.
func (t *teller) links(s runlog.State) {
	w := t.w
	since := w.loadFrom.Add(s.ClockOffset - w.period)
	if p, ok := s.Latest(runlog.GroupSeries); ok && p.Value > w.Hypothesis.Threshold && p.Timestamp.After(since) {
		t.once("cpu", "CPU is %.1f %%, over the threshold of %g %%", p.Value, w.Hypothesis.Threshold)
	}
	if a, ok := s.Alarm(w.Hypothesis.AlarmName); ok && a.StateValue == "ALARM" {
		t.once("alarm", "alarm %s: %s", a.AlarmName, a.StateReason)
	}
	for _, a := range s.Activities {
		if a.StartTime.After(since) {
			t.once("activity "+a.ActivityId, "activity: %s", a.Description)
		}
	}
	for _, id := range w.newcomers(s.Group.InService()) {
		t.once("service "+id, "%s is InService", id)
	}
	for _, id := range w.newcomers(s.Healthy()) {
		t.once("healthy "+id, "%s is healthy at the load balancer", id)
		if at, ok := w.Traffic.Served(id); ok {
			t.served = id
			t.once("served "+id, "%s answered its first request %.1f s after the load step", id, at.Sub(w.loadFrom).Seconds())
		}
	}
}
