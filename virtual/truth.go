package virtual

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	smithytime "github.com/aws/smithy-go/time"

	"secondwind/autoscale"
	"secondwind/localcloud/cloud"
	"secondwind/runlog"
)

// Deed is what somebody else did while a run went on.
type Deed struct {
	At, Until  time.Time // Until is zero if it took no time
	Name       string    // an operation of the API, or what became of instances
	Input      string
	Err        error
	Changed    []string // parts of the configuration
	CPUPercent float64  // that it took of every instance
}

// The parts of a configuration that a deed can change. What stands in none of them has
// nothing to do with how the group scales.
const (
	partGroup     = "group"
	partInstances = "instances"
	partPolicies  = "policies"
	partAlarms    = "alarms"
	partTargets   = "targets"
	partListeners = "listeners"
)

// Truth is what happened in a world, known from the engine and the instances
// themselves, and from nothing that was recorded but when each phase began.
type Truth struct {
	Deeds  []Deed
	Phases map[runlog.Phase]time.Time
	// Acted are the group's own activities, with their causes; they began by the harness's clock.
	Acted []autoscale.Activity
	// Own and Others are the CPU that the declared load and others used, by phase.
	Own, Others map[runlog.Phase]time.Duration
	// Foreign is the share of the declared load, under load, that instances answered which are
	// not the group's.
	Foreign float64
	// Alone is the highest CPU of a whole period under load, in percent of the instances that
	// the group had before, that the declared load and idling used by themselves.
	Alone float64
}

func (w *world) noted(d Deed) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.deeds = append(w.deeds, d)
}

// configuration is all that decides how the group scales, by part, as text.
func (w *world) configuration() map[string]string {
	all := map[string]string{}
	_ = w.state.Read(func(s *cloud.State) error {
		group, err := s.Engine.Group(w.stack.AutoScalingGroupName)
		if err != nil {
			return err // it was deleted
		}
		var instances []any
		for _, i := range group.Instances {
			instances = append(instances, []any{i.ID, i.LifecycleState, i.HealthStatus, i.Protected})
		}
		group.Instances = nil
		all[partGroup], all[partInstances] = text(group), text(instances)
		all[partPolicies], all[partAlarms] = scaling(s.Engine, group)
		all[partTargets] = text(s.TargetGroup(w.stack.TargetGroupARN))
		all[partListeners] = text(s.Listeners)
		return nil
	})
	for _, t := range w.balancer.Health(w.stack.TargetGroupARN) {
		all[partTargets] += t.TargetID + " "
	}
	return all
}

// scaling are the group's policies, and the alarms that invoke them or watch it.
func scaling(e *autoscale.Engine, group autoscale.GroupStatus) (policies, alarms string) {
	var arns []string
	for _, p := range e.Policies() {
		if p.AutoScalingGroupName == group.Name {
			policies, arns = policies+text(p), append(arns, p.ARN)
		}
	}
	for _, a := range e.Alarms() {
		invokes := slices.ContainsFunc(slices.Concat(a.AlarmActions, a.OKActions, a.InsufficientDataActions), func(arn string) bool {
			return slices.Contains(arns, arn)
		})
		watches := slices.ContainsFunc(a.Metric.Dimensions, func(d autoscale.Dimension) bool { return d.Value == group.Name })
		if invokes || watches {
			// These also change when nothing else does.
			a.StateUpdated, a.ConfigurationUpdated, a.StateReason, a.StateReasonData = time.Time{}, time.Time{}, "", ""
			alarms += text(a)
		}
	}
	return policies, alarms
}

func text(v any) string {
	t, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprintf("%+v", v)
	}
	return string(t)
}

func differences(before, after map[string]string) (parts []string) {
	for _, part := range []string{partGroup, partInstances, partPolicies, partAlarms, partTargets, partListeners} {
		if before[part] != after[part] {
			parts = append(parts, part)
		}
	}
	return parts
}

// evaluated is what CloudWatch would write if the alarm went into ALARM on the newest
// datapoint, listed as often as it needs datapoints; as parts of a JSON text.
func (w *world) evaluated() (reason, data string) {
	_ = w.state.Read(func(s *cloud.State) error {
		for _, a := range s.Engine.Alarms() {
			if a.Name == w.stack.ScaleOutAlarm {
				reason, data = crossed(s, a)
			}
		}
		return nil
	})
	return reason, data
}

func crossed(s *cloud.State, a autoscale.AlarmStatus) (reason, data string) {
	points := s.Engine.Datapoints(autoscale.Query{
		Metric: a.Metric, Period: a.Period, Start: s.Now.Add(-10 * a.Period), End: s.Now, Now: s.Now,
	})
	if len(points) == 0 {
		return "", ""
	}
	newest := points[len(points)-1]
	value, at := newest.Statistic(a.Statistic), newest.Time.UTC().Format("2006-01-02T15:04:05.000-0700")
	one := fmt.Sprintf(`{"timestamp":%q,"sampleCount":1.0,"value":%v}`, at, value)
	all := strings.Repeat(one+",", max(1, a.DatapointsToAlarm)-1) + one
	d := fmt.Sprintf(`{"version":"1.0","queryDate":%q,"startDate":%q,"statistic":"Average","period":%d,"recentDatapoints":[%v],`+
		`"threshold":%v,"evaluatedDatapoints":[%s]}`, s.Now.UTC().Format("2006-01-02T15:04:05.000-0700"), at, int(a.Period/time.Second), value,
		a.Threshold, all)
	quoted := text(d)
	return fmt.Sprintf("Threshold Crossed: 1 datapoint [%v (%s)] was greater than the threshold (%v).", value,
		newest.Time.UTC().Format("02/01/06 15:04:05"), a.Threshold), quoted[1 : len(quoted)-1]
}

// Breaching waits until the alarm's newest datapoint breaches its threshold.
func (a *Acting) Breaching(ctx context.Context) {
	for ctx.Err() == nil {
		breaching := false
		_ = a.world.state.Read(func(s *cloud.State) error {
			for _, alarm := range s.Engine.Alarms() {
				if alarm.Name == a.Stack.ScaleOutAlarm {
					points := s.Engine.Datapoints(autoscale.Query{
						Metric: alarm.Metric, Period: alarm.Period, Start: s.Now.Add(-3 * alarm.Period), End: s.Now, Now: s.Now,
					})
					breaching = len(points) > 0 && points[len(points)-1].Statistic(alarm.Statistic) > alarm.Threshold
				}
			}
			return nil
		})
		if breaching {
			return
		}
		_ = smithytime.SleepWithContext(ctx, 200*time.Millisecond) // the run may end before
	}
}

// truth is what happened, once a run has ended.
func (w *world) truth(r *runlog.Record) Truth {
	t := Truth{
		Deeds: w.deeds, Phases: map[runlog.Phase]time.Time{}, Own: map[runlog.Phase]time.Duration{},
		Others: map[runlog.Phase]time.Duration{},
	}
	for _, line := range r.Load {
		if line.Phase != nil && t.Phases[line.Phase.Phase].IsZero() {
			t.Phases[line.Phase.Phase] = line.Time
		}
	}
	group := map[string]bool{}
	_ = w.state.Read(func(s *cloud.State) error {
		t.Acted = s.Engine.Activities(w.stack.AutoScalingGroupName)
		for i := range t.Acted {
			t.Acted[i].Start = t.Acted[i].Start.Add(-w.cfg.ClockOffset)
		}
		for id, i := range s.Instances {
			group[id] = i.Group == w.stack.AutoScalingGroupName
		}
		return nil
	})
	t.count(w.fleet.work, group)
	t.busy()
	t.alone(w, group)
	return t
}

// at is the phase that a time is in.
func (t Truth) at(at time.Time) (phase runlog.Phase) {
	for _, p := range runlog.Phases() {
		if began := t.Phases[p]; !began.IsZero() && !began.After(at) {
			phase = p
		}
	}
	return phase
}

// count sums who used CPU, and who answered.
func (t *Truth) count(all []work, group map[string]bool) {
	var answered, foreign float64
	for _, done := range all {
		phase := t.at(done.at)
		switch {
		case done.others:
			t.Others[phase] += done.took
			continue
		case phase == runlog.PhaseLoad || phase == runlog.PhaseHold:
			answered++
			if !group[done.instance] {
				foreign++
			}
		}
		t.Own[phase] += done.took
	}
	t.Foreign = foreign / max(1, answered)
}

// busy adds what other programs on the instances used.
func (t *Truth) busy() {
	const tick = 100 * time.Millisecond
	for _, d := range t.Deeds {
		for at := d.At; at.Before(d.Until); at = at.Add(tick) {
			t.Others[t.at(at)] += time.Duration(float64(tick) * d.CPUPercent / 100)
		}
	}
}

// alone finds the period in which the declared load used most.
func (t *Truth) alone(w *world, group map[string]bool) {
	used, period := map[time.Time]time.Duration{}, w.cfg.MetricsPeriod
	for _, done := range w.fleet.work {
		if phase := t.at(done.at); !done.others && group[done.instance] && (phase == runlog.PhaseLoad || phase == runlog.PhaseHold) {
			used[done.at.Add(w.cfg.ClockOffset).Truncate(period)] += done.took
		}
	}
	for _, took := range used {
		percent := 100*took.Seconds()/period.Seconds()/float64(w.cfg.Variables.MinSize) + w.cfg.Service.IdleCPUPercent
		t.Alone = max(t.Alone, percent)
	}
}
