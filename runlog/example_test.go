package runlog_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"secondwind/runlog"
)

func ExampleNewID() {
	id := runlog.NewID(time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC))
	fmt.Println(id[:17], runlog.ValidID(id))
	// Output: 20260314T120000Z- true
}

func Example() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	w, err := runlog.Create(dir, runlog.Manifest{RunID: "20260314T120000Z-3fa9", Started: start})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = errors.Join(
		w.WriteLoad(runlog.LoadLine{Time: start, Phase: &runlog.PhaseChange{Phase: runlog.PhaseLoad, OfferedRate: 100}}),
		w.Close(),
		runlog.Seal(dir),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	record, err := runlog.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(record.Manifest.Complete, record.Load[0].Phase.OfferedRate)
	// Whoever changes the record now is found out.
	err = os.WriteFile(filepath.Join(dir, runlog.LoadFile), nil, 0o644)
	if err != nil {
		fmt.Println(err)
		return
	}
	var tampered *runlog.TamperedError
	_, err = runlog.Open(dir)
	fmt.Println(errors.As(err, &tampered) && tampered.File == runlog.LoadFile)
	// Output:
	// true 100
	// true
}

// A run that was killed ends in the middle of a line. All before it counts.
func ExampleOpen_killed() {
	dir, err := os.MkdirTemp("", "run")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	start := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	w, err := runlog.Create(dir, runlog.Manifest{RunID: "20260314T120000Z-3fa9", Started: start})
	if err != nil {
		fmt.Println(err)
		return
	}
	err = errors.Join(
		w.WriteObservation(runlog.Observation{
			Seq: 1, Operation: runlog.OpDescribeAlarms, Sent: start, Received: start.Add(time.Second),
			Answer: json.RawMessage(`{"MetricAlarms":[]}`),
		}),
		w.WriteObservation(runlog.Observation{
			Seq: 2, Operation: runlog.OpDescribeAlarms, Sent: start, Received: start.Add(time.Second), Unchanged: 1,
		}),
		w.Close(),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	path := filepath.Join(dir, runlog.CloudFile)
	data, err := os.ReadFile(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := os.WriteFile(path, data[:len(data)-5], 0o600); err != nil {
		fmt.Println(err)
		return
	}
	record, err := runlog.Open(dir)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(record.Cloud), record.Torn, record.Manifest.Complete)
	// Output: 1 [cloud.jsonl] false
}

// A query of CloudWatch names the series that its answer holds.
func ExampleHypothesis_Series() {
	cpu := runlog.CPUOf("web")
	h := runlog.Hypothesis{AutoScalingGroupName: "web", Metric: cpu, PeriodSeconds: 60}
	var query runlog.MetricDataQuery
	query.MetricStat.Metric.Namespace, query.MetricStat.Metric.MetricName = cpu.Namespace, cpu.MetricName
	query.MetricStat.Period, query.MetricStat.Stat = 60, cpu.Statistic
	query.MetricStat.Metric.Dimensions = []runlog.Dimension{cpu.OfInstance("i-0a1b").Dimension}
	fmt.Println(h.Series(query))
	h.PeriodSeconds = 300
	fmt.Println(h.Series(query))
	// Output:
	// i-0a1b true
	//  false
}

// The links from the load step to the first request may take as long as their
// deadlines together.
func ExampleHypothesis_Within() {
	h := runlog.Hypothesis{Deadlines: []runlog.Deadline{
		{Link: runlog.LinkBreachingData, Terms: runlog.Terms{{Name: "the period in which the load begins", Seconds: 60}}},
		{Link: runlog.LinkAlarm, Terms: runlog.Terms{{Name: "evaluation", Seconds: 60}, {Name: "publication", Seconds: 45}}},
		{Link: runlog.LinkLoadShared, Terms: runlog.Terms{{Name: "one full period", Seconds: 60}}},
	}}
	fmt.Println(h.Within(runlog.LinkBreachingData, runlog.LinkFirstRequest), h.Deadline(runlog.LinkAlarm).Seconds())
	// Output: 2m45s 105
}
