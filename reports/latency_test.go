package reports

import (
	"strings"
	"testing"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/loadgen/latency"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

const highestMicros = 600_000_000

// micros encodes a histogram of the given latencies in microseconds, as older records have it.
func micros(values ...int64) string {
	h := hdrhistogram.New(1, highestMicros, latency.Digits)
	for _, v := range values {
		h.RecordValue(v)
	}
	return latency.Take(h)
}

func second(at float64, instances map[string]*runlog.InstanceSecond) runlog.LoadLine {
	return runlog.LoadLine{Time: after(at), Second: &runlog.LoadSecond{Phase: runlog.PhaseLoad, IntervalSeconds: 1, Instances: instances}}
}

func TestPercentilesAreOfTheMergedHistogramsNotOfAverages(t *testing.T) {
	many, one := make([]int64, 99), []int64{1_000_000}
	for i := range many {
		many[i] = 1000
	}
	rec := &runlog.Record{Load: []runlog.LoadLine{second(1, map[string]*runlog.InstanceSecond{
		"i-a": {FromSchedule: micros(many...), FromSending: micros(many...)},
		"i-b": {FromSchedule: micros(one...), FromSending: micros(one...)},
	})}}
	a := read(rec, judge.Verdict{})
	// 99 of 100 requests took 1 ms: so does the 99th percentile. The average of
	// the instances' percentiles would be 500 ms.
	if got := a.run.Latency[1].Points[0].Y; got < 0.999 || got > 1.001 {
		t.Errorf("p99 = %v ms, want 1 ms", got)
	}
	if got := latencyTable(a.latencies).Rows[0][7]; !strings.HasPrefix(got, "1000.") && !strings.HasPrefix(got, "999.") {
		t.Errorf("max = %s ms, want 1000", got)
	}
}

func TestSecondWithoutAnAnswerIsAGap(t *testing.T) {
	answer := map[string]*runlog.InstanceSecond{"i-a": {FromSchedule: micros(1000), FromSending: micros(1000)}}
	rec := &runlog.Record{Load: []runlog.LoadLine{second(1, answer), second(2, nil), second(3, answer), second(4, answer)}}
	points := read(rec, judge.Verdict{}).run.Latency[0].Points
	if len(points) != 3 || points[0].Y == 0 || !points[1].Gap || points[2].Gap {
		t.Errorf("points = %+v, want three, with a gap before the second only", points)
	}
}

func TestTheFirstUnreadableHistogramOfALineIsTheSameEachTime(t *testing.T) {
	rec := &runlog.Record{Load: []runlog.LoadLine{second(1, map[string]*runlog.InstanceSecond{
		"i-a": {FromSchedule: "%%%"}, "i-b": {FromSending: "%%%"},
	})}}
	for range 100 {
		if warnings := read(rec, judge.Verdict{}).warnings; !strings.Contains(warnings[len(warnings)-1], "from schedule") {
			t.Fatalf("warnings = %q, want i-a's, from schedule", warnings)
		}
	}
}

func TestUnreadableHistogramIsToldNotHidden(t *testing.T) {
	beyond := hdrhistogram.New(1, 10*highestMicros, latency.Digits)
	beyond.RecordValue(5 * highestMicros)
	for name, bad := range map[string]string{"not base64": "%%%", "cut short": micros(1, 2)[:20], "beyond ten minutes": latency.Take(beyond)} {
		t.Run(name, func(t *testing.T) {
			rec := &runlog.Record{Load: []runlog.LoadLine{
				second(1, nil), second(2, map[string]*runlog.InstanceSecond{"i-a": {FromSchedule: bad}}),
			}}
			text, err := renderMarkdown(newPage(read(rec, judge.Verdict{}), judge.Verdict{}, nil))
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(text), "Latency histograms that could not be read: 1") ||
				!strings.Contains(string(text), "load.jsonl line 2") {
				t.Errorf("report.md does not tell of the histogram:\n%s", text)
			}
		})
	}
}

func FuzzDecodeHistogram(f *testing.F) {
	f.Add(micros(1, 1000, 600_000_000))
	f.Add("")
	f.Add("HISTFAAAAA==")
	f.Fuzz(func(t *testing.T, encoded string) {
		h, err := latency.Decode(encoded)
		if err != nil || h == nil {
			return
		}
		sum := newPair()
		sum.merge(pair{fromSchedule: h})
		if got := sum.fromSchedule.TotalCount(); got != h.TotalCount() {
			t.Errorf("merging %q kept %d of %d latencies", encoded, got, h.TotalCount())
		}
	})
}

func BenchmarkReadLatencies(b *testing.B) {
	s := synthesis{Scales: true}
	rec := s.record(b)
	at := newTimescale(rec, judge.Verdict{})
	for b.Loop() {
		readLatencies(readIntervals(rec.Load, at), at)
	}
}
