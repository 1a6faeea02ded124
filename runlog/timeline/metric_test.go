package timeline_test

import (
	"slices"
	"testing"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// series adds an answer with values of consecutive periods from start on.
func (r *record) series(seconds, start float64, dimension runlog.Dimension, values ...float64) *runlog.Observation {
	q := runlog.MetricDataQuery{Id: "q"}
	q.MetricStat.Metric.Namespace, q.MetricStat.Metric.MetricName = "AWS/EC2", "CPUUtilization"
	q.MetricStat.Metric.Dimensions = []runlog.Dimension{dimension}
	q.MetricStat.Period, q.MetricStat.Stat = 10, "Average"
	result := runlog.MetricDataResult{Id: "q", StatusCode: "Complete", Values: values}
	for i := range values {
		result.Timestamps = append(result.Timestamps, at(start+10*float64(i)))
	}
	return r.see(seconds, runlog.OpGetMetricData, runlog.GetMetricDataInput{MetricDataQueries: []runlog.MetricDataQuery{q}},
		runlog.Answer{MetricDataResults: []runlog.MetricDataResult{result}})
}

var ofGroup = runlog.Dimension{Name: "AutoScalingGroupName", Value: "web"}

func instance(id string) runlog.Dimension { return runlog.Dimension{Name: "InstanceId", Value: id} }

func values(points []*timeline.Datapoint) (all []float64) {
	for _, p := range points {
		all = append(all, p.Value())
	}
	return all
}

func TestADatapointIsWhatItWasLastSeenToBe(t *testing.T) {
	r := record{t: t}
	r.series(15, 0, ofGroup, 4)
	r.series(25, 0, ofGroup, 5, 20)
	r.series(26, 0, ofGroup, 4, 21)
	tl := timeline.New(r.cloud, subject)
	if got := values(tl.Metric.All(runlog.GroupSeries)); !slices.Equal(got, []float64{4, 21}) {
		t.Errorf("series = %v, want 4 and 21", got)
	}
	d := tl.Metric.At(runlog.GroupSeries, at(0))
	if !slices.Equal(d.Values, []float64{5, 4}) || d.First.Seq != 1 || d.Last.Seq != 3 {
		t.Errorf("the first datapoint = %v, first seen in %d, last in %d; want 5 then 4, in 1 and 3", d.Values, d.First.Seq, d.Last.Seq)
	}
	if tl.Metric.At(runlog.GroupSeries, at(99)) != nil {
		t.Error("a period without a datapoint has one")
	}
}

func TestOnlyTheSubjectsMetricIsRead(t *testing.T) {
	r := record{t: t}
	r.series(1, 0, ofGroup, 1)
	r.series(2, 0, instance("i-2"), 2)
	r.series(3, 0, instance("i-1"), 3)
	r.series(4, 0, runlog.Dimension{Name: "AutoScalingGroupName", Value: "other"}, 9)
	r.series(5, 0, instance(""), 9)
	tl := timeline.New(r.cloud, subject)
	if got := tl.Metric.Series; !slices.Equal(got, []string{runlog.GroupSeries, "i-2", "i-1"}) {
		t.Errorf("series = %q, want the group, i-2 and i-1 as they appeared", got)
	}
	for name, change := range map[string]func(*runlog.Hypothesis){
		"another period":    func(s *runlog.Hypothesis) { s.PeriodSeconds = 60 },
		"another metric":    func(s *runlog.Hypothesis) { s.Metric.MetricName = "NetworkIn" },
		"another namespace": func(s *runlog.Hypothesis) { s.Metric.Namespace = "Custom" },
		"another statistic": func(s *runlog.Hypothesis) { s.Metric.Statistic = "Maximum" },
	} {
		of := subject
		change(&of)
		tl := timeline.New(r.cloud, of)
		if got := tl.Metric.Series; len(got) > 0 {
			t.Errorf("%s: series = %q, want none", name, got)
		}
	}
}

func TestPeriodsWithinATimeAndThoseThatEndInIt(t *testing.T) {
	r := record{t: t}
	r.series(60, 0, ofGroup, 0, 10, 20, 30, 40)
	tl := timeline.New(r.cloud, subject)
	if got := values(tl.Metric.Within(runlog.GroupSeries, at(5), at(40))); !slices.Equal(got, []float64{10, 20, 30}) {
		t.Errorf("Within(5, 40) = %v, want the periods from 10, 20 and 30", got)
	}
	if got := values(tl.Metric.Ending(runlog.GroupSeries, at(10), at(40))); !slices.Equal(got, []float64{10, 20, 30}) {
		t.Errorf("Ending(10, 40) = %v, want those that end at 20, 30 and 40", got)
	}
}

func TestMissingPeriods(t *testing.T) {
	r := record{t: t}
	r.series(60, 0, ofGroup, 1, 1)
	r.series(60, 30, ofGroup, 1)
	tl := timeline.New(r.cloud, subject)
	if got := tl.Metric.Missing(at(5), at(49)); len(got) != 1 || !got[0].Equal(at(20)) {
		t.Errorf("Missing(5, 49) = %v, want the period from 20", got)
	}
	if got := tl.Metric.Missing(at(25), at(40)); got != nil {
		t.Errorf("Missing(25, 40) = %v, want none: the period from 20 began before", got)
	}
	if got := tl.Metric.Missing(at(20), at(30)); len(got) != 1 {
		t.Errorf("Missing(20, 30) = %v, want the period that lies there exactly", got)
	}
	if got := timeline.New(r.cloud, runlog.Hypothesis{}).Metric.Missing(at(0), at(60)); got != nil {
		t.Errorf("Missing without a period = %v, want none", got)
	}
}

func TestErrorsOfCloudWatchAndUnevenAnswersAreNoted(t *testing.T) {
	r := record{t: t}
	r.series(1, 0, ofGroup, 1)
	r.see(2, runlog.OpGetMetricData, string(r.cloud[0].Input), `{"MetricDataResults":[{"Id":"q","StatusCode":"InternalError"}]}`)
	r.see(3, runlog.OpGetMetricData, string(r.cloud[0].Input), `{"MetricDataResults":[{"Id":"q","Values":[1]}]}`)
	r.see(4, runlog.OpGetMetricData, string(r.cloud[0].Input), `{"MetricDataResults":[{"Id":"nobody asked","Values":[1]}]}`)
	r.see(5, runlog.OpGetMetricData, string(r.cloud[0].Input), `{"MetricDataResults":[{"Id":"q","StatusCode":"Forbidden"}]}`)
	r.see(6, runlog.OpGetMetricData, string(r.cloud[0].Input), `{"MetricDataResults":[{"Id":"q","StatusCode":"PartialData"}]}`)
	r.see(7, runlog.OpGetMetricData, string(r.cloud[0].Input),
		`{"NextToken":"more","MetricDataResults":[{"Id":"q","StatusCode":"PartialData"}]}`)
	tl := timeline.New(r.cloud, subject)
	if !slices.Equal(tl.Metric.Failed, []int64{2, 5, 6}) || len(tl.Pages) != 1 || !slices.Equal(tl.Unread, []int64{3}) {
		t.Errorf("failed %v, unread %v; want 2, 5 and 6, of which nothing more can be read, and 3", tl.Metric.Failed, tl.Unread)
	}
}

func TestTheSubjectIsDeclaredElseWhatWasFirstAskedFor(t *testing.T) {
	r := record{t: t}
	r.series(1, 0, ofGroup, 1)
	r.group(2, "web", 1)
	r.group(3, "other", 1)
	found := timeline.SubjectOf(&runlog.Record{Cloud: r.cloud})
	if found.AutoScalingGroupName != "web" || found.PeriodSeconds != 10 || found.Metric != runlog.CPUOf("web") {
		t.Errorf("SubjectOf a record without a hypothesis = %+v, want group web and periods of 10 s", found)
	}
	h := &runlog.Hypothesis{AutoScalingGroupName: "declared", AlarmName: "high", TargetGroupARN: "arn", Metric: runlog.CPUOf("declared"),
		PeriodSeconds: 60}
	if got := timeline.SubjectOf(&runlog.Record{Cloud: r.cloud, Hypothesis: h}); got.AutoScalingGroupName != "declared" ||
		got.PeriodSeconds != 60 {
		t.Errorf("SubjectOf = %+v, want what the hypothesis declares", got)
	}
	if got := timeline.SubjectOf(&runlog.Record{}); got.Metric != runlog.CPUOf("") || got.AlarmName != "" || got.PeriodSeconds != 0 {
		t.Errorf("SubjectOf an empty record = %+v, want CPU of nothing", got)
	}
}
