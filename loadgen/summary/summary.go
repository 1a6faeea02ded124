// Package summary sums a load's lines up: what became of the requests, how long they
// took, who answered, and whether that is what the user requires.
package summary

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/runlog"
	"secondwind/runlog/threshold"
)

// Summary is a load as a whole. Its zero value is one that sent nothing.
type Summary struct {
	Seconds      float64          `json:"seconds"` // that the lines cover
	Offered      int64            `json:"offered"`
	Sent         int64            `json:"sent"`
	Completed    int64            `json:"completed"`
	Failed       int64            `json:"failed"`
	Dropped      int64            `json:"dropped"`
	Errors       map[string]int64 `json:"errors,omitempty"`
	BytesIn      int64            `json:"bytesIn"`
	BytesOut     int64            `json:"bytesOut"`
	Throughput   float64          `json:"throughput"` // completed a second
	FromSchedule Latency          `json:"fromSchedule"`
	FromSending  Latency          `json:"fromSending"`
	LagMax       float64          `json:"lagMaxSeconds"` // the most that a request was sent late
	// Instances are the completed requests, by who answered; "" is who did not say.
	Instances map[string]int64 `json:"instances,omitempty"`

	schedule, sending *hdrhistogram.Histogram
}

// Latency are quantiles of completed requests in seconds; 0 without any.
type Latency struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// Add adds a line's interval.
func (s *Summary) Add(l *runlog.LoadSecond) error {
	s.Seconds += l.IntervalSeconds
	s.Offered += l.Offered
	s.Sent += l.Sent
	s.Completed += l.Completed
	s.Failed += l.Failed
	s.Dropped += l.Dropped
	s.BytesIn += l.BytesIn
	s.BytesOut += l.BytesOut
	s.LagMax = max(s.LagMax, l.LagMaxSeconds)
	for text, n := range l.Errors {
		s.Errors = added(s.Errors, text, n)
	}
	for id, i := range l.Instances {
		s.Instances = added(s.Instances, id, i.Completed)
		for into, text := range map[**hdrhistogram.Histogram]string{&s.schedule: i.FromSchedule, &s.sending: i.FromSending} {
			if err := merge(into, text); err != nil {
				return fmt.Errorf("latencies of instance %q: %w", id, err)
			}
		}
	}
	s.FromSchedule, s.FromSending = quantiles(s.schedule), quantiles(s.sending)
	if s.Seconds > 0 {
		s.Throughput = float64(s.Completed) / s.Seconds
	}
	return nil
}

func added(counts map[string]int64, key string, n int64) map[string]int64 {
	if counts == nil {
		counts = map[string]int64{}
	}
	counts[key] += n
	return counts
}

// merge adds an encoded histogram exactly: all have the same buckets.
func merge(into **hdrhistogram.Histogram, text string) error {
	if text == "" {
		return nil
	}
	h, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		return err
	}
	if *into == nil {
		*into = h
		return nil
	}
	if dropped := (*into).Merge(h); dropped > 0 {
		return fmt.Errorf("%d values are out of range", dropped)
	}
	return nil
}

func quantiles(h *hdrhistogram.Histogram) Latency {
	if h == nil || h.TotalCount() == 0 {
		return Latency{}
	}
	at := func(q float64) float64 { return (time.Duration(h.ValueAtQuantile(q)) * time.Microsecond).Seconds() }
	return Latency{P50: at(50), P90: at(90), P95: at(95), P99: at(99), P999: at(99.9), Max: at(100)}
}

// Measures are what can be required of a load. Latencies count from the schedule.
var Measures = threshold.Measures{
	"p50": threshold.Duration, "p90": threshold.Duration, "p95": threshold.Duration, "p99": threshold.Duration,
	"p99.9": threshold.Duration, "max": threshold.Duration,
	"errors": threshold.Fraction, "dropped": threshold.Fraction, "share()": threshold.Fraction,
	"throughput": threshold.Number,
}

// Value is a measure's value; ok is false where there are no data for it.
func (s *Summary) Value(t threshold.Threshold) (value float64, ok bool) {
	l := s.FromSchedule
	latency := map[string]float64{"p50": l.P50, "p90": l.P90, "p95": l.P95, "p99": l.P99, "p99.9": l.P999, "max": l.Max}
	switch t.Measure {
	case "errors":
		return share(s.Failed, s.Sent)
	case "dropped":
		return share(s.Dropped, s.Offered)
	case "share":
		return share(s.Instances[t.Argument], s.Completed)
	case "throughput":
		return s.Throughput, s.Seconds > 0
	default:
		return latency[t.Measure], s.Completed > 0
	}
}

func share(part, whole int64) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}

// Write writes the summary as text that fits one screen, to a writer that does not fail.
func (s *Summary) Write(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "requests\toffered %d, sent %d, completed %d, failed %d, dropped %d\n",
		s.Offered, s.Sent, s.Completed, s.Failed, s.Dropped)
	fmt.Fprintf(t, "throughput\t%.1f requests/s completed in %.1f s; %s in, %s out\n",
		s.Throughput, s.Seconds, size(s.BytesIn), size(s.BytesOut))
	fmt.Fprintf(t, "from schedule\t%s\n", s.FromSchedule)
	fmt.Fprintf(t, "from sending\t%s\n", s.FromSending)
	for i, text := range most(s.Errors) {
		fmt.Fprintf(t, "%s\t%d × %s\n", first(i, "failures"), s.Errors[text], text)
	}
	for i, id := range most(s.Instances) {
		part, _ := share(s.Instances[id], s.Completed)
		if id == "" && len(s.Instances) == 1 {
			break // no answer said who gave it
		}
		fmt.Fprintf(t, "%s\t%5.1f %%  %s\n", first(i, "answered by"), 100*part, orUnknown(id))
	}
	_ = t.Flush()
}

// String are the quantiles with three digits.
func (l Latency) String() string {
	if l == (Latency{}) {
		return "no request completed"
	}
	var parts []string
	for _, q := range []struct {
		name    string
		seconds float64
	}{{"p50", l.P50}, {"p90", l.P90}, {"p95", l.P95}, {"p99", l.P99}, {"p99.9", l.P999}, {"max", l.Max}} {
		parts = append(parts, q.name+" "+threeDigits(q.seconds).String())
	}
	return strings.Join(parts, ", ")
}

func threeDigits(seconds float64) time.Duration {
	d, unit := time.Duration(seconds*float64(time.Second)), time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// most are at most the ten keys with the highest counts, the highest first.
func most(counts map[string]int64) []string {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return int(counts[b] - counts[a])
		}
		return strings.Compare(a, b)
	})
	return keys[:min(10, len(keys))]
}

func first(i int, label string) string {
	if i == 0 {
		return label
	}
	return ""
}

func orUnknown(id string) string {
	if id == "" {
		return "(the answer did not say)"
	}
	return id
}

func size(bytes int64) string {
	value, unit := float64(bytes), "B"
	for _, larger := range []string{"kB", "MB", "GB", "TB"} {
		if value < 1000 {
			break
		}
		value, unit = value/1000, larger
	}
	return fmt.Sprintf("%.3g %s", value, unit)
}
