package hypothesis

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"secondwind/runlog"
)

// step is the change of capacity that a claim is made about, and how many thresholds the load
// may stand at for it.
type step struct {
	from, to int
	band     float64 // in (1, to/from)
}

// stepOf returns the step that the alarm's policy makes of the group's minimum under the load
// of an intent; one instance more where the alarm invokes none. The error says why no claim
// can be made of it.
func (c Configuration) stepOf(alarm runlog.MetricAlarm, in Intent) (step, error) {
	from, policy := c.Group.MinSize, c.PolicyOf(alarm)
	if from < 1 {
		return step{}, fmt.Errorf("group %s keeps no instance at rest (MinSize %d): set its MinSize to 1, so that there is one to load",
			c.Group.AutoScalingGroupName, from)
	}
	capacities := []int{from + 1}
	if policy != nil && policy.PolicyType != targetTracking { // which takes as many as the load needs
		capacities = adjusted(*policy, from)
	}
	why := fmt.Errorf("policy %s adds no instance to %d", policyName(policy), from)
	for _, to := range capacities {
		if to = min(to, c.Group.MaxSize); to <= from {
			if c.Group.MaxSize <= from {
				why = fmt.Errorf("group %s has %d instances at rest and room for no more: raise its MaxSize", c.Group.AutoScalingGroupName, from)
			}
			continue
		}
		s := step{from: from, to: to, band: in.bandOf(alarm.Threshold, from, to)}
		if why = s.loaded(alarm, policy, c.Group.MaxSize, in); why == nil {
			return s, nil
		}
	}
	return step{}, why
}

func policyName(p *runlog.ScalingPolicy) string {
	if p == nil {
		return "(none)"
	}
	return p.PolicyName
}

// defaultBand is the band of a step from one instance to two where the intent has none.
const defaultBand = 1.6

// bandOf is the load in thresholds: Band is that of a step from one instance to two, and stands
// for the same share of the way to where the step's end would stand at the threshold.
func (in Intent) bandOf(threshold float64, from, to int) float64 {
	if in.LoadCPUPercent > 0 && threshold > 0 {
		return in.LoadCPUPercent / threshold
	}
	return 1 + (cmp.Or(in.Band, defaultBand)-1)*float64(to-from)/float64(from)
}

// loaded says why the load does not make the policy take the step; nil if it does.
func (s step) loaded(alarm runlog.MetricAlarm, policy *runlog.ScalingPolicy, most int, in Intent) error {
	if err := LoadAbove(alarm.Threshold, in.LoadCPUPercent, s.from, s.to); err != nil {
		return err
	}
	if policy == nil || policy.PolicyType != stepScaling {
		return nil
	}
	over, n := alarm.Threshold*(s.band-1), max(1, alarm.EvaluationPeriods)
	for under := min(BreachesNeeded(alarm), n); under <= n; under++ {
		for _, share := range []float64{1 - stepMargin, 1, 1 + stepMargin} {
			value := picked(*policy, under, n, over*share, in.ControlCPUPercent-alarm.Threshold)
			switch to := min(CapacityAt(*policy, s.from, value), most); {
			case to == s.to, under < n && to == s.from: // it has no step for it yet, and is invoked again
			case under < n:
				return fmt.Errorf("policy %s goes by the %s of %d datapoints, of which %d may be from before the load: it would first make %d of %d "+
					"instances, and not %d; let the alarm need all of them (DatapointsToAlarm), or set the policy's MetricAggregationType to Maximum",
					policy.PolicyName, cmp.Or(policy.MetricAggregationType, "Average"), n, n-under, to, s.from, s.to)
			default:
				return fmt.Errorf("policy %s makes %d of %d instances at %.4g above the threshold of %g, and %d at %.4g: the load of the step from "+
					"%[3]d to %[8]d would stand too near to another step's bound; choose other bounds of its steps, or load.band",
					policy.PolicyName, to, s.from, value, alarm.Threshold, min(CapacityAt(*policy, s.from, over), most), over, s.to)
			}
		}
	}
	return nil
}

// picked is the value, above the threshold, by which a step policy picks its step, with so many of n datapoints
// under load and the others under the control's. Source: EC2 Auto Scaling API, MetricAggregationType.
func picked(p runlog.ScalingPolicy, under, n int, load, control float64) float64 {
	switch {
	case under == n || p.MetricAggregationType == "Maximum":
		return load
	case p.MetricAggregationType == "Minimum":
		return control
	}
	return (float64(under)*load + float64(n-under)*control) / float64(n)
}

// LoadAbove refuses a load under which an instance, whose CPU in percent it is, does not stand
// above the threshold before the step and below it after: it would prove nothing. 0 is no load
// of its own.
func LoadAbove(threshold, load float64, from, to int) error {
	limit := threshold * float64(to) / float64(from)
	if load == 0 || load > threshold && load < limit {
		return nil
	}
	return fmt.Errorf("load.cpu_percent of the scenario is %g, and the alarm's threshold is %g %%; give more than %[2]g and less than "+
		"%.4[3]g, for instance %.4[4]g", load, threshold, limit, threshold+0.6*(limit-threshold))
}

// stepMargin is how far the load may be from where it is meant to stand, as a share of its
// distance from the threshold: no other step may begin there.
const stepMargin = 0.15

// adjusted are the capacities that the policy makes of from, those of its lower steps first.
func adjusted(p runlog.ScalingPolicy, from int) (all []int) {
	if p.PolicyType != stepScaling {
		return []int{adjust(p, from, p.ScalingAdjustment)}
	}
	for _, s := range p.StepAdjustments {
		if s.MetricIntervalUpperBound == nil || *s.MetricIntervalUpperBound > 0 {
			all = append(all, adjust(p, from, s.ScalingAdjustment))
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// CapacityAt is the capacity that a simple or step policy makes of from at a value so far above
// the threshold, or below it if over is negative; from itself where it has no step for it. A
// step's bound on the side of the threshold belongs to it. Source: EC2 Auto Scaling User Guide,
// "Step adjustments for step scaling".
func CapacityAt(p runlog.ScalingPolicy, from int, over float64) int {
	if p.PolicyType != stepScaling {
		return adjust(p, from, p.ScalingAdjustment)
	}
	for _, s := range p.StepAdjustments {
		low, high := math.Inf(-1), math.Inf(1)
		if s.MetricIntervalLowerBound != nil {
			low = *s.MetricIntervalLowerBound
		}
		if s.MetricIntervalUpperBound != nil {
			high = *s.MetricIntervalUpperBound
		}
		if over >= 0 && low <= over && over < high || over < 0 && low < over && over <= high {
			return adjust(p, from, s.ScalingAdjustment)
		}
	}
	return from
}

// adjust is the capacity that an adjustment makes of from. A change in percent is rounded
// towards zero, but to one instance at least, and to MinAdjustmentMagnitude.
// Source: EC2 Auto Scaling User Guide, "Scaling adjustment types".
func adjust(p runlog.ScalingPolicy, from, adjustment int) int {
	switch p.AdjustmentType {
	case "ExactCapacity":
		return adjustment
	case "PercentChangeInCapacity":
		change, least := math.Trunc(float64(from)*float64(adjustment)/100), max(1, float64(p.MinAdjustmentMagnitude))
		switch {
		case adjustment > 0:
			return from + int(max(change, least))
		case adjustment < 0:
			return from + int(min(change, -least))
		}
		return from
	}
	return from + adjustment
}

// Graded reports whether how far the load is above the threshold of the alarm decides how many
// instances its policy adds: a load that begins within a period would first be seen as a smaller
// one.
func (c Configuration) Graded(alarmName string) bool {
	alarm, _ := c.ScaleOutAlarm(alarmName)
	policy := c.PolicyOf(alarm)
	if policy == nil || policy.PolicyType != stepScaling {
		return false
	}
	return len(adjusted(*policy, c.Group.MinSize)) > 1 || CapacityAt(*policy, c.Group.MinSize, 0) == c.Group.MinSize
}
