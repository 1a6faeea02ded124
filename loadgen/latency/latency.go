// Package latency has the histograms of a load's record: HdrHistogram V2, compressed, in base64.
// They are merged without loss.
package latency

import (
	"fmt"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// Range of a histogram, in nanoseconds. With three significant digits a value from Lowest × 2,048
// (33 µs) on is right to 0.1 %, a smaller one to Lowest.
const (
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
// reaches beyond the range is an error, not a smaller count.
func Decode(text string) (*hdrhistogram.Histogram, error) {
	if text == "" {
		return nil, nil
	}
	h, err := hdrhistogram.Decode([]byte(text))
	if err != nil {
		return nil, fmt.Errorf("decode histogram: %w", err)
	}
	// Older records count in microseconds: their histograms end far below ours.
	micros := h.HighestTrackableValue() < int64(Highest)
	unit := time.Nanosecond
	if micros {
		unit = time.Microsecond
	}
	// One made for no more than our range fits into ours; to find the highest value of every
	// one would take as long as merging them.
	if most := int64(Highest / unit); h.HighestTrackableValue() > most && h.Max() > most/1000*1001 {
		return nil, fmt.Errorf("decode histogram: %d × %s is beyond %s", h.Max(), unit, Highest)
	}
	if micros {
		h = inNanoseconds(h)
	}
	return h, nil
}

func inNanoseconds(micros *hdrhistogram.Histogram) *hdrhistogram.Histogram {
	h := New(int(micros.SignificantFigures()))
	for _, bar := range micros.Distribution() {
		if bar.Count > 0 {
			_ = h.RecordValues(min(bar.From*int64(time.Microsecond), int64(Highest)), bar.Count) // in range, so it cannot fail
		}
	}
	return h
}
