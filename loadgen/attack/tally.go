package attack

import (
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/loadgen/latency"
	"secondwind/runlog"
)

// significantLag are the digits of the lag, which is no figure of the service.
const significantLag = 2

// The most instances that a line distinguishes, and causes of failure that an attack does; the
// rest is other.
const (
	maxInstances = 64
	maxCauses    = 24
	other        = runlog.OtherError
)

// outcome is what became of one request.
type outcome struct {
	instance                  []byte // "" if nobody answered, or did not say who
	kind                      int
	failure                   string // "" if it was answered as expected
	ended                     time.Time
	fromSchedule, fromSending time.Duration
	firstByte                 time.Duration // from when there was a connection
	lag                       time.Duration // from when it was due, and there was a slot, to when it was sent
	waited                    bool          // for a slot
}

// tally counts the outcomes of one interval. Latencies are those of the requests that
// were answered as expected: a connection refused in a millisecond would make them look
// better, a time-out worse, and both are counted as failures. Histograms are reused from
// one interval to the next, so that a long soak does not allocate them anew. Its caller
// locks add, example and the histograms of connections; take is for a tally that nobody adds to.
type tally struct {
	second    runlog.LoadSecond
	instances map[string]*instanceTally
	names     []string // of kinds; nil if there are not several
	kinds     []*group
	causes    map[string]bool // of failures, of the whole attack: shared with its other tallies

	connect, tls, firstByte, lag *hdrhistogram.Histogram
}

// group are the requests that have something in common.
type group struct {
	completed, failed         int64
	fromSchedule, fromSending *hdrhistogram.Histogram
}

type instanceTally struct {
	group
	first time.Time
}

func newTally(kinds []string, causes map[string]bool) *tally {
	t := &tally{
		instances: map[string]*instanceTally{}, causes: causes,
		connect: newHistogram(), tls: newHistogram(), firstByte: newHistogram(), lag: latency.New(significantLag),
	}
	if len(kinds) > 1 {
		t.names, t.kinds = kinds, make([]*group, len(kinds))
	}
	return t
}

func newHistogram() *hdrhistogram.Histogram { return latency.New(latency.Digits) }

func newGroup() group { return group{fromSchedule: newHistogram(), fromSending: newHistogram()} }

// add counts an outcome, and returns the cause of its failure if it is the first one of it.
func (t *tally) add(o outcome) (first string) {
	t.second.LagMaxSeconds = max(t.second.LagMaxSeconds, (o.fromSchedule - o.fromSending).Seconds())
	latency.Record(t.lag, o.lag)
	if o.waited {
		t.second.Waited++
	}
	i, ok := t.instances[string(o.instance)] // makes no string
	if !ok {
		i = t.instance(string(o.instance))
	}
	i.add(&o)
	if t.kinds != nil {
		if t.kinds[o.kind] == nil {
			g := newGroup()
			t.kinds[o.kind] = &g
		}
		t.kinds[o.kind].add(&o)
	}
	if o.failure != "" {
		return t.fail(o.failure)
	}
	t.second.Completed++
	latency.Record(t.firstByte, o.firstByte)
	if ended := o.ended.UTC(); i.first.IsZero() || ended.Before(i.first) {
		i.first = ended
	}
	return ""
}

func (t *tally) fail(cause string) (first string) {
	known := t.causes[cause]
	if !known && len(t.causes) >= maxCauses {
		cause = other
		known = t.causes[other]
	}
	if !known {
		t.causes[cause], first = true, cause
	}
	t.second.Failed++
	if t.second.Errors == nil {
		t.second.Errors = map[string]int64{}
	}
	t.second.Errors[cause]++
	return first
}

// example keeps an example of a cause.
func (t *tally) example(cause string, e runlog.FailureExample) {
	if t.second.Examples == nil {
		t.second.Examples = map[string]runlog.FailureExample{}
	}
	t.second.Examples[cause] = e
}

func (g *group) add(o *outcome) {
	if o.failure != "" {
		g.failed++
		return
	}
	g.completed++
	latency.Record(g.fromSchedule, o.fromSchedule)
	latency.Record(g.fromSending, o.fromSending)
}

// take returns what was counted and begins anew.
func (g *group) take() (r runlog.RequestSecond) {
	r = runlog.RequestSecond{
		Completed: g.completed, Failed: g.failed,
		FromSchedule: latency.Take(g.fromSchedule), FromSending: latency.Take(g.fromSending),
	}
	g.completed, g.failed = 0, 0
	return r
}

func (t *tally) instance(id string) *instanceTally {
	if i, ok := t.instances[id]; ok {
		return i
	}
	if len(t.instances) >= maxInstances && id != other {
		return t.instance(other)
	}
	i := &instanceTally{group: newGroup()}
	t.instances[id] = i
	return i
}

// take returns what was counted and begins anew. lagP99 is the 99th percentile of the lag.
func (t *tally) take() (s *runlog.LoadSecond, lagP99 time.Duration) {
	lagP99 = time.Duration(t.lag.ValueAtQuantile(99))
	s, t.second = new(t.second), runlog.LoadSecond{}
	s.Connect, s.TLS, s.FirstByte, s.Lag = latency.Take(t.connect), latency.Take(t.tls), latency.Take(t.firstByte), latency.Take(t.lag)
	for id, i := range t.instances {
		if i.completed+i.failed == 0 {
			delete(t.instances, id) // silent for a whole interval: it may be gone for good
			continue
		}
		if s.Instances == nil {
			s.Instances = map[string]*runlog.InstanceSecond{}
		}
		r := i.group.take()
		s.Instances[id] = &runlog.InstanceSecond{
			Completed: r.Completed, Failed: r.Failed, First: i.first, FromSchedule: r.FromSchedule, FromSending: r.FromSending,
		}
		i.first = time.Time{}
	}
	for n, g := range t.kinds {
		if g == nil || g.completed+g.failed == 0 {
			continue
		}
		if s.Requests == nil {
			s.Requests = map[string]*runlog.RequestSecond{}
		}
		s.Requests[t.names[n]] = new(g.take())
	}
	return s, lagP99
}
