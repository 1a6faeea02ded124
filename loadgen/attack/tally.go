package attack

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/runlog"
)

// Histograms reach from a microsecond to ten minutes with three digits.
const (
	lowest      = 1
	highest     = int64(10 * time.Minute / time.Microsecond)
	significant = 3
)

// The most instances and error texts that a line distinguishes; the rest is other.
const (
	maxInstances = 64
	maxErrors    = 8
	other        = "other"
)

// outcome is what became of one request.
type outcome struct {
	instance                  []byte // "" if nobody answered, or did not say who
	failure                   string // "" if it was answered as expected
	ended                     time.Time
	fromSchedule, fromSending time.Duration
}

// tally counts the outcomes of one interval. Latencies are those of the requests that
// were answered as expected: a connection refused in a millisecond would make them look
// better, a time-out worse, and both are counted as failures. Histograms are reused from
// one interval to the next, so that a long soak does not allocate them anew. Its caller
// locks.
type tally struct {
	second    runlog.LoadSecond
	instances map[string]*instanceTally
}

type instanceTally struct {
	runlog.InstanceSecond
	fromSchedule, fromSending *hdrhistogram.Histogram
}

func newTally() *tally { return &tally{instances: map[string]*instanceTally{}} }

func (t *tally) add(o outcome) {
	t.second.LagMaxSeconds = max(t.second.LagMaxSeconds, (o.fromSchedule - o.fromSending).Seconds())
	i, ok := t.instances[string(o.instance)] // makes no string
	if !ok {
		i = t.instance(string(o.instance))
	}
	if o.failure != "" {
		t.second.Failed++
		i.Failed++
		if t.second.Errors == nil {
			t.second.Errors = map[string]int64{}
		}
		if _, known := t.second.Errors[o.failure]; !known && len(t.second.Errors) >= maxErrors {
			o.failure = other
		}
		t.second.Errors[o.failure]++
		return
	}
	t.second.Completed++
	i.Completed++
	record(i.fromSchedule, o.fromSchedule)
	record(i.fromSending, o.fromSending)
	if ended := o.ended.UTC(); i.First.IsZero() || ended.Before(i.First) {
		i.First = ended
	}
}

func (t *tally) instance(id string) *instanceTally {
	if i, ok := t.instances[id]; ok {
		return i
	}
	if len(t.instances) >= maxInstances && id != other {
		return t.instance(other)
	}
	i := &instanceTally{
		fromSchedule: hdrhistogram.New(lowest, highest, significant),
		fromSending:  hdrhistogram.New(lowest, highest, significant),
	}
	t.instances[id] = i
	return i
}

func record(h *hdrhistogram.Histogram, d time.Duration) {
	_ = h.RecordValue(min(max(d.Microseconds(), lowest), highest)) // in range, so it cannot fail
}

// take returns what was counted and begins anew.
func (t *tally) take() *runlog.LoadSecond {
	s := t.second
	t.second = runlog.LoadSecond{}
	for id, i := range t.instances {
		if i.Completed+i.Failed == 0 {
			delete(t.instances, id) // silent for a whole interval: it may be gone for good
			continue
		}
		if s.Instances == nil {
			s.Instances = map[string]*runlog.InstanceSecond{}
		}
		is := i.InstanceSecond
		is.FromSchedule, is.FromSending = encode(i.fromSchedule), encode(i.fromSending)
		s.Instances[id], i.InstanceSecond = &is, runlog.InstanceSecond{}
		i.fromSchedule.Reset()
		i.fromSending.Reset()
	}
	return &s
}

func encode(h *hdrhistogram.Histogram) string {
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		panic("attack: encode a histogram in memory: " + err.Error()) // impossible
	}
	return string(text)
}
