package autoscale

import (
	"encoding/json"
	"maps"
	"math"
	"slices"
	"strings"
	"time"
)

// repeatEvery is how often an Auto Scaling action is invoked while its alarm
// stays in the state. Source: CloudWatch User Guide, "Alarm actions".
const repeatEvery = time.Minute

// alarm is an alarm as the engine keeps it.
type alarm struct {
	AlarmStatus
	key     string    // of its metric
	next    time.Time // of evaluation
	recent  []float64 // real values that the last evaluation used, oldest first
	invoked time.Time // when scaling policies were last invoked, or could have been
}

// invocation is a scaling policy that an alarm invokes.
type invocation struct {
	alarm *alarm
	arn   string
	old   State // the alarm's state before; its own when the invocation repeats
}

// PutMetricAlarm creates an alarm in INSUFFICIENT_DATA, or changes one, which
// keeps its state. Actions are not checked to exist. The error is an *Error.
func (e *Engine) PutMetricAlarm(now time.Time, a Alarm) error {
	now = e.advance(now)
	if err := a.Validate(); err != nil {
		return err
	}
	e.putAlarm(now, a)
	return nil
}

func (e *Engine) putAlarm(now time.Time, config Alarm) {
	config = config.clone()
	a, found := e.alarms[config.Name]
	did := updated
	if !found {
		did = created
		a = &alarm{AlarmStatus: AlarmStatus{
			ARN: e.alarmARN(config.Name), State: StateInsufficientData, StateReason: initialReason,
			StateUpdated: now, StateTransitioned: now,
		}}
		e.alarms[config.Name] = a
	}
	a.Alarm, a.key, a.ConfigurationUpdated = config, config.Metric.key(), now
	a.next = e.evaluationAfter(now, config.grid())
	a.skipMissed(now)
	e.recordConfiguration(now, config, did)
}

// DeleteAlarms deletes the alarms, or, if one does not exist, none.
func (e *Engine) DeleteAlarms(now time.Time, names ...string) error {
	now = e.advance(now)
	var unknown []string
	for _, name := range names {
		if e.alarms[name] == nil {
			unknown = append(unknown, name)
		}
	}
	if len(unknown) > 0 {
		return refuse(codeResourceNotFound, "Alarm(s) not found: %s", strings.Join(unknown, ", "))
	}
	for _, name := range names {
		e.deleteAlarm(now, name)
	}
	return nil
}

func (e *Engine) deleteAlarm(now time.Time, name string) {
	if a := e.alarms[name]; a != nil {
		e.recordConfiguration(now, a.Alarm, deleted)
		delete(e.alarms, name)
	}
}

// SetAlarmState puts an alarm into a state until its next evaluation, and
// invokes that state's actions if it is another one. A step or target tracking
// policy takes its metric from recentDatapoints of reasonData (JSON, or "").
// Source: CloudWatch API Reference, SetAlarmState.
func (e *Engine) SetAlarmState(now time.Time, name string, state State, reason, reasonData string) error {
	now = e.advance(now)
	if err := oneOf("stateValue", state, StateInsufficientData, StateAlarm, StateOK); err != nil {
		return err
	}
	a := e.alarms[name]
	if a == nil {
		return refuse(codeResourceNotFound, "Alarm %s not found", name)
	}
	if reason == "" || len(reason) > 1023 {
		return invalid("1 validation error detected: Value at 'stateReason' failed to satisfy constraint: " +
			"Member must have length between 1 and 1023")
	}
	if reasonData != "" && !json.Valid([]byte(reasonData)) {
		return refuse(codeInvalidFormat, "StateReasonData of alarm %s is not valid JSON", name)
	}
	a.recent = recentDatapoints(reasonData)
	e.invoke(now, e.transition(now, a, state, reason, reasonData))
	e.dirty = true
	return nil
}

// SetAlarmActions enables or disables the actions of alarms. Names that do not
// exist are passed over.
func (e *Engine) SetAlarmActions(now time.Time, enabled bool, names ...string) {
	now = e.advance(now)
	for _, name := range names {
		a := e.alarms[name]
		if a == nil || a.ActionsEnabled == enabled {
			continue
		}
		a.ActionsEnabled, a.ConfigurationUpdated = enabled, now
		a.skipMissed(now)
		e.recordConfiguration(now, a.Alarm, updated)
	}
}

// Alarms returns every alarm, by name.
func (e *Engine) Alarms() []AlarmStatus {
	all := make([]AlarmStatus, 0, len(e.alarms))
	for _, name := range slices.Sorted(maps.Keys(e.alarms)) {
		all = append(all, e.alarms[name].AlarmStatus.clone())
	}
	return all
}

// evaluationAfter is the first evaluation after t: PublishLag after a multiple of grid.
func (e *Engine) evaluationAfter(t time.Time, grid time.Duration) time.Time {
	return t.Add(-e.lag).Truncate(grid).Add(grid).Add(e.lag)
}

// evaluateAlarms evaluates the alarms that are due, then invokes actions: a
// policy that asks what other alarms say must see them all at the same time.
func (e *Engine) evaluateAlarms(now time.Time) {
	var due []invocation
	for _, name := range slices.Sorted(maps.Keys(e.alarms)) {
		a := e.alarms[name]
		if !a.next.After(now) {
			due = append(due, e.evaluateAlarm(now, a)...)
		}
		if repeat := a.repeat(); !repeat.IsZero() && !repeat.After(now) {
			due = append(due, a.invocations(a.State)...)
			a.skipMissed(now)
		}
	}
	e.invoke(now, due)
}

// evaluateAlarm evaluates an alarm that is due. A Step may come late; the evaluation
// is of the time at which it was due, for CloudWatch's come on a grid.
func (e *Engine) evaluateAlarm(now time.Time, a *alarm) []invocation {
	a.next = e.evaluationAfter(now, a.grid())
	at := a.next.Add(-a.grid())
	if at.Before(a.StateUpdated) { // a caller set the state since
		at = now
	}
	result := a.evaluate(a.State, e.points(at, a))
	a.recent = result.values()
	if result.state == a.State {
		return nil
	}
	return e.transition(at, a, result.state, a.reason(result), a.reasonData(at, result))
}

// points are the alarm's evaluation range on the newest complete buckets, oldest first.
func (e *Engine) points(now time.Time, a *alarm) []point {
	count := a.EvaluationPeriods + extraPeriods
	end := now.Add(-e.lag).Truncate(a.grid())
	points := make([]point, count)
	for i := range points {
		start := end.Add(-a.Period * time.Duration(count-i))
		points[i] = point{start: start}
		stats := e.metrics.bucket(a.key, a.Unit, start, a.Period)
		value := stats.Statistic(a.Statistic)
		// The average of next to no samples can be infinite: that is no value.
		if stats.SampleCount > 0 && !math.IsInf(value, 0) {
			points[i] = point{start, true, value, stats.SampleCount}
		}
	}
	return points
}

// transition puts the alarm into a state and returns the policies to invoke.
func (e *Engine) transition(now time.Time, a *alarm, state State, reason, reasonData string) []invocation {
	old := a.AlarmStatus
	a.State, a.StateReason, a.StateReasonData, a.StateUpdated = state, reason, reasonData, now
	if state == old.State {
		return nil
	}
	a.StateTransitioned, a.invoked = now, now
	e.recordState(now, old, a.AlarmStatus)
	if !a.ActionsEnabled {
		return nil
	}
	for _, arn := range a.actions(state) {
		e.recordAction(now, a, old.State, arn)
		if !isPolicyARN(arn) {
			e.emit(InvokeAction{ActionARN: arn, Alarm: a.AlarmStatus.clone()})
		}
	}
	return a.invocations(old.State)
}

// invocations are the scaling policies that the alarm's state names.
func (a *alarm) invocations(old State) []invocation {
	var list []invocation
	for _, arn := range a.actions(a.State) {
		if isPolicyARN(arn) {
			list = append(list, invocation{a, arn, old})
		}
	}
	return list
}

// repeat is when scaling policies are invoked again; zero: never.
func (a *alarm) repeat() time.Time {
	if !a.ActionsEnabled || !slices.ContainsFunc(a.actions(a.State), isPolicyARN) {
		return time.Time{}
	}
	return a.invoked.Add(repeatEvery)
}

// skipMissed keeps the repetition on whole minutes since the transition, and
// forgets those up to now: actions that were disabled are not made up for.
func (a *alarm) skipMissed(now time.Time) {
	a.invoked = a.StateTransitioned.Add(now.Sub(a.StateTransitioned).Truncate(repeatEvery))
}

// alarmsDue is when the next alarm is evaluated or repeats its actions; zero: never.
func (e *Engine) alarmsDue() time.Time {
	var due time.Time
	for _, a := range e.alarms {
		due = earlier(due, earlier(a.next, a.repeat()))
	}
	return due
}
