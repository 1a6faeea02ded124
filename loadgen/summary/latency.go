package summary

import (
	"fmt"
	"strings"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/loadgen/latency"
)

// Latency are quantiles of completed requests in seconds; 0 without any.
type Latency struct {
	P50  float64 `json:"p50"`
	P90  float64 `json:"p90"`
	P95  float64 `json:"p95"`
	P99  float64 `json:"p99"`
	P999 float64 `json:"p99.9"`
	Max  float64 `json:"max"`
}

// quantile is one of the quantiles by its name, 0 if there is no such one.
func (l Latency) quantile(name string) float64 {
	for _, q := range l.named() {
		if q.name == name {
			return q.seconds
		}
	}
	return 0
}

type quantile struct {
	name    string
	seconds float64
}

func (l Latency) named() []quantile {
	return []quantile{{"p50", l.P50}, {"p90", l.P90}, {"p95", l.P95}, {"p99", l.P99}, {"p99.9", l.P999}, {"max", l.Max}}
}

// String are the quantiles with three digits.
func (l Latency) String() string {
	if l == (Latency{}) {
		return "no request completed"
	}
	var parts []string
	for _, q := range l.named() {
		parts = append(parts, q.name+" "+threeDigits(q.seconds).String())
	}
	return strings.Join(parts, ", ")
}

// short are the two quantiles that say most, after what they are of; "" without any.
func (l Latency) short(of string) string {
	if l == (Latency{}) {
		return ""
	}
	return fmt.Sprintf("%s p50 %s, p99 %s", of, threeDigits(l.P50), threeDigits(l.P99))
}

func threeDigits(seconds float64) time.Duration {
	d, unit := time.Duration(seconds*float64(time.Second)), time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

// histogram is the sum of encoded histograms, exactly: all have the same buckets. The zero value
// is that of none.
type histogram struct{ sum *hdrhistogram.PackedHistogram }

func (h *histogram) add(text string) error {
	more, err := latency.Decode(text)
	if more == nil {
		return err
	}
	if h.sum == nil {
		h.sum = latency.Sum()
	}
	if dropped := h.sum.Merge(more); dropped > 0 {
		return fmt.Errorf("%d values are out of range", dropped)
	}
	return nil
}

func (h *histogram) quantiles() Latency {
	if h.sum == nil || h.sum.TotalCount() == 0 {
		return Latency{}
	}
	v := h.sum.ValueAtPercentilesSlice([]float64{50, 90, 95, 99, 99.9, 100})
	at := func(i int) float64 { return time.Duration(v[i]).Seconds() }
	return Latency{P50: at(0), P90: at(1), P95: at(2), P99: at(3), P999: at(4), Max: at(5)}
}
