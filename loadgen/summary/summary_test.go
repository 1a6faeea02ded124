package summary

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/latency"
	"secondwind/runlog"
	"secondwind/runlog/threshold"
)

// line is a second in which instances answered with the latencies.
func line(t *testing.T, latencies map[string][]time.Duration) *runlog.LoadSecond {
	t.Helper()
	l := &runlog.LoadSecond{IntervalSeconds: 1, Instances: map[string]*runlog.InstanceSecond{}}
	for id, all := range latencies {
		schedule, sending := latency.New(3), latency.New(3)
		for _, d := range all {
			latency.Record(schedule, 2*d)
			latency.Record(sending, d)
		}
		i := &runlog.InstanceSecond{
			Completed: int64(len(all)), FromSchedule: latency.Take(schedule), FromSending: latency.Take(sending),
		}
		l.Instances[id] = i
		l.Completed += i.Completed
	}
	l.Offered, l.Sent = l.Completed, l.Completed
	return l
}

func TestQuantilesOverLinesAndInstancesAreThoseOfTheSortedSamples(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var s Summary
	var all []time.Duration
	for range 60 {
		latencies := map[string][]time.Duration{}
		for _, id := range []string{"i-1", "i-2"} {
			for range 200 {
				d := time.Duration(math.Exp(random.NormFloat64())*5000) * time.Microsecond
				latencies[id], all = append(latencies[id], d), append(all, d)
			}
		}
		if err := s.Add(line(t, latencies)); err != nil {
			t.Fatal(err)
		}
	}
	slices.Sort(all)
	for q, got := range map[float64]float64{
		0.5: s.FromSending.P50, 0.9: s.FromSending.P90, 0.95: s.FromSending.P95,
		0.99: s.FromSending.P99, 0.999: s.FromSending.P999, 1: s.FromSending.Max,
	} {
		want := all[max(0, int(math.Ceil(q*float64(len(all))))-1)].Seconds()
		if math.Abs(got-want) > 0.001*want {
			t.Errorf("quantile %v = %v, the sorted samples have %v", q, got, want)
		}
	}
	if twice := s.FromSchedule.P99 / s.FromSending.P99; math.Abs(twice-2) > 0.003 {
		t.Errorf("P99 from schedule is %v times that from sending, want 2", twice)
	}
	if s.Throughput != 400 || s.Instances["i-1"] != 12000 || s.Completed != 24000 {
		t.Errorf("summary = %+v, want 400 requests/s for 60 s, half of them by i-1", s)
	}
}

func TestAThresholdIsJudgedOnWhatWasMeasured(t *testing.T) {
	var none, s Summary
	l := line(t, map[string][]time.Duration{"old": {time.Millisecond, time.Millisecond, time.Millisecond}, "new": {10 * time.Millisecond}})
	l.Failed, l.Sent, l.Offered, l.Dropped = 1, 5, 10, 5
	if err := s.Add(l); err != nil {
		t.Fatal(err)
	}
	for text, met := range map[string]bool{
		"p50 < 2.1ms": true, "p50 < 2ms": false, "max > 19ms": true, "p99.9 <= 21ms": true,
		"errors <= 20%": true, "errors < 20%": false, "dropped < 51%": true, "share(new) >= 25%": true, "share(none) > 0%": false,
		"throughput >= 4": true,
	} {
		th, err := Measures.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		value, ok := s.Value(th)
		if !ok || th.Met(value) != met {
			t.Errorf("%s: value %v (%v), met: %v, want %v", text, value, ok, th.Met(value), met)
		}
		if value, ok := none.Value(th); ok {
			t.Errorf("%s: a load that sent nothing has the value %v", text, value)
		}
	}
}

func TestAThresholdCanNameARequest(t *testing.T) {
	var s Summary
	l := line(t, map[string][]time.Duration{"": {time.Millisecond, time.Second}})
	quick, slow := line(t, map[string][]time.Duration{"": {time.Millisecond}}), line(t, map[string][]time.Duration{"": {time.Second}})
	of := func(l *runlog.LoadSecond, failed int64) *runlog.RequestSecond {
		i := l.Instances[""]
		return &runlog.RequestSecond{Completed: 1, Failed: failed, FromSchedule: i.FromSchedule, FromSending: i.FromSending}
	}
	l.Requests = map[string]*runlog.RequestSecond{"search": of(quick, 3), "GET /buy": of(slow, 0), "none": {}}
	l.Failed = 3
	for range 2 {
		if err := s.Add(l); err != nil {
			t.Fatal(err)
		}
	}
	for text, want := range map[string]float64{
		"p99(search) < 250ms": 0.002, "max(GET /buy) < 1s": 2, "errors(search) < 1%": 0.75, "errors(GET /buy) <= 0%": 0,
		"throughput(search) > 1": 1, "p99 < 1s": 2, "errors < 1%": 0.6,
	} {
		th, err := Measures.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := s.Value(th); !ok || math.Abs(got-want) > 0.001*want {
			t.Errorf("%s: %v, %v, want %v", text, got, ok, want)
		}
	}
	for _, text := range []string{"p99(nothing) < 1s", "errors(nothing) < 1%", "p99(none) < 1s"} {
		th, err := Measures.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if value, ok := s.Value(th); ok {
			t.Errorf("%s: has the value %v", text, value)
		}
	}
}

func TestTheOnlyKindOfRequestsCanBeNamed(t *testing.T) {
	s := Summary{Kind: "search"}
	if err := s.Add(line(t, map[string][]time.Duration{"": {time.Millisecond}})); err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]bool{"p99(search) < 1s": true, "p99(buy) < 1s": false} {
		th, err := Measures.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if value, ok := s.Value(th); ok != want {
			t.Errorf("%s: %v, %v; want one: %v", text, value, ok, want)
		}
	}
}

// TestTheGeneratorIsJudgedOverAllLines has a generator that was busy in some of them.
func TestTheGeneratorIsJudgedOverAllLines(t *testing.T) {
	second := func(g *runlog.GeneratorSecond) *runlog.LoadSecond {
		l := line(t, map[string][]time.Duration{"": {time.Millisecond}})
		l.Generator = g
		return l
	}
	fine, busy := &runlog.GeneratorSecond{CPU: 0.2, Procs: 2}, &runlog.GeneratorSecond{CPU: 1, Procs: 2}
	few := second(&runlog.GeneratorSecond{Slots: 5, SlotsNeeded: 50})
	few.Offered, few.Dropped, few.Starved = 10, 9, 4
	files := second(fine)
	files.Errors = map[string]int64{runlog.NoFileError: 4}
	for name, c := range map[string]struct {
		lines  []*runlog.LoadSecond
		cpu    float64
		reason string
	}{
		"old lines":       {[]*runlog.LoadSecond{second(nil), second(nil)}, 0, ""},
		"a busy second":   {[]*runlog.LoadSecond{second(fine), second(busy), second(fine), second(fine)}, 0.4, ""},
		"busy throughout": {[]*runlog.LoadSecond{second(busy), second(fine), second(busy), second(fine)}, 0.6, "in 2 of 4 intervals"},
		"few slots":       {[]*runlog.LoadSecond{second(fine), few}, 0.2, "5 of 11 requests were not sent: the generator"},
		"no descriptors":  {[]*runlog.LoadSecond{files}, 0.2, "4 requests found no file descriptor"},
	} {
		var s Summary
		for _, l := range c.lines {
			if err := s.Add(l); err != nil {
				t.Fatal(err)
			}
		}
		if s.Generator.Invalid != (c.reason != "") || !strings.Contains(s.Generator.Reason, c.reason) || math.Abs(s.CPU-c.cpu) > 1e-9 {
			t.Errorf("%s: %s, CPU %v; want %q and %v", name, s.Generator, s.CPU, c.reason, c.cpu)
		}
		text, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if want := fmt.Sprintf(`"generator":{"invalid":%v`, c.reason != ""); !strings.Contains(string(text), want) {
			t.Errorf("%s: JSON has no %s: %s", name, want, text)
		}
		var b strings.Builder
		s.Write(&b)
		if want := "generator      " + s.Generator.String() + "\n"; !strings.Contains(b.String(), want) {
			t.Errorf("%s: text has no %q:\n%s", name, want, b.String())
		}
	}
}

func TestTheTextTellsOfKindsConnectionsAndExamples(t *testing.T) {
	var s Summary
	l := line(t, map[string][]time.Duration{"": {time.Millisecond}})
	i := l.Instances[""]
	l.Requests = map[string]*runlog.RequestSecond{
		"search": {Completed: 1, FromSchedule: i.FromSchedule, FromSending: i.FromSending}, "buy": {Failed: 2},
	}
	l.Connect, l.FirstByte, l.Opened, l.Reused = i.FromSchedule, i.FromSending, map[string]int64{"10.0.0.1:80": 1, "10.0.0.2:80": 1}, 4
	l.Errors, l.Failed = map[string]int64{"status 503": 2}, 2
	l.Examples = map[string]runlog.FailureExample{"status 503": {Request: "seed 1, request 3: buy", Error: "status 503; no body"}}
	for range 2 {
		if err := s.Add(l); err != nil {
			t.Fatal(err)
		}
		l.Examples = map[string]runlog.FailureExample{"status 503": {Request: "a later one"}}
	}
	var b strings.Builder
	s.Write(&b)
	want := `by request     buy: completed 0, failed 4
               search: completed 2, failed 0; from schedule p50 2ms, p99 2ms
connections    4 opened, 8 requests reused one; connect p50 2ms, p99 2ms; first byte p50 1ms, p99 1ms
to address      50.0 %  10.0.0.1:80
                50.0 %  10.0.0.2:80
failures       4 × status 503
                   seed 1, request 3: buy: status 503; no body
`
	if !strings.Contains(b.String(), want) {
		t.Errorf("Write() =\n%s\nwant in it\n%s", b.String(), want)
	}
	for n := range 100 {
		l.Errors[fmt.Sprint(n)], l.Requests[fmt.Sprint(n)] = 1, &runlog.RequestSecond{Failed: 1}
		l.Instances[fmt.Sprint(n)] = i
	}
	if err := s.Add(l); err != nil {
		t.Fatal(err)
	}
	b.Reset()
	s.Write(&b)
	if rows := strings.Count(b.String(), "\n"); rows > 30 {
		t.Errorf("%d rows do not fit one screen:\n%s", rows, b.String())
	}
}

func TestTheTextFitsAScreenAndSaysWhatFailed(t *testing.T) {
	var s Summary
	l := line(t, map[string][]time.Duration{"i-1": {time.Millisecond, 1500 * time.Millisecond}, "": {time.Microsecond}})
	l.Errors = map[string]int64{"status 503": 2, "connection refused": 7}
	l.Failed, l.BytesIn = 9, 123_456
	if err := s.Add(l); err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	s.Write(&b)
	want := `requests       offered 3, sent 3, completed 3, failed 9, dropped 0
throughput     3.0 requests/s completed in 1.0 s; 123 kB in, 0 B out
from schedule  p50 2ms, p90 3s, p95 3s, p99 3s, p99.9 3s, max 3s
from sending   p50 1ms, p90 1.5s, p95 1.5s, p99 1.5s, p99.9 1.5s, max 1.5s
failures       7 × connection refused
               2 × status 503
answered by     66.7 %  i-1
                33.3 %  (the answer did not say)
generator      valid
`
	if b.String() != want {
		t.Errorf("Write() =\n%s\nwant\n%s", b.String(), want)
	}
	var none strings.Builder
	new(Summary).Write(&none)
	if !strings.Contains(none.String(), "no request completed") {
		t.Errorf("Write() of nothing = %s", none.String())
	}
}

func TestTheInstancesOfASummaryAreBounded(t *testing.T) {
	var s Summary
	for n := range 1000 {
		instances := map[string]*runlog.InstanceSecond{fmt.Sprint("i-", n): {Completed: 1}}
		if err := s.Add(&runlog.LoadSecond{IntervalSeconds: 1, Counts: runlog.Counts{Completed: 1}, Instances: instances}); err != nil {
			t.Fatal(err)
		}
	}
	if len(s.Instances) != maxInstances+1 || s.Instances[runlog.OtherError] != 1000-maxInstances || s.Completed != 1000 {
		t.Errorf("%d instances, %d of other ones, %d in all", len(s.Instances), s.Instances[runlog.OtherError], s.Completed)
	}
}

func TestAGapStandsInTheSummary(t *testing.T) {
	var s Summary
	from := time.Date(2026, 3, 14, 12, 0, 5, 0, time.UTC)
	for _, l := range []runlog.LoadLine{
		{Time: from.Add(90 * time.Second), Gap: &runlog.Gap{From: from, Unanswered: 3}},
		{Time: from.Add(time.Hour + 1500*time.Millisecond), Gap: &runlog.Gap{From: from.Add(time.Hour)}},
		{Time: from.Add(2 * time.Hour), Interrupted: &runlog.Interrupted{}},
	} {
		if err := s.AddLine(l); err != nil {
			t.Fatal(err)
		}
	}
	var text strings.Builder
	s.Write(&text)
	for _, want := range []string{
		"gaps           1m30s from 12:00:05 UTC on are not on record, nor is the outcome of requests sent before: 3\n",
		"               1.5s from 13:00:05 UTC on are not on record\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("Write() lacks %q:\n%s", want, text.String())
		}
	}
	got, err := json.Marshal(s.Gaps[0])
	if want := `{"from":"2026-03-14T12:00:05Z","seconds":90,"unanswered":3}`; err != nil || string(got) != want {
		t.Errorf("JSON %s, %v; want %s", got, err, want)
	}
}

func TestALineThatCannotBeReadIsAnError(t *testing.T) {
	for want, spoil := range map[string]func(*runlog.LoadSecond){
		`instance "i-1"`: func(l *runlog.LoadSecond) { l.Instances["i-1"].FromSending = "no histogram" },
		`requests "search"`: func(l *runlog.LoadSecond) {
			l.Requests = map[string]*runlog.RequestSecond{"search": {FromSchedule: "x"}}
		},
		"connect":   func(l *runlog.LoadSecond) { l.Connect = "x" },
		"firstByte": func(l *runlog.LoadSecond) { l.FirstByte = "x" },
	} {
		l := line(t, map[string][]time.Duration{"i-1": {time.Millisecond}})
		spoil(l)
		if err := new(Summary).Add(l); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Add() = %v, want an error that names %s", err, want)
		}
	}
}

func TestPhasesAreSummedUpByThemselves(t *testing.T) {
	var s Summary
	for i, phase := range []runlog.Phase{"warm-up", "peak", "peak", "warm-up"} { // which need not be the order of a load
		l := line(t, map[string][]time.Duration{"i-1": {time.Duration(i+1) * 10 * time.Millisecond}, "i-2": {time.Millisecond}})
		l.Phase, l.Failed = phase, int64(i)
		if err := s.Add(l); err != nil {
			t.Fatal(err)
		}
		if (s.Phases == nil) != (i == 0) {
			t.Errorf("%d lines: phases %v, want none while there is one", i+1, s.Phases)
		}
	}
	for text, want := range map[string]float64{
		"max(phase peak) < 1s": 0.06, "max(phase warm-up) < 1s": 0.08, "max < 1s": 0.08, "p50( phase  peak ) < 1s": 0.002,
		"errors(phase peak) < 1%": 3. / 7, "throughput(phase warm-up) > 0": 2,
	} {
		th, err := Measures.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		if value, ok := s.Value(th); !ok || math.Abs(value-want) > 0.001*want {
			t.Errorf("%s: %v, %v, want %v", text, value, ok, want)
		}
	}
	if value, ok := s.Value(threshold.Threshold{Measure: "max", Argument: "phase lunch"}); ok {
		t.Errorf("a phase that there was not has the value %v", value)
	}
	var text strings.Builder
	s.Write(&text)
	const want = "by phase       warm-up: offered 4, completed 4, failed 3; from schedule p50 2ms, p99 80"
	if !strings.Contains(text.String(), want) || !strings.Contains(text.String(), "\n               peak: offered 4, completed 4, failed 3;") {
		t.Errorf("%s\nwant a row for each phase: %s", text.String(), want)
	}
	encoded, err := json.Marshal(s)
	const inJSON = `"phases":[{"name":"warm-up","seconds":2,"offered":4,"sent":4,"dropped":0,"completed":4,"failed":3`
	if err != nil || !strings.Contains(string(encoded), inJSON) {
		t.Errorf("JSON is %s, %v", encoded, err)
	}
}

func TestTheCPUOfTheServiceIsThatOfTheLinesThatSawIt(t *testing.T) {
	var s Summary
	for _, l := range []runlog.LoadSecond{
		{OfferedRate: 10}, {ServiceCPU: 20, OfferedRate: 200}, {ServiceCPU: 30, OfferedRate: 300}, {OfferedRate: 310},
	} {
		if err := s.Add(&l); err != nil {
			t.Fatal(err)
		}
	}
	if got, want := s.ServiceCPU.String(), "30.0 % at 300.0 requests/s in the end, 25.0 % on average"; got != want {
		t.Errorf("ServiceCPU = %s, want %s", got, want)
	}
}
