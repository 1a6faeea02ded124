package attack

import (
	"sync"
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
// better, a time-out worse, and both are counted as failures. Histograms are reused from one interval to the next, so that a
// long soak does not allocate them anew.
type tally struct {
	mu        sync.Mutex
	instances map[string]*instanceTally
	errors    map[string]int64
	lag       time.Duration
	completed int64
	failed    int64
}

type instanceTally struct {
	completed, failed         int64
	first                     time.Time
	fromSchedule, fromSending *hdrhistogram.Histogram
}

func newTally() *tally {
	return &tally{instances: map[string]*instanceTally{}, errors: map[string]int64{}}
}

func (t *tally) add(o outcome) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.lag = max(t.lag, o.fromSchedule-o.fromSending)
	i, ok := t.instances[string(o.instance)] // makes no string
	if !ok {
		i = t.instance(string(o.instance))
	}
	if o.failure != "" {
		t.failed++
		i.failed++
		if _, known := t.errors[o.failure]; !known && len(t.errors) >= maxErrors {
			o.failure = other
		}
		t.errors[o.failure]++
		return
	}
	t.completed++
	i.completed++
	record(i.fromSchedule, o.fromSchedule)
	record(i.fromSending, o.fromSending)
	if i.first.IsZero() || o.ended.Before(i.first) {
		i.first = o.ended
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
	t.mu.Lock()
	defer t.mu.Unlock()
	s := &runlog.LoadSecond{Completed: t.completed, Failed: t.failed, LagMaxSeconds: t.lag.Seconds()}
	for id, i := range t.instances {
		if i.completed+i.failed == 0 {
			delete(t.instances, id) // silent for a whole interval: it may be gone for good
			continue
		}
		if s.Instances == nil {
			s.Instances = map[string]*runlog.InstanceSecond{}
		}
		s.Instances[id] = i.take()
	}
	if len(t.errors) > 0 {
		s.Errors = t.errors
		t.errors = map[string]int64{}
	}
	t.completed, t.failed, t.lag = 0, 0, 0
	return s
}

func (i *instanceTally) take() *runlog.InstanceSecond {
	s := &runlog.InstanceSecond{
		Completed: i.completed, Failed: i.failed, First: i.first.UTC(),
		FromSchedule: encode(i.fromSchedule), FromSending: encode(i.fromSending),
	}
	if i.first.IsZero() {
		s.First = time.Time{}
	}
	i.completed, i.failed, i.first = 0, 0, time.Time{}
	i.fromSchedule.Reset()
	i.fromSending.Reset()
	return s
}

func encode(h *hdrhistogram.Histogram) string {
	text, err := h.Encode(hdrhistogram.V2CompressedEncodingCookieBase)
	if err != nil {
		panic("attack: encode a histogram in memory: " + err.Error()) // impossible
	}
	return string(text)
}
