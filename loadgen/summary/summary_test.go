package summary

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/runlog"
)

// line is a second in which instances answered with the latencies.
func line(t *testing.T, latencies map[string][]time.Duration) *runlog.LoadSecond {
	t.Helper()
	l := &runlog.LoadSecond{IntervalSeconds: 1, Instances: map[string]*runlog.InstanceSecond{}}
	for id, all := range latencies {
		schedule, sending := hdrhistogram.New(1, 600e6, 3), hdrhistogram.New(1, 600e6, 3)
		for _, d := range all {
			if err := schedule.RecordValue(2 * d.Microseconds()); err != nil {
				t.Fatal(err)
			}
			if err := sending.RecordValue(d.Microseconds()); err != nil {
				t.Fatal(err)
			}
		}
		i := &runlog.InstanceSecond{Completed: int64(len(all))}
		for into, h := range map[*string]*hdrhistogram.Histogram{&i.FromSchedule: schedule, &i.FromSending: sending} {
			text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
			if err != nil {
				t.Fatal(err)
			}
			*into = string(text)
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

func TestALineThatCannotBeReadIsAnError(t *testing.T) {
	l := line(t, map[string][]time.Duration{"i-1": {time.Millisecond}})
	l.Instances["i-1"].FromSending = "no histogram"
	if err := new(Summary).Add(l); err == nil || !strings.Contains(err.Error(), `"i-1"`) {
		t.Errorf("Add() = %v, want an error that names the instance", err)
	}
}
