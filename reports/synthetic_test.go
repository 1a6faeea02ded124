package reports

import (
	"encoding/json"
	"math"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"secondwind/runlog"
)

// synthesis is a run made up for a test: what the fleet does is computed here,
// what is recorded of it goes through the real writer and reader.
type synthesis struct {
	Scales     bool    // the alarm's action launches a second instance
	HoldFor    float64 // seconds; 0 means 30
	Every      float64 // interval of the load lines in the hold, seconds; 0 means 1
	LosePoints bool    // CloudWatch lacks the datapoints of two periods
}

const (
	groupName = "secondwind-group"
	alarmName = "secondwind-cpu-high"
	oldID     = "i-0a1b2c3d4e5f60718"
	newID     = "i-0f9e8d7c6b5a43210"
	period    = 10.0
)

// epoch is when every synthetic run starts: the offered load starts 75 s later.
var epoch = time.Date(2026, time.March, 14, 9, 26, 53, 0, time.UTC)

func after(s float64) time.Time { return epoch.Add(runlog.Seconds(s)) }

// The course of the run, seconds since epoch.
const (
	premisesAt    = 3.0
	calibrationAt = 15.0
	controlAt     = 35.0
	loadAt        = 75.0
	breachAt      = 77.0 // start of the first period above the threshold
	alarmAt       = 88.4
	desiredAt     = 89.1
	inServiceAt   = 92.6
	healthyAt     = 98.2
	holdAt        = 105.0
)

func (s synthesis) hold() float64 {
	if s.HoldFor == 0 {
		return 30
	}
	return s.HoldFor
}

func (s synthesis) releaseAt() float64 { return holdAt + s.hold() }
func (s synthesis) endAt() float64     { return s.releaseAt() + 30 }

// records are the runs made so far, which tests share and leave as they are.
var records = struct {
	sync.Mutex
	of map[synthesis]*runlog.Record
}{of: map[synthesis]*runlog.Record{}}

// record returns the record of the run, which is not to be changed.
func (s synthesis) record(t testing.TB) *runlog.Record {
	t.Helper()
	records.Lock()
	defer records.Unlock()
	if records.of[s] == nil {
		records.of[s] = s.make(t)
	}
	return records.of[s]
}

// make writes the run into a folder and reads it back.
func (s synthesis) make(t testing.TB) *runlog.Record {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "run")
	w, err := runlog.Create(dir, runlog.Manifest{RunID: runID, Started: epoch, Revision: "4f2d9c1"})
	if err != nil {
		t.Fatal(err)
	}
	digest, err := w.WriteHypothesis(hypothesis())
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range s.load(digest) {
		if err := w.WriteLoad(l); err != nil {
			t.Fatal(err)
		}
	}
	cloud := s.cloud(t)
	byArrival(cloud)
	for i, o := range cloud {
		o.Seq = int64(i + 1)
		if err := w.WriteObservation(o); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return open(t, dir)
}

// byArrival puts answers into the order in which they are recorded.
func byArrival(cloud []runlog.Observation) {
	slices.SortStableFunc(cloud, func(a, b runlog.Observation) int { return a.Received.Compare(b.Received) })
}

// open reads a record and fixes what depends on the machine the test runs on.
func open(t testing.TB, dir string) *runlog.Record {
	t.Helper()
	rec, err := runlog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	rec.Manifest.Machine = runlog.Machine{OS: "linux", Arch: "amd64", CPUs: 2, GoVersion: "go1.26.0"}
	return rec
}

const runID = "20260314T092653Z-5a5a"

func hypothesis() runlog.Hypothesis {
	return runlog.Hypothesis{
		RunID: runID, Declared: after(1), Revision: "4f2d9c1", Where: "the local cloud",
		Claim:                "a second instance comes because CPU crosses 20 %",
		AutoScalingGroupName: groupName, AlarmName: alarmName, PolicyName: "secondwind-scale-out",
		Metric: runlog.CPUOf(groupName), Threshold: 20, PeriodSeconds: period, MinSize: 1, MaxSize: 2, Band: 1.6,
		ControlCPUPercent: 10, ControlSeconds: 40, MinAchieved: 0.98, MaxPollGapSeconds: 5,
	}
}

// cloud polls the fleet once a second, or every half minute of a long hold.
func (s synthesis) cloud(t testing.TB) []runlog.Observation {
	var all []runlog.Observation
	last := map[string]int{}
	see := func(at float64, op string, input, answer any) {
		o := runlog.Observation{Operation: op, Sent: after(at), Received: after(at + 0.02), Date: after(at).Truncate(time.Second),
			RequestID: "req-" + op}
		o.Input, o.Answer = raw(t, input), raw(t, answer)
		key := op + string(o.Input)
		if i, found := last[key]; found && string(all[i-1].Answer) == string(o.Answer) {
			o.Answer, o.Unchanged = nil, int64(i)
		} else {
			last[key] = len(all) + 1
		}
		all = append(all, o)
	}
	for at := 0.5; at < s.endAt(); at++ {
		if s.HoldFor > 300 && at > holdAt+60 && at < s.releaseAt()-10 {
			at += 29
		}
		see(at, runlog.OpDescribeAutoScalingGroups, nil, s.group(at))
		see(at, runlog.OpDescribeTargetHealth, nil, s.targets(at))
		see(at, runlog.OpDescribeAlarmHistory, nil, s.history(at))
		see(at, runlog.OpDescribeScalingActivities, nil, s.activities(at))
		in, out := s.metrics(at)
		see(at, runlog.OpGetMetricData, in, out)
	}
	return all
}

func raw(t testing.TB, v any) json.RawMessage {
	t.Helper()
	if v == nil {
		return nil
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (s synthesis) two(at, since float64) bool {
	return s.Scales && at >= since && at < s.releaseAt()+20
}

func (s synthesis) group(at float64) any {
	g := runlog.AutoScalingGroup{AutoScalingGroupName: groupName, MinSize: 1, MaxSize: 2, DesiredCapacity: 1,
		Instances: []runlog.Instance{{InstanceId: oldID, LifecycleState: "InService"}}}
	if s.two(at, desiredAt) {
		g.DesiredCapacity = 2
		state := "Pending"
		if s.two(at, inServiceAt) {
			state = "InService"
		}
		g.Instances = append(g.Instances, runlog.Instance{InstanceId: newID, LifecycleState: state})
	}
	return runlog.Answer{AutoScalingGroups: []runlog.AutoScalingGroup{g}}
}

func (s synthesis) targets(at float64) any {
	target := func(id, state string) runlog.TargetHealthDescription {
		var d runlog.TargetHealthDescription
		d.Target.Id, d.TargetHealth.State = id, state
		return d
	}
	all := []runlog.TargetHealthDescription{target(oldID, "healthy")}
	if s.two(at, inServiceAt) {
		state := "initial"
		if s.two(at, healthyAt) {
			state = "healthy"
		}
		all = append(all, target(newID, state))
	}
	return runlog.Answer{TargetHealthDescriptions: all}
}

func (s synthesis) history(at float64) any {
	var items []runlog.AlarmHistoryItem
	add := func(when float64, from, to string) {
		if at < when {
			return
		}
		data, _ := json.Marshal(runlog.StateUpdateData{OldState: runlog.AlarmState{StateValue: from},
			NewState: runlog.AlarmState{StateValue: to}})
		items = append([]runlog.AlarmHistoryItem{{AlarmName: alarmName, Timestamp: after(when), HistoryItemType: "StateUpdate",
			HistorySummary: "Alarm updated from " + from + " to " + to, HistoryData: string(data)}}, items...)
	}
	add(alarmAt, "OK", "ALARM")
	if s.Scales {
		add(118.3, "ALARM", "OK")
	}
	return runlog.Answer{AlarmHistoryItems: items}
}

func (s synthesis) activities(at float64) any {
	var all []runlog.Activity
	if s.Scales && at >= desiredAt {
		all = append(all, runlog.Activity{ActivityId: "8b1f6f2e", AutoScalingGroupName: groupName, StartTime: after(desiredAt),
			Description: "Launching a new EC2 instance: " + newID, StatusCode: "Successful"})
	}
	if s.Scales && at >= s.releaseAt()+20 {
		all = append([]runlog.Activity{{ActivityId: "b2c4d6e8", AutoScalingGroupName: groupName, StartTime: after(s.releaseAt() + 20),
			Description: "Terminating EC2 instance: " + newID, StatusCode: "Successful"}}, all...)
	}
	return runlog.Answer{Activities: all}
}

// metrics answers the last three whole periods of the group and of each instance.
func (s synthesis) metrics(at float64) (input, answer any) {
	in := runlog.GetMetricDataInput{StartTime: after(at - 3*period), EndTime: after(at)}
	// Requests ask for whole periods, so that answers repeat.
	in.StartTime, in.EndTime = in.StartTime.Truncate(runlog.Seconds(period)), in.EndTime.Truncate(runlog.Seconds(period))
	out := runlog.Answer{}
	for i, id := range []string{"", oldID, newID} {
		q := runlog.MetricDataQuery{Id: []string{"group", "i0", "i1"}[i]}
		q.MetricStat.Metric.Namespace, q.MetricStat.Metric.MetricName = "AWS/EC2", "CPUUtilization"
		q.MetricStat.Period, q.MetricStat.Stat = period, "Average"
		q.MetricStat.Metric.Dimensions = []runlog.Dimension{{Name: "InstanceId", Value: id}}
		if id == "" {
			q.MetricStat.Metric.Dimensions = []runlog.Dimension{{Name: "AutoScalingGroupName", Value: groupName}}
		}
		in.MetricDataQueries = append(in.MetricDataQueries, q)
		r := runlog.MetricDataResult{Id: q.Id, StatusCode: "Complete"}
		for p := math.Floor(at/period)*period - 3*period + 7; p+period < at; p += period {
			if v, found := s.cpuAt(p, id); found {
				r.Timestamps, r.Values = append(r.Timestamps, after(p)), append(r.Values, v)
			}
		}
		out.MetricDataResults = append(out.MetricDataResults, r)
	}
	return in, out
}

// cpuAt is the average CPU of the period that begins at p.
func (s synthesis) cpuAt(p float64, id string) (float64, bool) {
	if p < -period || s.LosePoints && p >= 40 && p < 60 {
		return 0, false
	}
	middle := p + period/2
	two := s.two(middle, healthyAt)
	if id == newID && !two {
		return 0, false
	}
	noise := 0.4 * math.Sin(p)
	u := 0.3 + 0.68*s.rate(middle)
	if two {
		u = 0.3 + 0.34*s.rate(middle)
		if id == newID {
			u--
		}
	}
	return math.Max(u+noise, 0.1), true
}
