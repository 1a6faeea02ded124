package runlog_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"secondwind/runlog"
)

func TestAMetricIsWatchedByTheAlarmsOnIt(t *testing.T) {
	m := runlog.CPUOf("web")
	on := runlog.MetricAlarm{
		Namespace: "AWS/EC2", MetricName: "CPUUtilization", Statistic: "Maximum",
		Dimensions: []runlog.Dimension{{Name: "AutoScalingGroupName", Value: "web"}},
	}
	if !m.Watches(on) {
		t.Error("an alarm on the group's CPU does not watch it, whatever its statistic")
	}
	for name, change := range map[string]func(*runlog.MetricAlarm){
		"of another namespace": func(a *runlog.MetricAlarm) { a.Namespace = "Custom" },
		"on another metric":    func(a *runlog.MetricAlarm) { a.MetricName = "NetworkIn" },
		"of another group":     func(a *runlog.MetricAlarm) { a.Dimensions[0].Value = "other" },
		"of an instance":       func(a *runlog.MetricAlarm) { a.Dimensions[0].Name = "InstanceId" },
		"of the account":       func(a *runlog.MetricAlarm) { a.Dimensions = nil },
	} {
		other := on
		other.Dimensions = []runlog.Dimension{on.Dimensions[0]}
		change(&other)
		if m.Watches(other) {
			t.Errorf("an alarm %s watches the group's CPU", name)
		}
	}
}

func TestASeriesIsTheGroupsOrAnInstances(t *testing.T) {
	const arn = "arn:aws:elasticloadbalancing:eu-central-1:1:targetgroup/web/1"
	m, balancer := runlog.CPUOf("web"), runlog.Dimension{Name: "LoadBalancer", Value: "app/web/2"}
	target := runlog.Dimension{Name: runlog.TargetDimension, Value: "i-1"}
	query := func(of runlog.Metric, period int, dimensions ...runlog.Dimension) runlog.MetricDataQuery {
		var q runlog.MetricDataQuery
		q.MetricStat.Metric.Namespace, q.MetricStat.Metric.MetricName = of.Namespace, of.MetricName
		q.MetricStat.Metric.Dimensions = append([]runlog.Dimension{of.Dimension}, dimensions...)
		q.MetricStat.Stat, q.MetricStat.Period = of.Statistic, period
		return q
	}
	maximum := m
	maximum.Statistic = "Maximum"
	cases := []struct {
		name   string
		query  runlog.MetricDataQuery
		series string
		ok     bool
	}{
		{"the group", query(m, 10), runlog.GroupSeries, true},
		{"an instance", query(m.OfInstance("i-1"), 10), "i-1", true},
		{"an instance without an id", query(m.OfInstance(""), 10), "", false},
		{"another group", query(runlog.CPUOf("other"), 10), "", false},
		{"another period", query(m, 60), "", false},
		{"another statistic", query(maximum, 10), "", false},
		{"two dimensions", query(m, 10, runlog.Dimension{Name: "ImageId", Value: "ami-1"}), "", false},
		{"nothing", runlog.MetricDataQuery{}, "", false},
		{"the load balancer's count", query(runlog.RequestsOf(arn), 10, balancer), runlog.RequestsSeries, true},
		{"its mean over the targets", query(runlog.RequestsPerTargetOf(arn), 10), runlog.PerTargetSeries, true},
		{"its count of a target", query(runlog.RequestsOfTargets(arn), 10, target), "requests of i-1", true},
		{"its count of no target", query(runlog.RequestsOfTargets(arn), 10), "", false},
		{"its count of another target group's", query(runlog.RequestsOfTargets(arn+"0"), 10, target), "", false},
		{"its count of another target group", query(runlog.RequestsOf(arn+"0"), 10, balancer), "", false},
	}
	h := runlog.Hypothesis{AutoScalingGroupName: "web", TargetGroupARN: arn, Metric: m, PeriodSeconds: 10}
	for _, c := range cases {
		if series, ok := h.Series(c.query); series != c.series || ok != c.ok {
			t.Errorf("%s: Series = %q, %t; want %q, %t", c.name, series, ok, c.series, c.ok)
		}
		if is := runlog.OfInstance(c.series); is != (c.series == "i-1") {
			t.Errorf("OfInstance(%q) = %t", c.series, is)
		}
	}
}

func TestDatapointsOfAnAnswerGoInPairs(t *testing.T) {
	local := time.Date(2026, 3, 14, 13, 0, 0, 0, time.FixedZone("CET", 3600))
	r := runlog.MetricDataResult{Timestamps: []time.Time{local, local.Add(time.Minute)}, Values: []float64{1, 2}}
	want := []runlog.Datapoint{{Timestamp: began, Value: 1}, {Timestamp: began.Add(time.Minute), Value: 2}}
	if diff := cmp.Diff(want, r.Datapoints()); diff != "" {
		t.Errorf("Datapoints differ: %s", diff)
	}
	r.Values = r.Values[:1]
	if got := r.Datapoints(); len(got) != 1 {
		t.Errorf("two timestamps and a value are %d datapoints, want 1", len(got))
	}
	r.Timestamps, r.Values = nil, []float64{1, 2, 3}
	if got := r.Datapoints(); len(got) != 0 {
		t.Errorf("values without timestamps are %d datapoints, want none", len(got))
	}
}

func TestAStateFindsAlarmsTargetsAndDatapoints(t *testing.T) {
	var s runlog.State
	if _, ok := s.Alarm("high"); ok || s.Healthy() != nil {
		t.Error("an empty state has an alarm or a healthy target")
	}
	if _, ok := s.Latest(runlog.GroupSeries); ok {
		t.Error("an empty state has a datapoint")
	}
	s.Alarms = []runlog.MetricAlarm{{AlarmName: "low"}, {AlarmName: "high", StateValue: "OK"}}
	if a, ok := s.Alarm("high"); !ok || a.StateValue != "OK" {
		t.Errorf("Alarm(high) = %+v, %t; want it, OK", a, ok)
	}
	for id, state := range map[string]string{"i-1": "healthy", "i-2": "draining", "i-3": "initial"} {
		var d runlog.TargetHealthDescription
		d.Target.Id, d.TargetHealth.State = id, state
		s.Targets = append(s.Targets, d)
	}
	if got := s.Healthy(); len(got) != 1 || got[0] != "i-1" {
		t.Errorf("Healthy = %v, want i-1", got)
	}
}
