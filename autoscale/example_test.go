package autoscale_test

import (
	"fmt"
	"strings"
	"time"

	"secondwind/autoscale"
)

// An alarm crosses its threshold and invokes a step policy, which launches a
// second instance. The loop is all that a cloud has to do: go to Next, Step,
// carry out the actions, and tell what came of them.
func Example() {
	now := time.Date(2026, 2, 26, 10, 0, 0, 0, time.UTC)
	engine := autoscale.New(autoscale.Config{Seed: 1})
	zero := 0.0
	_ = engine.CreateGroup(now, autoscale.Group{
		Name: "web", LaunchTemplate: autoscale.LaunchTemplate{ID: "lt-1"}, MinSize: 1, MaxSize: 2,
		AvailabilityZones: []string{"us-east-1a"},
	})
	policy, _ := engine.PutScalingPolicy(now, autoscale.Policy{
		AutoScalingGroupName: "web", Name: "scale-out", Type: "StepScaling", Enabled: true,
		AdjustmentType: "ChangeInCapacity", Steps: []autoscale.StepAdjustment{{LowerBound: &zero, Adjustment: 1}},
	})
	cpu := autoscale.Metric{Namespace: "AWS/EC2", Name: "CPUUtilization",
		Dimensions: []autoscale.Dimension{{Name: "AutoScalingGroupName", Value: "web"}}}
	_ = engine.PutMetricAlarm(now, autoscale.Alarm{
		Name: "cpu-high", ActionsEnabled: true, AlarmActions: []string{policy.ARN}, Metric: cpu, Statistic: "Average",
		Period: time.Minute, EvaluationPeriods: 1, Threshold: 20, ComparisonOperator: "GreaterThanThreshold",
	})

	seen := autoscale.Observation{}
	for end := now.Add(2 * time.Minute); now.Before(end); now = engine.Next() {
		actions := engine.Step(now, seen)
		seen = autoscale.Observation{Samples: []autoscale.Sample{{Metric: cpu, Time: now, Value: autoscale.Value(32), Unit: "Percent"}}}
		for _, action := range actions {
			if launch, isLaunch := action.(autoscale.LaunchInstance); isLaunch {
				fmt.Println(now.Format("15:04:05"), "launch", launch.InstanceID)
				seen.Instances = append(seen.Instances, autoscale.InstanceEvent{InstanceID: launch.InstanceID, State: autoscale.InstanceRunning})
			}
		}
	}
	fmt.Println(strings.NewReplacer("  ", "\n", ", ", ",\n").Replace(engine.Activities("web")[0].Cause))
	// Output:
	// 10:00:00 launch i-0b398002335b9b38c
	// 10:01:01 launch i-097202e68d0cfef14
	// At 2026-02-26T10:01:01Z a monitor alarm cpu-high in state ALARM triggered policy scale-out changing the desired capacity from 1 to 2.
	// At 2026-02-26T10:01:01Z an instance was started in response to a difference between desired and actual capacity,
	// increasing the capacity from 1 to 2.
}

// A statistic is taken of all samples of a period together.
func ExampleStatistics_Statistic() {
	s := autoscale.Value(10).Add(autoscale.Value(40))
	fmt.Println(s.Statistic("Average"), s.Statistic("Maximum"), s.Statistic("SampleCount"))
	// Output: 25 40 2
}

// A refused call has the code and the text that AWS gives it.
func ExampleAlarm_Validate() {
	err := autoscale.Alarm{
		Name: "cpu-high", Metric: autoscale.Metric{Namespace: "AWS/EC2", Name: "CPUUtilization"}, Statistic: "Average",
		Period: 45 * time.Second, EvaluationPeriods: 1, ComparisonOperator: "GreaterThanThreshold",
	}.Validate()
	fmt.Println(err)
	// Output: ValidationError: Period must be 10, 20, 30 or a multiple of 60
}

// Datapoints are period starts, oldest first.
func ExampleEngine_Datapoints() {
	start := time.Date(2026, 2, 26, 10, 0, 0, 0, time.UTC)
	engine := autoscale.New(autoscale.Config{})
	metric := autoscale.Metric{Namespace: "Shop", Name: "Orders"}
	for i := range 4 {
		at := start.Add(time.Duration(i) * 30 * time.Second)
		_ = engine.PutMetricData(start, []autoscale.Sample{{Metric: metric, Time: at, Value: autoscale.Value(float64(i))}})
	}
	for _, d := range engine.Datapoints(autoscale.Query{Metric: metric, Period: time.Minute, Start: start, End: start.Add(time.Hour)}) {
		fmt.Println(d.Time.Format("15:04"), d.Sum)
	}
	// Output:
	// 10:00 1
	// 10:01 5
}
