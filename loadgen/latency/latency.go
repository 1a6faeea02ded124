// Package latency has the histograms of a load's record: HdrHistogram V2, compressed, in base64.
// They are merged without loss.
package latency

import (
	"bytes"
	"cmp"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"sync"
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
	text := encode(h)
	h.Reset()
	return text
}

// deflaters are kept: a new one costs a megabyte, and a load's record has some histograms a second.
var deflaters = sync.Pool{New: func() any {
	w, err := zlib.NewWriterLevel(nil, zlib.BestCompression)
	if err != nil {
		panic(err) // impossible: the level exists
	}
	return w
}}

// encode is hdrhistogram.Histogram's Encode, byte by byte, but for the compressor that it makes each time.
func encode(h *hdrhistogram.Histogram) string {
	const cookie, compressed = hdrhistogram.V2EncodingCookieBase | 0x10, hdrhistogram.V2CompressedEncodingCookieBase | 0x10
	is := h.Export()
	counts := appendCounts(nil, is.Counts)
	var plain, deflated bytes.Buffer
	for _, field := range []any{cookie, int32(len(counts)), int32(0), int32(is.SignificantFigures), is.LowestTrackableValue,
		is.HighestTrackableValue, 1.0, counts} {
		_ = binary.Write(&plain, binary.BigEndian, field) // of fixed size, into memory, so it cannot fail
	}
	deflated.Write(make([]byte, 8))
	w := deflaters.Get().(*zlib.Writer)
	w.Reset(&deflated)
	if _, err := w.Write(plain.Bytes()); cmp.Or(err, w.Close()) != nil {
		panic("latency: compress a histogram in memory") // impossible
	}
	deflaters.Put(w)
	all := deflated.Bytes()
	binary.BigEndian.PutUint32(all, uint32(compressed))
	binary.BigEndian.PutUint32(all[4:], uint32(len(all)-8))
	return base64.StdEncoding.EncodeToString(all)
}

// appendCounts appends the counts up to the last that is not zero, in HdrHistogram's ZigZag LEB128 of
// 9 bytes at most; several zeros in a row are the negative of their number.
func appendCounts(to []byte, counts []int64) []byte {
	var zeros int64
	for _, n := range counts {
		if n == 0 {
			zeros++
			continue
		}
		switch {
		case zeros > 1:
			to = appendZigZag(to, -zeros)
		case zeros == 1:
			to = appendZigZag(to, 0)
		}
		zeros, to = 0, appendZigZag(to, n)
	}
	return to
}

func appendZigZag(to []byte, n int64) []byte {
	u := uint64(n)<<1 ^ uint64(n>>63)
	for range 8 {
		if u < 0x80 {
			return append(to, byte(u))
		}
		to, u = append(to, byte(u)|0x80), u>>7
	}
	return append(to, byte(u))
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
