// Package summary sums a load's lines up: what became of the requests, how long they
// took, who answered, whether the generator was the limit, and whether that is what the
// user requires.
package summary

import (
	"cmp"
	"errors"
	"fmt"
	"time"

	"secondwind/loadgen/generator"
	"secondwind/runlog"
)

// Summary is a load as a whole. Its zero value is one that sent nothing.
type Summary struct {
	Seconds float64 `json:"seconds"` // that the lines cover
	runlog.Counts
	Throughput   float64 `json:"throughput"` // completed a second
	FromSchedule Latency `json:"fromSchedule"`
	FromSending  Latency `json:"fromSending"`
	// Examples has the first failure of each cause.
	Examples map[string]runlog.FailureExample `json:"examples,omitempty"`
	// Instances are the completed requests, by who answered; "" is who did not say. The 257th
	// instance and all after it count as "other".
	Instances map[string]int64 `json:"instances,omitempty"`
	// Requests are by their kind; nil if there was one kind only.
	Requests map[string]*Request `json:"requests,omitempty"`
	// Phases are in the order of time; nil if there was one only. A request counts in the phase
	// in which it ended, and is offered in that in which it was due.
	Phases []*Phase `json:"phases,omitempty"`
	// Kind is the name of that one kind, for thresholds that name it; the caller's to set.
	Kind string `json:"-"`
	// Groups are instances under a name that thresholds may use: share(new); the caller's to set.
	Groups map[string][]string `json:"-"`
	// SecondInstance is the time to the second instance in seconds, of a proof; the caller's to set.
	SecondInstance *float64 `json:"-"`

	Lag       Latency          `json:"lag,omitzero"`       // from when requests were due, and had a slot, to when they were sent
	Connect   Latency          `json:"connect,omitzero"`   // of the connections that were opened
	TLS       Latency          `json:"tls,omitzero"`       // of their handshakes
	FirstByte Latency          `json:"firstByte,omitzero"` // of completed requests, from when there was a connection
	Opened    map[string]int64 `json:"opened,omitempty"`   // connections, by the address of the server
	Reused    int64            `json:"reused"`             // requests that needed no new connection
	CPU       float64          `json:"generatorCpu"`       // share of the generator's cores, 0 to 1; 0 if it is not known
	Gaps      []Gap            `json:"gaps,omitempty"`     // in the order of time
	// ServiceCPU is what was seen of the service's CPU; nil if nobody looked.
	ServiceCPU *ServiceCPU `json:"serviceCpu,omitempty"`
	// Generator is whether the generator was the limit.
	Generator generator.Judgement `json:"generator"`

	phases                       []*Phase // as Phases, also if there is one
	latencies                    latencies
	lag, connect, tls, firstByte histogram
	usage                        generator.Total
	slots, slotsNeeded           int
	intervals, limited           int
	firstLimit                   string
}

// Request is what became of the requests of one kind.
type Request struct {
	Completed    int64   `json:"completed"`
	Failed       int64   `json:"failed"`
	FromSchedule Latency `json:"fromSchedule"`
	FromSending  Latency `json:"fromSending"`

	latencies latencies
}

func (r *Request) quantiles() {
	r.FromSchedule, r.FromSending = r.latencies.schedule.quantiles(), r.latencies.sending.quantiles()
}

// latencies are what percentiles are taken from.
type latencies struct{ schedule, sending histogram }

func (l *latencies) add(fromSchedule, fromSending string) error {
	return errors.Join(l.schedule.add(fromSchedule), l.sending.add(fromSending))
}

// Add adds a line's interval.
func (s *Summary) Add(l *runlog.LoadSecond) error {
	s.Seconds += l.IntervalSeconds
	s.Counts.Add(l.Counts)
	for cause, example := range l.Examples {
		if s.Examples == nil {
			s.Examples = map[string]runlog.FailureExample{}
		}
		if _, known := s.Examples[cause]; !known {
			s.Examples[cause] = example
		}
	}
	p := s.phase(l)
	for id, i := range l.Instances {
		one := map[string]int64{s.instance(id): i.Completed}
		s.Instances, p.instances = runlog.Added(s.Instances, one), runlog.Added(p.instances, one)
		if err := errors.Join(s.latencies.add(i.FromSchedule, i.FromSending), p.latencies.add(i.FromSchedule, i.FromSending)); err != nil {
			return fmt.Errorf("latencies of instance %q: %w", id, err)
		}
	}
	p.quantiles()
	s.FromSchedule, s.FromSending = s.latencies.schedule.quantiles(), s.latencies.sending.quantiles()
	if s.Seconds > 0 {
		s.Throughput = float64(s.Completed) / s.Seconds
	}
	if err := errors.Join(s.addRequests(l), s.addConnections(l)); err != nil {
		return err
	}
	s.addServiceCPU(l)
	s.judge(l)
	return nil
}

// maxInstances bounds the memory that a service takes whose instances never come back, or which
// gives every answer an id of its own.
const maxInstances = 256

func (s *Summary) instance(id string) string {
	if _, known := s.Instances[id]; !known && len(s.Instances) >= maxInstances {
		return runlog.OtherError
	}
	return id
}

func (s *Summary) addRequests(l *runlog.LoadSecond) error {
	for kind, second := range l.Requests {
		if s.Requests == nil {
			s.Requests = map[string]*Request{}
		}
		r := s.Requests[kind]
		if r == nil {
			r = new(Request)
			s.Requests[kind] = r
		}
		r.Completed += second.Completed
		r.Failed += second.Failed
		if err := r.latencies.add(second.FromSchedule, second.FromSending); err != nil {
			return fmt.Errorf("latencies of requests %q: %w", kind, err)
		}
		r.quantiles()
	}
	return nil
}

func (s *Summary) addConnections(l *runlog.LoadSecond) error {
	s.Opened = runlog.Added(s.Opened, l.Opened)
	s.Reused += l.Reused
	for _, h := range []struct {
		name, text string
		into       *histogram
		are        *Latency
	}{
		{"lag", l.Lag, &s.lag, &s.Lag}, {"connect", l.Connect, &s.connect, &s.Connect}, {"tls", l.TLS, &s.tls, &s.TLS},
		{"firstByte", l.FirstByte, &s.firstByte, &s.FirstByte},
	} {
		if err := h.into.add(h.text); err != nil {
			return fmt.Errorf("%s: %w", h.name, err)
		}
		*h.are = h.into.quantiles()
	}
	return nil
}

// judge judges the generator anew. A record that says nothing of it leaves it valid, unless
// what it does say shows that it was not.
func (s *Summary) judge(l *runlog.LoadSecond) {
	s.intervals++
	if g := l.Generator; g != nil {
		if g.Limit != "" {
			s.limited++
			s.firstLimit = cmp.Or(s.firstLimit, g.Limit)
		}
		s.slots, s.slotsNeeded = max(s.slots, g.Slots), max(s.slotsNeeded, g.SlotsNeeded)
		if g.Procs > 0 {
			length := time.Duration(l.IntervalSeconds * float64(time.Second))
			s.usage.Add(generator.Interval(g.CPU, g.Procs, g.Files, g.FileLimit), length)
		}
	}
	s.CPU = s.usage.Usage().CPU
	s.Generator = generator.Judge(generator.Counters{
		Due: s.Offered, Dropped: s.Dropped, Waited: s.Waited, Starved: s.Starved, LagP99: time.Duration(s.Lag.P99 * float64(time.Second)),
		NoFile: s.Errors[runlog.NoFileError], NoPort: s.Errors[runlog.NoPortError],
		Usage: s.usage.Usage(), Slots: s.slots, SlotsNeeded: s.slotsNeeded,
	})
	if s.limited > 0 {
		s.Generator.Limited = fmt.Sprintf("in %d of %s, the first time: %s", s.limited, runlog.Count(s.intervals, "interval"), s.firstLimit)
	}
}
