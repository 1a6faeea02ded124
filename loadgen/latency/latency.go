// Package latency has the histograms of a load's record: HdrHistogram V2, compressed, in base64.
// They are merged without loss.
package latency

import (
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Range of a histogram, in nanoseconds, and its significant digits: a value from Lowest × 2,048
// (33 µs) on is right to 0.1 %, a smaller one to Lowest.
const (
	Digits  = 3
	Lowest  = 16 * time.Nanosecond
	Highest = 10 * time.Minute
)

// New returns an empty histogram of so many significant digits, in nanoseconds.
func New(digits int) *hdrhistogram.Histogram {
	return hdrhistogram.New(int64(Lowest), int64(Highest), digits)
}

// Record counts a latency; one beyond the range counts as its end.
func Record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(int64(min(max(d, Lowest), Highest))) // in range, so it cannot fail
}

// Take encodes a histogram and empties it; "" if it is empty.
func Take(h *hdrhistogram.Histogram) string {
	if h.TotalCount() == 0 {
		return ""
	}
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		panic("latency: encode a histogram in memory: " + err.Error()) // impossible
	}
	h.Reset()
	return string(text)
}

// Decode decodes a histogram, in nanoseconds whatever it was recorded in; "" gives nil. What
// reaches beyond the range is an error, not a smaller count. It is packed: a histogram of one second
// has a few hundred counts among 26,000 buckets, and to merge it takes no longer than they do.
func Decode(text string) (*hdrhistogram.PackedHistogram, error) {
	if text == "" {
		return nil, nil
	}
	h, err := hdrhistogram.DecodePacked([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("decode histogram: %w", err)
	}
	// Older records count in microseconds: their histograms end far below ours.
	micros := h.HighestTrackableValue() < int64(Highest)
	unit := time.Nanosecond
	if micros {
		unit = time.Microsecond
	}
	if most := int64(Highest / unit); h.Max() > most/1000*1001 {
		return nil, fmt.Errorf("decode histogram: %d × %s is beyond %s", h.Max(), unit, Highest)
	}
	if h.TotalCount() == math.MaxInt64 { // as a sum beyond it is given
		return nil, errors.New("decode histogram: more counts than there can be")
	}
	if micros {
		h = inNanoseconds(h)
	}
	return h, nil
}

// Sum returns an empty histogram that decoded ones are merged into, exactly: all have the same buckets.
func Sum() *hdrhistogram.PackedHistogram {
	return hdrhistogram.NewPacked(int64(Lowest), int64(Highest), Digits)
}

func inNanoseconds(micros *hdrhistogram.PackedHistogram) *hdrhistogram.PackedHistogram {
	h := hdrhistogram.NewPacked(int64(Lowest), int64(Highest), int(micros.SignificantFigures()))
	for from, count := range micros.ForEachBucket {
		_ = h.RecordValues(min(from*int64(time.Microsecond), int64(Highest)), count) // in range, so it cannot fail
	}
	return h
}
