package judge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// A forgery is a real proved run with its raw lines edited by someone who knows
// the format: numbers stay in order and the manifest is not sealed, so that only
// what the lines say can give it away.
type forgery struct {
	name   string
	forge  func(*raw)
	reason string // of the verdict
}

func TestForgedRealRunsAreNotProved(t *testing.T) {
	for _, f := range slices.Concat(answerForgeries(), instanceForgeries(), clockForgeries(), recordForgeries()) {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			r := fixture(t, realRun)
			f.forge(r)
			if outcome, reason, summary := r.judged(t); outcome == judge.Proved || reason != f.reason {
				t.Errorf("Judge(%s) = %s %q, want %q\n%s", f.name, outcome, reason, f.reason, summary)
			}
		})
	}
}

// replace edits the text of the operations' answers; operation "" is every one.
func (r *raw) replace(operation, old, with string) {
	for i := range r.cloud {
		if o := &r.cloud[i]; operation == "" || o.Operation == operation {
			o.Answer = bytes.ReplaceAll(o.Answer, []byte(old), []byte(with))
		}
	}
}

// edit decodes the operation's answers, edits and encodes them again.
func (r *raw) edit(operation string, do func(o *runlog.Observation, answer map[string]any)) {
	for i := range r.cloud {
		o := &r.cloud[i]
		if o.Operation != operation || o.Answer == nil {
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(o.Answer))
		decoder.UseNumber()
		var answer map[string]any
		if err := decoder.Decode(&answer); err != nil {
			panic(err)
		}
		do(o, answer)
		o.Answer, _ = json.Marshal(answer)
	}
}

// began is e0 of the fixture by its own clock.
func (r *raw) began() time.Time {
	i := slices.IndexFunc(r.load, func(l runlog.LoadLine) bool { return l.Phase != nil && l.Phase.Phase == runlog.PhaseLoad })
	return r.load[i].Time
}

// values edits the values of GetMetricData: series is "group", "group_n" or the
// id of an instance.
func (r *raw) values(do func(series, at string, value float64) float64) {
	r.edit(runlog.OpGetMetricData, func(o *runlog.Observation, answer map[string]any) {
		var in runlog.GetMetricDataInput
		if err := json.Unmarshal(o.Input, &in); err != nil {
			panic(err)
		}
		series := map[string]string{}
		for _, q := range in.MetricDataQueries {
			series[q.Id] = q.Id
			if d := q.MetricStat.Metric.Dimensions[0]; d.Name == "InstanceId" {
				series[q.Id] = d.Value
			}
		}
		for _, result := range answer["MetricDataResults"].([]any) {
			result := result.(map[string]any)
			values, times := result["Values"].([]any), result["Timestamps"].([]any)
			for i := range values {
				v, _ := values[i].(json.Number).Float64()
				values[i] = do(series[result["Id"].(string)], times[i].(string), v)
			}
		}
	})
}

func scaled(factor float64, which func(series string) bool) func(*raw) {
	return func(r *raw) {
		r.values(func(series, _ string, v float64) float64 {
			if which(series) && series != "group_n" {
				return v * factor
			}
			return v
		})
	}
}

func every(string) bool           { return true }
func ofGroup(series string) bool  { return series == "group" }
func instance(series string) bool { return strings.HasPrefix(series, "i-") }

func answerForgeries() []forgery {
	activities, history := runlog.OpDescribeScalingActivities, runlog.OpDescribeAlarmHistory
	inCause := func(old, with string) func(*raw) { return func(r *raw) { r.replace(activities, old, with) } }
	return []forgery{
		{"a Cause edited to a capacity set by hand", inCause(realTrigger, "a user request explicitly set group desired capacity"),
			"confounder.manual-capacity"},
		{"a Cause edited to another policy", inCause("triggered policy "+realPolicy, "triggered policy other"), "confounder.second-policy"},
		{"a Cause edited to another alarm", inCause("monitor alarm "+realHigh, "monitor alarm "+realLow), "confounder.second-policy"},
		{"a Cause without its first sentence", inCause(realTrigger+" changing the desired capacity from 1 to 2", "nothing"),
			"confounder.unexplained-activity"},
		{"InvokingAlarms of another alarm", inCause(`\"AlarmName\":\"`+realHigh, `\"AlarmName\":\"`+realLow), "link.scaling-activity"},
		{"InvokingAlarms of another change of state", inCause(`\"StateChangeTime\":1795441211000`, `\"StateChangeTime\":1795441201000`),
			"link.scaling-activity"},
		{"StateReasonData altered by 0.1 %", func(r *raw) { r.replace(history, realBreach, "27.64717632") }, "premise.data"},
		{"StateReasonData altered by 0.1 % in both APIs", func(r *raw) { r.replace("", realBreach+`}]`, `27.64717632}]`) }, "premise.data"},
		{"StateReasonData of a period that the metric does not have", func(r *raw) {
			r.replace(history, `timestamp\":\"2026-11-23T13:40:00.000`, `timestamp\":\"2026-11-23T13:40:01.000`)
		}, "premise.data"},
		{"OK to ALARM before the load step", func(r *raw) {
			r.replace(history, `"Timestamp":"`+realSecond, `"Timestamp":"2026-11-23T13:39:51`)
		}, "premise.observation"},
		{"OK to ALARM just after the load step", func(r *raw) {
			r.replace(history, `"Timestamp":"`+realSecond, `"Timestamp":"2026-11-23T13:40:01`)
		}, "premise.observation"},
		{"a history of which DescribeAlarms knows nothing", func(r *raw) {
			r.replace(runlog.OpDescribeAlarms, `"StateValue":"ALARM"`, `"StateValue":"OK"`)
		}, "premise.observation"},
		{"GetMetricData 0.1 % higher", scaled(1.001, every), "premise.data"},
		{"GetMetricData 10 % higher", scaled(1.1, every), "premise.data"},
		{"GetMetricData half as high", scaled(0.5, every), "premise.data"},
		{"GetMetricData of the group only, twice as high", scaled(2, ofGroup), "premise.data"},
		{"GetMetricData of the instances only, 10 % lower", scaled(0.9, instance), "premise.data"},
		{"GetMetricData under load only, 0.1 % higher", func(r *raw) {
			r.values(func(_, at string, v float64) float64 {
				if at == "2026-11-23T13:40:00Z" && v > 2 {
					return v * 1.001
				}
				return v
			})
		}, "premise.data"},
		{"a control with a breaching datapoint", func(r *raw) { r.inControl(24) }, "confounder.unexplained-cpu"},
		{"a control near idle", func(r *raw) { r.inControl(0.5) }, "confounder.unexplained-cpu"},
		{"a second policy's activity in between", func(r *raw) { r.addActivity("other") }, "confounder.second-policy"},
	}
}

// inControl sets every datapoint of the control, and what calibration read of it.
func (r *raw) inControl(value float64) {
	during := func(at string) bool {
		return slices.Contains([]string{"2026-11-23T13:39:10Z", "2026-11-23T13:39:20Z", "2026-11-23T13:39:30Z", "2026-11-23T13:39:40Z"}, at)
	}
	r.values(func(series, at string, v float64) float64 {
		if during(at) && series != "group_n" {
			return value
		}
		return v
	})
	for _, l := range r.load {
		if l.Calibration == nil {
			continue
		}
		for i, p := range l.Calibration.Points {
			if during(p.Timestamp.UTC().Format(time.RFC3339)) {
				l.Calibration.Points[i].CPUPercent = value
			}
		}
	}
}

// addActivity lists an activity of another policy between e2 and e3.
func (r *raw) addActivity(policy string) {
	cause := fmt.Sprintf("At %sZ a monitor alarm %s in state ALARM triggered policy %s changing the desired capacity from 1 to 2.", realSecond,
		realHigh, policy)
	r.edit(runlog.OpDescribeScalingActivities, func(o *runlog.Observation, answer map[string]any) {
		if o.Received.Before(r.began().Add(15 * time.Second)) {
			return
		}
		answer["Activities"] = append(answer["Activities"].([]any), map[string]any{
			"ActivityId": "f", "Description": "Launching a new EC2 instance", "Cause": cause, "StatusCode": "Successful",
			"StartTime": realSecond + "Z", "EndTime": realSecond + "Z",
		})
	})
}

func clockForgeries() []forgery {
	var all []forgery
	for _, c := range []struct {
		operation string
		by        time.Duration
		reason    string
	}{
		{runlog.OpDescribeAlarmHistory, 5 * time.Second, "premise.observation"},
		{runlog.OpDescribeAlarmHistory, -5 * time.Second, "premise.observation"},
		{runlog.OpDescribeAlarmHistory, -30 * time.Second, "premise.observation"},
		{runlog.OpDescribeScalingActivities, 5 * time.Second, "premise.observation"},
		{runlog.OpDescribeScalingActivities, -5 * time.Second, "confounder.unexplained-capacity"},
		{runlog.OpDescribeScalingActivities, -30 * time.Second, "premise.observation"},
		{runlog.OpDescribeAlarms, 30 * time.Second, "premise.observation"},
		{runlog.OpDescribeAlarms, -30 * time.Second, "premise.observation"},
		{runlog.OpGetMetricData, 10 * time.Second, "premise.baseline"},
		{runlog.OpGetMetricData, -10 * time.Second, "premise.data"},
		{runlog.OpGetMetricData, 3 * time.Second, "premise.baseline"},
	} {
		name := fmt.Sprintf("every time that %s tells moved by %s", c.operation, c.by)
		all = append(all, forgery{name, func(r *raw) { r.shift(c.operation, c.by) }, c.reason})
	}
	all = append(all, forgery{"an API's answers received 30 s later", func(r *raw) {
		for i := range r.cloud {
			if o := &r.cloud[i]; o.Operation == runlog.OpDescribeScalingActivities {
				o.Sent, o.Received = o.Sent.Add(30*time.Second), o.Received.Add(30*time.Second)
			}
		}
	}, "premise.clocks"})
	moved := func(by time.Duration, reason string) forgery {
		return forgery{fmt.Sprintf("load.jsonl moved by %s", by), func(r *raw) { moveLoad(r.load, by) }, reason}
	}
	return append(all,
		moved(-30*time.Second, "premise.hypothesis"), moved(-2*time.Second, "premise.hypothesis"),
		moved(2*time.Second, "premise.load"), moved(30*time.Second, "premise.observation"))
}

var (
	timestamps = regexp.MustCompile(`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|\+0000)`)
	epochs     = regexp.MustCompile(`(\\"StateChangeTime\\":)(\d{13})`)
)

// shift moves every time in the operation's answers.
func (r *raw) shift(operation string, by time.Duration) {
	for i := range r.cloud {
		o := &r.cloud[i]
		if operation != "" && o.Operation != operation {
			continue
		}
		o.Answer = timestamps.ReplaceAllFunc(o.Answer, func(s []byte) []byte {
			layout := time.RFC3339Nano
			if bytes.HasSuffix(s, []byte("+0000")) {
				layout = "2006-01-02T15:04:05.000-0700"
			}
			at, err := time.Parse(layout, string(s))
			if err != nil {
				panic(err)
			}
			return []byte(at.Add(by).Format(layout))
		})
		o.Answer = epochs.ReplaceAllFunc(o.Answer, func(s []byte) []byte {
			m := epochs.FindSubmatch(s)
			at, _ := strconv.ParseInt(string(m[2]), 10, 64)
			return fmt.Appendf(nil, "%s%d", m[1], at+by.Milliseconds())
		})
	}
}

func moveLoad(lines []runlog.LoadLine, by time.Duration) {
	for i := range lines {
		lines[i].Time = lines[i].Time.Add(by)
		if s := lines[i].Second; s != nil {
			for _, in := range s.Instances {
				if !in.First.IsZero() {
					in.First = in.First.Add(by)
				}
			}
		}
	}
}
