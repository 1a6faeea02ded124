package experiment

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"secondwind/runlog"
)

// keptSeconds bounds what Traffic remembers: more than a calibration reads, and half of it more
// than the control of an alarm with periods of 300 s takes.
const keptSeconds = 8 * 3600

// Traffic remembers what the load generator did lately, second by second, and
// which instances answered. The zero value is ready for use.
type Traffic struct {
	mu      sync.Mutex
	seconds []trafficSecond
	served  map[string]time.Time // first answer, by instance
	total   runlog.LoadSecond
	last    runlog.LoadSecond
	answers Answers
	failed  map[string]string // the first failure of each cause in full
}

// Answers is what came of requests.
type Answers struct {
	Completed, Failed int64
	Names             []string  // of those that completed: what named the instance, "" of an answer that did not; sorted
	LastCompleted     time.Time // end of the last interval in which one did; zero: none did
	FailedSince       int64     // how many failed after that
	Failure           string    // the last cause of which they did, in full
}

type trafficSecond struct {
	from, to time.Time
	done     int64
}

// Add takes in a line of the load generator's; others than seconds say nothing.
func (t *Traffic) Add(line runlog.LoadLine) {
	s := line.Second
	if s == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	length := runlog.Seconds(s.IntervalSeconds)
	t.seconds = append(t.seconds, trafficSecond{line.Time.Add(-length), line.Time, s.Completed + s.Failed})
	if len(t.seconds) > keptSeconds {
		t.seconds = append(t.seconds[:0:0], t.seconds[len(t.seconds)-keptSeconds/2:]...)
	}
	if t.served == nil {
		t.served = map[string]time.Time{}
	}
	for id, instance := range s.Instances {
		if _, known := t.served[id]; !known && instance.Completed > 0 {
			t.served[id] = instance.First
		}
	}
	t.total.Add(*s)
	t.last = *s
	t.note(line.Time, s)
}

// note notes what came of the requests of an interval.
func (t *Traffic) note(end time.Time, s *runlog.LoadSecond) {
	a := &t.answers
	a.FailedSince += s.Failed
	if s.Completed > 0 {
		a.LastCompleted, a.FailedSince = end, 0
	}
	for cause, example := range s.Examples {
		if t.failed == nil {
			t.failed = map[string]string{}
		}
		t.failed[cause] = fmt.Sprintf("%s (%s)", example.Error, example.Request)
	}
	most := int64(0)
	for _, cause := range slices.Sorted(maps.Keys(s.Errors)) {
		if n := s.Errors[cause]; n > most {
			most, a.Failure = n, cmp.Or(t.failed[cause], cause)
		}
	}
}

// Answers is what came of all requests so far.
func (t *Traffic) Answers() Answers {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.answers
	a.Completed, a.Failed, a.Names = t.total.Completed, t.total.Failed, slices.Sorted(maps.Keys(t.served))
	return a
}

// Rate is how many requests a second were answered between from and to; the
// seconds at the edges count by their share. It is 0 while to is not reached.
func (t *Traffic) Rate(from, to time.Time) float64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	var done float64
	if n := len(t.seconds); n == 0 || t.seconds[n-1].to.Before(to) {
		return 0 // what is still to be told belongs to it
	}
	for _, s := range t.seconds {
		begin, end := later(s.from, from), earlier(s.to, to)
		if overlap := end.Sub(begin); overlap > 0 {
			done += float64(s.done) * overlap.Seconds() / s.to.Sub(s.from).Seconds()
		}
	}
	return done / to.Sub(from).Seconds()
}

// Served returns when the instance first answered.
func (t *Traffic) Served(id string) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at, ok := t.served[id]
	return at, ok
}

// Last is the newest interval, and how many requests have failed in all.
func (t *Traffic) Last() (second runlog.LoadSecond, failed int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.last, t.total.Failed
}

// Total is the sum of all intervals, without the instances.
func (t *Traffic) Total() runlog.LoadSecond {
	t.mu.Lock()
	defer t.mu.Unlock()
	total := t.total
	total.Errors = maps.Clone(total.Errors)
	return total
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
