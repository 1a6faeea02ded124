package autoscale_test

import (
	"fmt"
	"testing"
	"time"

	"secondwind/autoscale"
)

// BenchmarkStep is an evaluation of one alarm on fresh data: what a local run
// costs a minute.
func BenchmarkStep(b *testing.B) {
	w := scalingWorld(b)
	b.ReportAllocs()
	for b.Loop() {
		w.feed(w.now, cpu("web"), time.Minute, 5)
		w.run(b, w.now.Add(time.Minute))
	}
}

// BenchmarkStepManyAlarms is a minute of 100 alarms of 15 periods.
func BenchmarkStepManyAlarms(b *testing.B) {
	w := newWorld(autoscale.Config{})
	for i := range 100 {
		a := highCPU()
		a.Name, a.EvaluationPeriods = fmt.Sprint("alarm-", i), 15
		ok(b, w.engine.PutMetricAlarm(start, a))
	}
	b.ReportAllocs()
	for b.Loop() {
		w.feed(w.now, cpu("web"), time.Minute, 5)
		w.run(b, w.now.Add(time.Minute))
	}
}

// BenchmarkStepLargeGroup is a minute of a group of 10,000, as a simulation has it.
func BenchmarkStepLargeGroup(b *testing.B) {
	w := newWorld(autoscale.Config{})
	g := webGroup()
	g.MinSize, g.MaxSize, g.DesiredCapacity = 10_000, 10_000, nil
	ok(b, w.engine.CreateGroup(start, g))
	p, err := w.engine.PutScalingPolicy(start, addOne())
	ok(b, err)
	ok(b, w.engine.PutMetricAlarm(start, highCPU(p.ARN)))
	w.run(b, start.Add(time.Minute))
	b.ReportAllocs()
	for b.Loop() {
		w.feed(w.now, cpu("web"), time.Minute, 90)
		w.run(b, w.now.Add(time.Minute))
	}
}
