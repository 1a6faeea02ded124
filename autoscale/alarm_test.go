package autoscale_test

import (
	"encoding/json"
	"errors"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"secondwind/autoscale"
)

// TestMissingDataTables holds every cell of the tables in the CloudWatch User
// Guide, "Configuring how CloudWatch alarms treat missing data", from each state
// that the alarm can be in before.
func TestMissingDataTables(t *testing.T) {
	text, err := os.ReadFile("testdata/alarm-missing-data.json")
	ok(t, err)
	var tables struct {
		Cells []struct {
			Points                               string
			EvaluationPeriods, DatapointsToAlarm int
			TreatMissingData, Want               string
		}
	}
	ok(t, json.Unmarshal(text, &tables))
	if len(tables.Cells) != 40 {
		t.Fatalf("the tables have %d cells, want 40", len(tables.Cells))
	}
	for _, cell := range tables.Cells {
		for _, was := range []autoscale.State{autoscale.StateOK, autoscale.StateAlarm, autoscale.StateInsufficientData} {
			alarm := highCPU()
			alarm.EvaluationPeriods, alarm.DatapointsToAlarm = cell.EvaluationPeriods, cell.DatapointsToAlarm
			alarm.TreatMissingData = autoscale.TreatMissingData(cell.TreatMissingData)
			want := autoscale.State(cell.Want)
			if cell.Want == "KEEP" {
				want = was
			}
			if got := evaluated(t, alarm, was, cell.Points).State; got != want {
				t.Errorf("%s %d of %d, %s, was %s: %s, want %s", cell.Points, cell.DatapointsToAlarm,
					cell.EvaluationPeriods, cell.TreatMissingData, was, got, want)
			}
		}
	}
}

// TestMissingDataBeyondTheTables has what the guide says in words only.
func TestMissingDataBeyondTheTables(t *testing.T) {
	for _, c := range []struct {
		name, points string
		n, m         int
		treat        autoscale.TreatMissingData
		was, want    autoscale.State
	}{
		{"M breaching points alarm, whatever is missing", "--XX-", 3, 2, "ignore", "OK", "ALARM"},
		{"and so with missing", "--XX-", 3, 2, "missing", "OK", "ALARM"},
		{"one breaching point is premature", "----X", 3, 3, "missing", "OK", "OK"},
		{"and does not end an alarm", "----X", 3, 3, "missing", "ALARM", "ALARM"},
		{"two are premature too", "---XX", 3, 3, "missing", "INSUFFICIENT_DATA", "INSUFFICIENT_DATA"},
		{"three periods old is not", "--XX-", 3, 3, "missing", "OK", "ALARM"},
		{"an old point counts while it is in the range", "X--", 1, 1, "missing", "OK", "ALARM"},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := highCPU()
			a.EvaluationPeriods, a.DatapointsToAlarm, a.TreatMissingData = c.n, c.m, c.treat
			if got := evaluated(t, a, c.was, c.points).State; got != c.want {
				t.Errorf("%s, %d of %d, %s: %s, want %s", c.points, c.m, c.n, c.treat, got, c.want)
			}
		})
	}
}

// evaluated returns an alarm after one evaluation of a minute's points, oldest
// first: X breaches 20 (it is 30), 0 does not (it is 10), - is missing.
func evaluated(t *testing.T, a autoscale.Alarm, was autoscale.State, points string) autoscale.AlarmStatus {
	t.Helper()
	w := newWorld(autoscale.Config{})
	for i, p := range points {
		if p != '-' {
			value := map[rune]float64{'X': 30, '0': 10}[p]
			ok(t, w.engine.PutMetricData(start.Add(time.Duration(len(points))*time.Minute), []autoscale.Sample{{
				Metric: a.Metric, Time: start.Add(time.Duration(i)*time.Minute + 17*time.Second), Value: autoscale.Value(value),
			}}))
		}
	}
	end := start.Add(time.Duration(len(points)) * time.Minute)
	ok(t, w.engine.PutMetricAlarm(end, a))
	ok(t, w.engine.SetAlarmState(end, a.Name, was, "before", ""))
	w.engine.Step(end.Add(time.Second), autoscale.Observation{})
	return w.alarm(t, a.Name)
}

func TestStateReason(t *testing.T) {
	const threshold = "the threshold (20.0)"
	for _, c := range []struct {
		name, points string
		treat        autoscale.TreatMissingData
		n, m         int
		was          autoscale.State
		want         string
	}{
		{"one point, DatapointsToAlarm unset", "X", "", 1, 0, autoscale.StateOK,
			"Threshold Crossed: 1 datapoint [30.0 (26/02/26 10:00:00)] was greater than " + threshold + "."},
		{"three points, newest first", "XXX", "", 3, 0, autoscale.StateOK,
			"Threshold Crossed: 3 datapoints [30.0 (26/02/26 10:02:00), 30.0 (26/02/26 10:01:00), " +
				"30.0 (26/02/26 10:00:00)] were greater than " + threshold + "."},
		{"back under the threshold", "0", "", 1, 0, autoscale.StateAlarm,
			"Threshold Crossed: 1 datapoint [10.0 (26/02/26 10:00:00)] was not greater than " + threshold + "."},
		{"more than five points", "XXXXXXX", "", 7, 0, autoscale.StateOK,
			"Threshold Crossed: 7 datapoints were greater than " + threshold + ". The most recent datapoints which crossed the threshold: " +
				"[30.0 (26/02/26 10:06:00), 30.0 (26/02/26 10:05:00), 30.0 (26/02/26 10:04:00), 30.0 (26/02/26 10:03:00), 30.0 (26/02/26 10:02:00)]."},
		{"M of N", "X0X", "", 3, 2, autoscale.StateOK,
			"Threshold Crossed: 2 out of the last 3 datapoints [30.0 (26/02/26 10:02:00), 30.0 (26/02/26 10:00:00)] were greater than " + threshold +
				" (minimum 2 datapoints for OK -> ALARM transition)."},
		{"M of N, back", "00X", "", 3, 2, autoscale.StateAlarm,
			"Threshold Crossed: 2 out of the last 3 datapoints [10.0 (26/02/26 10:01:00), 10.0 (26/02/26 10:00:00)] " +
				"were not greater than " + threshold + " (minimum 2 datapoints for ALARM -> OK transition)."},
		{"nothing but missing, breaching", "--", "breaching", 2, 0, autoscale.StateOK,
			"Threshold Crossed: no datapoints were received for 2 periods and 2 missing datapoints were treated as [Breaching]."},
		{"nothing but missing, notBreaching", "-", "notBreaching", 1, 0, autoscale.StateAlarm,
			"Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint was treated as [NonBreaching]."},
		{"some missing, breaching", "-X", "breaching", 2, 0, autoscale.StateOK,
			"Threshold Crossed: 1 datapoint [30.0 (26/02/26 10:01:00)] was greater than " + threshold +
				" and 1 missing datapoint was treated as [Breaching]."},
		{"no data", "--", "missing", 2, 0, autoscale.StateOK, "Insufficient Data: 2 datapoints were unknown."},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := highCPU()
			a.EvaluationPeriods, a.DatapointsToAlarm, a.TreatMissingData = c.n, c.m, c.treat
			if got := evaluated(t, a, c.was, c.points).StateReason; got != c.want {
				t.Errorf("StateReason of %s\n  = %s\nwant %s", c.points, got, c.want)
			}
		})
	}
}

func TestStateReasonData(t *testing.T) {
	a := highCPU()
	a.EvaluationPeriods, a.TreatMissingData, a.Threshold = 2, "breaching", 20.5
	want := `{"version":"1.0","queryDate":"2026-02-26T10:02:01.000+0000","startDate":"2026-02-26T10:01:00.000+0000",` +
		`"statistic":"Average","period":60,"recentDatapoints":[30.0],"threshold":20.5,"evaluatedDatapoints":[` +
		`{"timestamp":"2026-02-26T10:01:00.000+0000","sampleCount":1.0,"value":30.0},{"timestamp":"2026-02-26T10:00:00.000+0000"}]}`
	if got := evaluated(t, a, autoscale.StateOK, "-X").StateReasonData; got != want {
		t.Errorf("StateReasonData\n  = %s\nwant %s", got, want)
	}
	// Without data there is no startDate.
	if got := evaluated(t, a, autoscale.StateOK, "--").StateReasonData; strings.Contains(got, "startDate") {
		t.Errorf("StateReasonData without data = %s, want no startDate", got)
	}
}

func TestComparisonOperators(t *testing.T) {
	for _, c := range []struct {
		operator autoscale.ComparisonOperator
		below    autoscale.State // with 10, 20 and 30 against a threshold of 20
		at       autoscale.State
		above    autoscale.State
	}{
		{"GreaterThanThreshold", "OK", "OK", "ALARM"},
		{"GreaterThanOrEqualToThreshold", "OK", "ALARM", "ALARM"},
		{"LessThanThreshold", "ALARM", "OK", "OK"},
		{"LessThanOrEqualToThreshold", "ALARM", "ALARM", "OK"},
	} {
		for value, want := range map[float64]autoscale.State{10: c.below, 20: c.at, 30: c.above} {
			a := highCPU()
			a.ComparisonOperator = c.operator
			w := newWorld(autoscale.Config{})
			ok(t, w.engine.PutMetricAlarm(start, a))
			w.feed(start, a.Metric, time.Minute, value)
			w.run(t, start.Add(61*time.Second))
			if got := w.alarm(t, "high").State; got != want {
				t.Errorf("%g %s 20 = %s, want %s", value, c.operator, got, want)
			}
		}
	}
}

func TestStatistics(t *testing.T) {
	// Two instances' samples in a minute: 10 and 40.
	for statistic, want := range map[autoscale.Statistic]string{
		"Average": "[25.0]", "Sum": "[50.0]", "Minimum": "[10.0]", "Maximum": "[40.0]", "SampleCount": "[2.0]",
	} {
		a := highCPU()
		a.Statistic, a.Threshold, a.Unit = statistic, 1, "Percent"
		w := newWorld(autoscale.Config{})
		ok(t, w.engine.PutMetricAlarm(start, a))
		w.feed(start, a.Metric, time.Minute, 10)
		w.feed(start, a.Metric, time.Minute, 40)
		// Another unit is another series.
		ok(t, w.engine.PutMetricData(start, []autoscale.Sample{{Metric: a.Metric, Time: start, Value: autoscale.Value(7), Unit: "Count"}}))
		w.run(t, start.Add(61*time.Second))
		if got := w.alarm(t, "high").StateReasonData; !strings.Contains(got, `"recentDatapoints":`+want) {
			t.Errorf("%s of 10 and 40: %s, want recentDatapoints %s", statistic, got, want)
		}
	}
}

func TestAlarmHistory(t *testing.T) {
	w := scalingWorld(t)
	w.feed(start, cpu("web"), time.Minute, 5, 32, 32, 32)
	w.run(t, start.Add(4*time.Minute+time.Second))
	var got []string
	for _, h := range w.engine.AlarmHistory() {
		if !json.Valid([]byte(h.Data)) {
			t.Errorf("Data of %q is not JSON: %s", h.Summary, h.Data)
		}
		got = append(got, clock(h.Time)+" "+string(h.Type)+" "+h.Summary)
	}
	arn := w.engine.Policies()[0].ARN
	// The action repeats at 10:03:01 and 10:04:01, but the history has the first only.
	want := []string{
		"10:02:01 Action Successfully executed action " + arn,
		"10:02:01 StateUpdate Alarm updated from OK to ALARM",
		"10:01:01 StateUpdate Alarm updated from INSUFFICIENT_DATA to OK",
		`10:00:00 ConfigurationUpdate Alarm "high" created`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("AlarmHistory()\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestStateUpdateData(t *testing.T) {
	w := scalingWorld(t)
	w.feed(start, cpu("web"), time.Minute, 32)
	w.run(t, start.Add(61*time.Second))
	var data struct {
		OldState, NewState struct {
			StateValue, StateReason string
			StateReasonData         *struct{ RecentDatapoints []float64 }
		}
	}
	ok(t, json.Unmarshal([]byte(w.engine.AlarmHistory()[1].Data), &data))
	if data.OldState.StateReason != "Unchecked: Initial alarm creation" || data.OldState.StateReasonData != nil {
		t.Errorf("oldState = %+v, want the initial one, without data", data.OldState)
	}
	if data.NewState.StateValue != "ALARM" || data.NewState.StateReasonData == nil || data.NewState.StateReasonData.RecentDatapoints[0] != 32 {
		t.Errorf("newState = %+v, want ALARM on 32", data.NewState)
	}
}

func TestSetAlarmState(t *testing.T) {
	t.Run("it lasts until the next evaluation", func(t *testing.T) {
		w := scalingWorld(t)
		w.feed(start, cpu("web"), time.Minute, 5, 5)
		w.run(t, start.Add(70*time.Second))
		ok(t, w.engine.SetAlarmState(w.now, "high", autoscale.StateAlarm, "a person says so", ""))
		w.run(t, start.Add(2*time.Minute))
		if got := w.alarm(t, "high").State; got != autoscale.StateAlarm {
			t.Errorf("state at 10:02:00 = %s, want ALARM", got)
		}
		w.run(t, start.Add(121*time.Second))
		if got := w.alarm(t, "high").State; got != autoscale.StateOK {
			t.Errorf("state at 10:02:01 = %s, want OK", got)
		}
		if got := w.group(t, "web").DesiredCapacity; got != 1 {
			t.Errorf("desired capacity = %d, want 1: a step policy has no metric to go by", got)
		}
	})
	t.Run("with StateReasonData a step policy scales", func(t *testing.T) {
		w := scalingWorld(t)
		w.run(t, start.Add(20*time.Second))
		ok(t, w.engine.SetAlarmState(w.now, "high", autoscale.StateAlarm, "a person says so", `{"recentDatapoints":[55.0]}`))
		if got := w.group(t, "web").DesiredCapacity; got != 2 {
			t.Errorf("desired capacity = %d, want 2", got)
		}
		if got := w.engine.Next(); !got.Equal(w.now) {
			t.Errorf("Next() = %s, want %s: the launch waits for a Step", clock(got), clock(w.now))
		}
	})
	t.Run("bad calls are refused", func(t *testing.T) {
		w := scalingWorld(t)
		wantCode(t, w.engine.SetAlarmState(start, "none", autoscale.StateOK, "r", ""), "ResourceNotFound")
		wantCode(t, w.engine.SetAlarmState(start, "high", "RED", "r", ""), "ValidationError")
		wantCode(t, w.engine.SetAlarmState(start, "high", autoscale.StateOK, "", ""), "ValidationError")
		wantCode(t, w.engine.SetAlarmState(start, "high", autoscale.StateOK, "r", "{"), "InvalidFormat")
	})
}

func TestTopicActions(t *testing.T) {
	w := newWorld(autoscale.Config{})
	a := highCPU("arn:aws:sns:us-east-1:123456789012:pager")
	a.OKActions = []string{"arn:aws:sns:us-east-1:123456789012:calm"}
	ok(t, w.engine.PutMetricAlarm(start, a))
	w.feed(start, a.Metric, time.Minute, 32, 32, 32, 5)
	w.run(t, start.Add(5*time.Minute))
	var got []string
	for _, action := range w.actions {
		if invoke, isInvoke := action.(autoscale.InvokeAction); isInvoke {
			got = append(got, invoke.ActionARN[strings.LastIndex(invoke.ActionARN, ":")+1:]+" "+string(invoke.Alarm.State))
		}
	}
	if want := "pager ALARM, calm OK"; strings.Join(got, ", ") != want {
		t.Errorf("invoked %v, want %s: topics are told of transitions only", got, want)
	}
}

func TestPutMetricAlarmKeepsState(t *testing.T) {
	w := scalingWorld(t)
	w.feed(start, cpu("web"), time.Minute, 32)
	w.run(t, start.Add(61*time.Second))
	a := w.alarm(t, "high").Alarm
	a.Threshold = 99
	ok(t, w.engine.PutMetricAlarm(w.now, a))
	if got := w.alarm(t, "high").State; got != autoscale.StateAlarm {
		t.Errorf("state after PutMetricAlarm = %s, want ALARM", got)
	}
	ok(t, w.engine.DeleteAlarms(w.now, "high"))
	wantCode(t, w.engine.DeleteAlarms(w.now, "high"), "ResourceNotFound")
	if got := w.engine.Alarms(); len(got) != 0 {
		t.Errorf("Alarms() = %v, want none", got)
	}
}

// An action that an alarm gets while it is in ALARM is invoked at the next
// repetition, not at once for the minutes before.
func TestAnActionAddedLaterIsNotMadeUpFor(t *testing.T) {
	w := scalingWorld(t)
	a := w.alarm(t, "high").Alarm
	arns := a.AlarmActions
	a.AlarmActions = nil
	ok(t, w.engine.PutMetricAlarm(start, a))
	w.feed(start, cpu("web"), time.Minute, repeated(90, 10)...)
	w.run(t, start.Add(5*time.Minute+30*time.Second)) // in ALARM since 10:01:01
	a.AlarmActions = arns
	ok(t, w.engine.PutMetricAlarm(w.now, a))
	w.run(t, start.Add(6*time.Minute))
	if got := w.group(t, "web").DesiredCapacity; got != 1 {
		t.Errorf("desired capacity at 10:06:00 = %d, want 1", got)
	}
	w.run(t, start.Add(6*time.Minute+time.Second))
	if got := w.group(t, "web").DesiredCapacity; got != 2 {
		t.Errorf("desired capacity at 10:06:01 = %d, want 2", got)
	}
}

func TestAlarmValidate(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*autoscale.Alarm)
		want   string // part of the message; "" is valid
	}{
		"an alarm as it should be":       {func(*autoscale.Alarm) {}, ""},
		"a period of 20 s":               {func(a *autoscale.Alarm) { a.Period = 20 * time.Second }, ""},
		"a period of 15 s":               {func(a *autoscale.Alarm) { a.Period = 15 * time.Second }, "must be 10, 20, 30 or a multiple of 60"},
		"a period of 90 s":               {func(a *autoscale.Alarm) { a.Period = 90 * time.Second }, "multiple of 60"},
		"no period":                      {func(a *autoscale.Alarm) { a.Period = 0 }, "multiple of 60"},
		"a day and a minute":             {func(a *autoscale.Alarm) { a.EvaluationPeriods = 1441 }, "more than a day"},
		"a week of hours":                {func(a *autoscale.Alarm) { a.Period, a.EvaluationPeriods = time.Hour, 168 }, ""},
		"more than a week of hours":      {func(a *autoscale.Alarm) { a.Period, a.EvaluationPeriods = time.Hour, 169 }, "more than a week"},
		"periods beyond counting":        {func(a *autoscale.Alarm) { a.EvaluationPeriods = math.MaxInt }, "more than a day"},
		"no periods":                     {func(a *autoscale.Alarm) { a.EvaluationPeriods = 0 }, "evaluationPeriods"},
		"M greater than N":               {func(a *autoscale.Alarm) { a.DatapointsToAlarm = 2 }, "DatapointsToAlarm"},
		"no name":                        {func(a *autoscale.Alarm) { a.Name = "" }, "alarmName"},
		"a metric without a name":        {func(a *autoscale.Alarm) { a.Metric.Name = "" }, "MetricName"},
		"a statistic that is none":       {func(a *autoscale.Alarm) { a.Statistic = "Median" }, "'statistic'"},
		"an operator that is none":       {func(a *autoscale.Alarm) { a.ComparisonOperator = ">" }, "'comparisonOperator'"},
		"a treatment that is none":       {func(a *autoscale.Alarm) { a.TreatMissingData = "zero" }, "TreatMissingData"},
		"a threshold that is no number":  {func(a *autoscale.Alarm) { a.Threshold = math.NaN() }, "Threshold"},
		"six actions":                    {func(a *autoscale.Alarm) { a.OKActions = make([]string, 6) }, "at most 5"},
		"an action that is empty":        {func(a *autoscale.Alarm) { a.AlarmActions = []string{""} }, "ARN"},
		"a name of more than 255 bytes":  {func(a *autoscale.Alarm) { a.Name = strings.Repeat("a", 256) }, "255"},
		"more than 30 dimensions at all": {func(a *autoscale.Alarm) { a.Metric.Dimensions = make([]autoscale.Dimension, 31) }, "at most 30"},
	} {
		t.Run(name, func(t *testing.T) {
			a := highCPU()
			c.change(&a)
			err := autoscale.New(autoscale.Config{}).PutMetricAlarm(start, a)
			wantMessage(t, err, c.want)
		})
	}
}

// wantMessage checks that a refusal says want, or, for "", that there is none.
func wantMessage(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		ok(t, err)
		return
	}
	var refusal *autoscale.Error
	if !errors.As(err, &refusal) || !strings.Contains(refusal.Message, want) {
		t.Errorf("error = %v, want one that says %q", err, want)
	}
}

func wantCode(t *testing.T, err error, want string) {
	t.Helper()
	var refusal *autoscale.Error
	if !errors.As(err, &refusal) || refusal.Code != want {
		t.Errorf("error = %v, want code %s", err, want)
	}
}
