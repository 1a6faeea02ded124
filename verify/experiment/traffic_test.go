package experiment

import (
	"math"
	"testing"
	"time"

	"secondwind/runlog"
)

var start = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// second is a line of the load generator's for the second that ends at end.
func second(end int, completed, failed int64, instances map[string]*runlog.InstanceSecond) runlog.LoadLine {
	return runlog.LoadLine{Time: start.Add(time.Duration(end) * time.Second), Second: &runlog.LoadSecond{
		Phase: runlog.PhaseLoad, IntervalSeconds: 1, Instances: instances,
		Counts: runlog.Counts{Completed: completed, Failed: failed, Errors: map[string]int64{"status 503": failed}},
	}}
}

func TestRateCountsTheSecondsAtTheEdgesByTheirShare(t *testing.T) {
	var traffic Traffic
	for end := 1; end <= 20; end++ {
		traffic.Add(second(end, 10, 0, nil))
	}
	cases := []struct {
		name     string
		from, to float64 // seconds
		want     float64
	}{
		{"whole seconds", 5, 15, 10},
		{"half a second at both ends", 5.5, 14.5, 10},
		{"half of the time before the first request", -5, 5, 5},
		{"all of it after the last", 20, 30, 0},
		{"the end not recorded yet", 15, 20.5, 0},
	}
	for _, c := range cases {
		at := func(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }
		if got := traffic.Rate(at(c.from), at(c.to)); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: Rate = %g, want %g", c.name, got, c.want)
		}
	}
}

func TestServedIsTheFirstAnswerNotTheFirstFailure(t *testing.T) {
	var traffic Traffic
	first := start.Add(2500 * time.Millisecond)
	traffic.Add(second(1, 0, 1, map[string]*runlog.InstanceSecond{"i-new": {Failed: 1}}))
	traffic.Add(second(3, 1, 0, map[string]*runlog.InstanceSecond{"i-new": {Completed: 1, First: first}}))
	traffic.Add(second(4, 1, 0, map[string]*runlog.InstanceSecond{"i-new": {Completed: 1, First: first.Add(time.Second)}}))
	if at, ok := traffic.Served("i-new"); !ok || !at.Equal(first) {
		t.Errorf("Served = %s, %t; want %s", at, ok, first)
	}
	if _, ok := traffic.Served("i-other"); ok {
		t.Error("an instance that never answered has served")
	}
}

func TestTrafficStaysBoundedAndItsTotalWhole(t *testing.T) {
	var traffic Traffic
	const n = 3 * keptSeconds
	for end := 1; end <= n; end++ {
		traffic.Add(second(end, 2, 1, nil))
	}
	if len(traffic.seconds) > keptSeconds {
		t.Errorf("%d seconds are remembered, want at most %d", len(traffic.seconds), keptSeconds)
	}
	total := traffic.Total()
	if total.Completed != 2*n || total.Failed != n || total.Errors["status 503"] != n {
		t.Errorf("Total = %+v, want %d completed and %d failed", total, 2*n, n)
	}
	if got := traffic.Rate(start.Add((n-10)*time.Second), start.Add(n*time.Second)); got != 3 {
		t.Errorf("Rate of the last ten seconds = %g, want 3", got)
	}
}

func TestTheLastSecondComesWithAllFailures(t *testing.T) {
	var traffic Traffic
	traffic.Add(second(1, 5, 2, nil))
	traffic.Add(second(2, 7, 1, nil))
	traffic.Add(runlog.LoadLine{Time: start.Add(3 * time.Second), Phase: &runlog.PhaseChange{Phase: runlog.PhaseHold}})
	if last, failed := traffic.Last(); last.Completed != 7 || last.Failed != 1 || failed != 3 {
		t.Errorf("Last = %+v and %d failed, want the second with 7 answers, and 3", last, failed)
	}
}
