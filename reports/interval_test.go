package reports

import (
	"fmt"
	"strings"
	"testing"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
	"secondwind/verify/judge"
)

// loadLine is a line that ends at end and completed everything offered.
func loadLine(phase runlog.Phase, end, length float64, offered int64) runlog.LoadLine {
	return runlog.LoadLine{Time: after(end), Second: &runlog.LoadSecond{
		Phase: phase, IntervalSeconds: length, Counts: runlog.Counts{Offered: offered, Sent: offered, Completed: offered},
		Instances: map[string]*runlog.InstanceSecond{oldID: {Completed: offered, FromSchedule: micros(1000), FromSending: micros(1000)}},
	}}
}

func TestIntervalsThatAChangeOfPhaseCutOffAreNotDrawnByThemselves(t *testing.T) {
	control, load, hold := runlog.PhaseControl, runlog.PhaseLoad, runlog.PhaseHold
	for _, c := range []struct {
		name  string
		lines []runlog.LoadLine
		want  string // where each interval is, and requests per second
	}{
		{"cut off at the end of a phase, it joins the one before",
			[]runlog.LoadLine{loadLine(control, 1, 1, 10), loadLine(control, 1.02, 0.02, 5), loadLine(load, 2.02, 1, 100)},
			"0.00-1.02 at 14.7, 1.02-2.02 at 100.0"},
		{"cut off at the beginning of a phase, it joins the one after",
			[]runlog.LoadLine{loadLine(control, 1, 1, 10), loadLine(load, 1.1, 0.1, 0), loadLine(load, 2.1, 1, 110)},
			"0.00-1.00 at 10.0, 1.00-2.10 at 100.0"},
		{"at the end of the run it joins the one before, whose phase is another",
			[]runlog.LoadLine{loadLine(load, 1, 1, 10), loadLine(hold, 1.1, 0.1, 1)},
			"0.00-1.10 at 10.0"},
		{"with nothing beside it, it stands alone",
			[]runlog.LoadLine{loadLine(load, 0.1, 0.1, 1)},
			"0.00-0.10 at 10.0"},
		{"a silence before it stays one",
			[]runlog.LoadLine{loadLine(load, 1, 1, 10), loadLine(load, 9, 0.1, 1)},
			"0.00-1.00 at 10.0, 8.90-9.00 at 10.0"},
		{"a record of nothing but short ones keeps its shape",
			[]runlog.LoadLine{loadLine(load, 0.2, 0.2, 2), loadLine(load, 0.4, 0.2, 2), loadLine(load, 0.6, 0.2, 4), loadLine(load, 0.8, 0.2, 4)},
			"0.00-0.40 at 10.0, 0.40-0.80 at 20.0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			intervals := readIntervals(c.lines, timescale{start: epoch})
			rates := readRates(intervals)
			var got []string
			for i, p := range rates.offered.Points {
				got = append(got, fmt.Sprintf("%.2f-%.2f at %.1f", intervals[i].From, intervals[i].To, p.Y))
			}
			if strings.Join(got, ", ") != c.want {
				t.Errorf("intervals = %v, want %v", got, c.want)
			}
			var offered int64
			for _, l := range c.lines {
				offered += l.Second.Offered
			}
			if rates.offered.total != offered || rates.completed.total != offered || rates.instances[oldID].total != offered {
				t.Errorf("%d offered, %d completed, %d by the instance, want %d of each",
					rates.offered.total, rates.completed.total, rates.instances[oldID].total, offered)
			}
		})
	}
}

func TestChangeOfPhaseLeavesNoGapInTheLatencies(t *testing.T) {
	idle := loadLine(runlog.PhaseControl, 2.02, 0.02, 0)
	idle.Second.Instances = nil
	rec := &runlog.Record{Load: []runlog.LoadLine{
		loadLine(runlog.PhaseControl, 1, 1, 10), loadLine(runlog.PhaseControl, 2, 1, 10), idle, loadLine(runlog.PhaseLoad, 3.02, 1, 10),
	}}
	a := read(rec, judge.Verdict{})
	points := a.run.Latency[0].Points
	if len(points) != 3 || points[1].Gap || points[2].Gap {
		t.Errorf("points = %+v, want three without a gap", points)
	}
	if p := a.latencies.phases; len(p) != 2 || p[0].fromSchedule.TotalCount() != 2 || p[1].fromSchedule.TotalCount() != 1 {
		t.Errorf("phases = %+v, want two latencies of the control and one of the load", p)
	}
}

func TestAlarmComesBeforeTheActivityOfTheSameSecond(t *testing.T) {
	history := runlog.Answer{AlarmHistoryItems: []runlog.AlarmHistoryItem{
		{AlarmName: alarmName, Timestamp: after(9), HistoryItemType: "StateUpdate", HistorySummary: "Alarm updated from OK to ALARM"}}}
	activities := runlog.Answer{Activities: []runlog.Activity{
		{ActivityId: "a", StartTime: after(9), Description: "Launching a new EC2 instance", StatusCode: "Successful"}}}
	marks := readMarks(timeline.New([]runlog.Observation{
		{Operation: runlog.OpDescribeScalingActivities, Answer: raw(t, activities)},
		{Operation: runlog.OpDescribeAlarmHistory, Answer: raw(t, history)},
	}, runlog.Hypothesis{}), timescale{start: epoch})
	if len(marks) != 2 || !strings.HasPrefix(marks[0].Text, "alarm") || !strings.HasPrefix(marks[1].Text, "activity") {
		t.Errorf("marks = %+v, want the alarm and then the activity", marks)
	}
}

func TestJoinLeavesOutWhatHasNoName(t *testing.T) {
	if got := join(map[string]string{"alarm": "cpu-high", "policy": ""}); got != "alarm = cpu-high" {
		t.Errorf("join = %q, want alarm = cpu-high", got)
	}
}
