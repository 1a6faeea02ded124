package experiment_test

import (
	"fmt"
	"time"

	"secondwind/runlog"
	"secondwind/verify/experiment"
)

// A driver steps the experiment with what it sees and does what it is told.
func ExampleExperiment_Step() {
	e := experiment.New(experiment.Plan{
		Hypothesis: runlog.Hypothesis{AlarmName: "cpu-high", MinSize: 1, PeriodSeconds: 10}, PollInterval: time.Second,
	})
	now := time.Date(2026, 3, 14, 9, 0, 0, 0, time.UTC)
	for _, command := range e.Step(now, experiment.Seen{}) {
		fmt.Printf("%T\n", command)
	}
	fmt.Println("again in", e.Next().Sub(now).Round(time.Minute))
	// Output:
	// experiment.EnterPhase
	// experiment.SetPollInterval
	// experiment.Report
	// again in 1m0s
}
