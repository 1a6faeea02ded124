package runlog_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"secondwind/runlog"
)

// fullLoad is a line of each kind with every member set.
func fullLoad() []runlog.LoadLine {
	return []runlog.LoadLine{
		{Time: began, Phase: &runlog.PhaseChange{
			Phase: runlog.PhasePremises, OfferedRate: 0.5, HypothesisSHA256: strings.Repeat("0a", 32), Note: "<trickle> & wait",
			Hold: &runlog.Hold{RequestedSeconds: 28800, Seconds: 31.5, EndedOnRequest: true},
		}},
		{Time: began.Add(1500 * time.Millisecond), Second: &runlog.LoadSecond{
			Phase: runlog.PhaseHold, IntervalSeconds: 10, OfferedRate: 48.25, Counts: runlog.Counts{
				Offered: 482, Sent: 480, Completed: 470, Failed: 10, Dropped: 2, Waited: 3, Starved: 1,
				BytesIn: 1 << 40, BytesOut: 1 << 41, LagMaxSeconds: 0.001,
				Errors: map[string]int64{"EOF": 9, "other": 1},
			},
			Instances: map[string]*runlog.InstanceSecond{
				"i-1": {Completed: 470, Failed: 1, First: began.Add(time.Nanosecond), FromSchedule: "HISTFAAA", FromSending: "HISTFAAB"},
				"":    {Failed: 9},
			},
			Examples: map[string]runlog.FailureExample{"EOF": {Request: "request 7", Error: "read: EOF"}},
			Requests: map[string]*runlog.RequestSecond{"search": {Completed: 470, Failed: 10, FromSchedule: "HISTFAAC", FromSending: "HISTFAAD"}},
			Connect:  "HISTFAAE", TLS: "HISTFAAF", FirstByte: "HISTFAAG", Lag: "HISTFAAH",
			Opened: map[string]int64{"10.0.0.1:443": 3}, Reused: 477,
			ServiceCPU: 31.5,
			Generator: &runlog.GeneratorSecond{
				CPU: 0.9, Procs: 2, Files: 70, FileLimit: 1024, Slots: 64, SlotsNeeded: 250, Limit: "The generator was busy.",
			},
		}},
		{Time: began.Add(2 * time.Second), Calibration: &runlog.Calibration{
			IdleCPUPercent: 1.5, InterceptCPUPercent: new(1.6), CPUPercentPerRate: 0.4, CPUPercentPerRateLow: 0.39, CPUPercentPerRateHigh: 0.41,
			LoadRate:            48,
			PredictedCPUPercent: 32.7, Points: []runlog.CalibrationPoint{{Timestamp: began, Rate: 10, CPUPercent: 5.5}},
		}},
		{Time: began.Add(time.Minute), Gap: &runlog.Gap{From: began.Add(3 * time.Second), Unanswered: 2, Revision: "v1"}},
		{Time: began.Add(2 * time.Minute), Interrupted: &runlog.Interrupted{Reason: "signal: interrupt", Refused: true}},
	}
}

// fullCloud is an observation of each kind; together they set every member.
func fullCloud() []runlog.Observation {
	answered := runlog.Observation{
		Seq: 1, Operation: runlog.OpGetMetricData, Sent: began, Received: began.Add(31 * time.Millisecond), Date: began, RequestID: "r-1",
		Endpoint: "https://monitoring.us-east-1.amazonaws.com",
		Input:    json.RawMessage(`{"StartTime":"2026-03-14T11:00:00Z"}`), Answer: json.RawMessage(`{"MetricDataResults":[]}`),
		BodySHA256: strings.Repeat("b1", 32),
	}
	repeated, refused := answered, answered
	repeated.Seq, repeated.Answer, repeated.Unchanged, repeated.Endpoint = 2, nil, 1, ""
	refused.Seq, refused.Answer, refused.Error = 3, nil, &runlog.APIError{Code: "Throttling", Message: "Rate exceeded"}
	snapshot := runlog.Observation{Seq: 4, Operation: runlog.OpSnapshot, Sent: began, Received: began.Add(time.Second), Date: began,
		Snapshot: &runlog.Snapshot{Unchanged: []int64{1}}}
	return []runlog.Observation{answered, repeated, refused, snapshot}
}

// TestEveryMemberComesBackAndFitsItsSchema: a member that the schema lacks, or that
// is lost on the way, is a hole in the evidence.
func TestEveryMemberComesBackAndFitsItsSchema(t *testing.T) {
	w, dir := create(t)
	for _, l := range fullLoad() {
		must(t, w.WriteLoad(l))
	}
	for _, o := range fullCloud() {
		must(t, w.WriteObservation(o))
	}
	must(t, w.WriteHistory(sessions()))
	must(t, w.Close())
	r, err := runlog.Open(dir)
	must(t, err)
	if diff := cmp.Diff(fullLoad(), r.Load); diff != "" {
		t.Errorf("load.jsonl comes back changed: %s", diff)
	}
	want := fullCloud()
	want[1].Answer = want[0].Answer
	if diff := cmp.Diff(want, r.Cloud); diff != "" {
		t.Errorf("cloud.jsonl comes back changed: %s", diff)
	}
	for file, name := range map[string]string{
		runlog.LoadFile: "load-line.json", runlog.CloudFile: "observation.json", runlog.HistoryFile: "history.json",
	} {
		data, err := os.ReadFile(filepath.Join(dir, file))
		must(t, err)
		documents := []string{string(data)}
		if strings.HasSuffix(file, ".jsonl") {
			documents = strings.Split(strings.TrimSpace(string(data)), "\n")
		}
		for i, document := range documents {
			if err := valid(t, compiled(t, name), []byte(document)); err != nil {
				t.Errorf("%s:%d does not fit %s: %v", file, i+1, name, err)
			}
		}
	}
}

// TestTheFullValuesAreFull keeps fullLoad and fullCloud honest when a type grows.
func TestTheFullValuesAreFull(t *testing.T) {
	set := map[string]bool{}
	for _, l := range fullLoad() {
		mark(reflect.ValueOf(l), "LoadLine", set)
	}
	for _, o := range fullCloud() {
		mark(reflect.ValueOf(o), "Observation", set)
	}
	for member, is := range set {
		if !is {
			t.Errorf("%s is never set, want a value in fullLoad or fullCloud", member)
		}
	}
}

// mark notes which members of the package's structs are set in v.
func mark(v reflect.Value, path string, set map[string]bool) {
	switch {
	case v.Kind() == reflect.Pointer && !v.IsNil():
		mark(v.Elem(), path, set)
	case v.Kind() == reflect.Map:
		for _, key := range v.MapKeys() {
			mark(v.MapIndex(key), path, set)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			mark(v.Index(i), path, set)
		}
	case v.Kind() == reflect.Struct && v.Type() != reflect.TypeFor[time.Time]():
		for i := range v.NumField() {
			member := path + "." + v.Type().Field(i).Name
			set[member] = set[member] || !v.Field(i).IsZero()
			mark(v.Field(i), member, set)
		}
	}
}

func TestAManifestKeepsWhatTheCallerKnowsAndNothingElse(t *testing.T) {
	given := runlog.Manifest{
		Version: 9, RunID: runID, Started: began.In(time.FixedZone("CET", 3600)), Revision: "4f2d9c1", Complete: true,
		Versions: map[string]string{"secondwind": "v1"}, Seeds: map[string]uint64{"payload": 1<<64 - 1},
		Machine: runlog.Machine{OS: "plan9"}, Files: map[string]runlog.FileDigest{"load.jsonl": {}},
	}
	dir := t.TempDir()
	w, err := runlog.Create(dir, given)
	must(t, err)
	must(t, w.Close())
	if w.Dir() != dir {
		t.Errorf("Dir = %s, want %s", w.Dir(), dir)
	}
	r, err := runlog.Open(dir)
	must(t, err)
	want := given
	want.Version, want.Started, want.Complete, want.Files, want.Machine = runlog.Version, began, false, nil, r.Manifest.Machine
	if diff := cmp.Diff(want, r.Manifest); diff != "" || r.Manifest.Machine.OS == "plan9" || r.Manifest.Machine.GoVersion == "" {
		t.Errorf("manifest of machine %+v differs: %s", r.Manifest.Machine, diff)
	}
	must(t, runlog.Seal(dir))
	r, err = runlog.Open(dir)
	must(t, err)
	want.Complete, want.Files = true, r.Manifest.Files
	if diff := cmp.Diff(want, r.Manifest); diff != "" || len(want.Files) != 2 {
		t.Errorf("Seal changed more than complete and files, of which there are %d: %s", len(want.Files), diff)
	}
}

func TestIntervalsOfTheLoadAreSummed(t *testing.T) {
	var sum runlog.LoadSecond
	for _, s := range []runlog.LoadSecond{
		{IntervalSeconds: 1, Counts: runlog.Counts{
			Offered: 5, Sent: 4, Completed: 3, Failed: 1, Dropped: 1, BytesIn: 7, BytesOut: 8, LagMaxSeconds: 0.5,
		}},
		{IntervalSeconds: 2, Counts: runlog.Counts{
			Offered: 1, Sent: 1, Failed: 1, LagMaxSeconds: 0.1, Errors: map[string]int64{"refused": 1},
		}},
		{Counts: runlog.Counts{Errors: map[string]int64{"refused": 2, "reset": 1}}},
	} {
		sum.Add(s)
	}
	want := runlog.LoadSecond{IntervalSeconds: 3, Counts: runlog.Counts{
		Offered: 6, Sent: 5, Completed: 3, Failed: 2, Dropped: 1, BytesIn: 7, BytesOut: 8, LagMaxSeconds: 0.5,
		Errors: map[string]int64{"refused": 3, "reset": 1},
	}}
	if diff := cmp.Diff(want, sum); diff != "" {
		t.Errorf("the sum differs (-want +got):\n%s", diff)
	}
}
