package latency

import (
	"errors"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
)

// TestWhatIsTakenIsTheLibrarysEncoding holds every byte against it, with compressors used again.
func TestWhatIsTakenIsTheLibrarysEncoding(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 20 {
		h := New(1 + i%4)
		if i%7 == 0 {
			h = hdrhistogram.New(1, 600_000_000, Digits)
		}
		for range 1 + random.IntN(200) {
			v := min(int64(random.ExpFloat64()*1e6)+1, 500_000_000)
			if err := h.RecordValues(v, 1+random.Int64N(1<<random.IntN(55))); err != nil {
				t.Fatal(err)
			}
		}
		want, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
		if got := Take(h); err != nil || got != string(want) {
			t.Fatalf("histogram %d is taken as %q, %v; the library has %q", i, got, err, want)
		}
	}
}

func TestADecodedLatencyIsRight(t *testing.T) {
	for _, d := range []time.Duration{
		1, 20_021, 33 * time.Microsecond, 66_830, 999_999, 1_234_567, time.Second + 7, 9*time.Minute + 1, Highest, Highest + time.Hour,
	} {
		h := New(3)
		Record(h, d)
		decoded, err := Decode(Take(h))
		if err != nil {
			t.Fatal(err)
		}
		want := min(max(d, Lowest), Highest)
		got := time.Duration(decoded.ValueAtPercentile(100))
		if off := math.Abs(float64(got - want)); off > max(float64(Lowest), float64(want)/1000) || decoded.TotalCount() != 1 {
			t.Errorf("%v is decoded as %v", d, got)
		}
		if Take(h) != "" {
			t.Error("a histogram that was taken is not empty")
		}
	}
}

// TestAnOldRecordsLatencyIsRight decodes one that counts in microseconds, and merges it.
func TestAnOldRecordsLatencyIsRight(t *testing.T) {
	micros := hdrhistogram.New(1, 600_000_000, 3)
	for _, v := range []int64{66, 1_234, 600_000_000} {
		if err := micros.RecordValues(v, 10); err != nil {
			t.Fatal(err)
		}
	}
	h, err := Decode(Take(micros))
	if err != nil {
		t.Fatal(err)
	}
	sum := Sum()
	if dropped := sum.Merge(h); dropped > 0 || sum.TotalCount() != 30 {
		t.Errorf("%d counts dropped, %d kept", dropped, sum.TotalCount())
	}
	for percentile, want := range map[float64]time.Duration{30: 66_000, 60: 1_234_000, 100: Highest} {
		if got := time.Duration(sum.ValueAtPercentile(percentile)); math.Abs(float64(got-want)) > float64(want)/1000 {
			t.Errorf("percentile %v is %v, want %v", percentile, got, want)
		}
	}
}

func TestWhatCannotBeSummedUpIsNotDecoded(t *testing.T) {
	beyond, tooMany := hdrhistogram.New(1, 2*int64(Highest), Digits), New(Digits)
	if err := errors.Join(beyond.RecordValue(2*int64(Highest)), tooMany.RecordValues(int64(time.Second), math.MaxInt64)); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"beyond the range": Take(beyond), "too many": Take(tooMany), "no base64": "%"} {
		if h, err := Decode(text); err == nil {
			t.Errorf("%s: decoded as %d latencies up to %d, want an error", name, h.TotalCount(), h.Max())
		}
	}
}
