package reports

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

func TestAlarmsHaveTheirStatesOverTime(t *testing.T) {
	rec := *(synthesis{Scales: true}).record(t)
	steady := runlog.MetricAlarm{AlarmName: "a-steady-one", StateValue: "INSUFFICIENT_DATA"}
	rec.Cloud = append(rec.Cloud[:len(rec.Cloud):len(rec.Cloud)], runlog.Observation{
		Seq: int64(len(rec.Cloud) + 1), Operation: runlog.OpDescribeAlarms, Sent: after(9), Received: after(9),
		Answer: raw(t, runlog.Answer{MetricAlarms: []runlog.MetricAlarm{steady}}),
	})
	a := read(&rec, judge.Verdict{})
	var got []string
	for _, s := range a.run.Alarms[0].States {
		got = append(got, s.Name)
	}
	if diff := cmp.Diff([]string{"OK", "ALARM"}, got[:2]); diff != "" || a.run.Alarms[0].Name != alarmName {
		t.Errorf("alarm %s, states (-want +got):\n%s", a.run.Alarms[0].Name, diff)
	}
	want := figure.Alarm{Name: "a-steady-one", States: []figure.Span{{Name: "INSUFFICIENT_DATA", From: a.at.ours(after(9)), To: a.at.end}}}
	if diff := cmp.Diff(want, a.run.Alarms[len(a.run.Alarms)-1]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
