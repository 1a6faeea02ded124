package summary

import (
	"maps"
	"slices"

	"secondwind/runlog"
	"secondwind/runlog/threshold"
)

// Measures are what can be required of a load, of one kind of its requests, p99(search), and of
// one of its phases, p99(phase peak).
// Latencies count from the schedule; cpu is the share of its cores that the generator used, and
// share(id) what an instance completed of the requests.
var Measures = threshold.Measures{
	"p50": threshold.Duration, "p90": threshold.Duration, "p95": threshold.Duration, "p99": threshold.Duration,
	"p99.9": threshold.Duration, "max": threshold.Duration, "errors": threshold.Fraction, "throughput": threshold.Number,
	"p50()": threshold.Duration, "p90()": threshold.Duration, "p95()": threshold.Duration, "p99()": threshold.Duration,
	"p99.9()": threshold.Duration, "max()": threshold.Duration, "errors()": threshold.Fraction, "throughput()": threshold.Number,
	"dropped": threshold.Fraction, "cpu": threshold.Fraction, "share()": threshold.Fraction, "share(,)": threshold.Fraction,
}

// TimeToSecondInstance is a measure of a proof: the time from the load step to the first answer of
// a new instance.
const TimeToSecondInstance = "time_to_second_instance"

// ProofMeasures are what can be required of a proof: as of a load, but for the generator's CPU, and
// the time to the second instance.
var ProofMeasures = proofMeasures()

func proofMeasures() threshold.Measures {
	m := maps.Clone(Measures)
	delete(m, "cpu")
	m[TimeToSecondInstance] = threshold.Duration
	return m
}

// Kind is the kind of requests that a threshold is on; "" is all.
func Kind(t threshold.Threshold) string {
	if t.Measure == "share" {
		return ""
	}
	return t.Argument
}

// of are the requests that a threshold is on; nil: there are none.
func (s *Summary) of(t threshold.Threshold) *Phase {
	all := &Phase{
		Seconds: s.Seconds, instances: s.Instances,
		Request: Request{Completed: s.Completed, Failed: s.Failed, FromSchedule: s.FromSchedule},
	}
	switch kind := Kind(t); {
	case t.Phase != "":
		i := slices.IndexFunc(s.phases, func(p *Phase) bool { return p.Name == runlog.Phase(t.Phase) })
		if i < 0 {
			return nil
		}
		return s.phases[i]
	case kind != "" && (s.Requests != nil || kind != s.Kind):
		if s.Requests[kind] == nil {
			return nil
		}
		all.Request = *s.Requests[kind]
	}
	return all
}

// Value is a measure's value; ok is false where there are no data for it.
func (s *Summary) Value(t threshold.Threshold) (value float64, ok bool) {
	of := s.of(t)
	if of == nil {
		return 0, false
	}
	switch t.Measure {
	case TimeToSecondInstance:
		if s.SecondInstance == nil {
			return 0, false
		}
		return *s.SecondInstance, true
	case "errors":
		return share(of.Failed, of.Completed+of.Failed)
	case "dropped":
		return share(s.Dropped, s.Offered)
	case "cpu":
		return s.CPU, s.usage.Usage().Intervals > 0
	case "share":
		return share(s.completedBy(of, t.Argument), of.Completed)
	case "throughput":
		if of.Seconds <= 0 {
			return 0, false
		}
		return float64(of.Completed) / of.Seconds, true
	default:
		return of.FromSchedule.quantile(t.Measure), of.Completed > 0
	}
}

// completedBy counts what an instance, or a group of them, completed of a phase's requests.
func (s *Summary) completedBy(of *Phase, name string) (n int64) {
	for _, id := range s.Groups[name] {
		n += of.instances[id]
	}
	return n + of.instances[name]
}

// Requirement is what became of a threshold.
type Requirement struct {
	Threshold string   `json:"threshold"`
	Met       bool     `json:"met"`
	Value     *float64 `json:"value"` // in seconds, as a fraction, or a number; null without data
	Shown     string   `json:"-"`     // the value with its unit, or why there is none
}

// Symbol is ✓ of a threshold that is met, ✗ of one that is not, and ? without data.
func (r Requirement) Symbol() string {
	switch {
	case r.Met:
		return "✓"
	case r.Value == nil:
		return "?"
	}
	return "✗"
}

// String is the threshold and what was measured.
func (r Requirement) String() string {
	if r.Value == nil {
		return r.Threshold + ": " + r.Shown
	}
	return r.Threshold + ": it is " + r.Shown
}

// Judge holds a value against a threshold; ok is false without data, with which it is not met.
func Judge(t threshold.Threshold, value float64, ok bool) Requirement {
	if !ok {
		return Requirement{Threshold: t.String(), Shown: "there are no data for it"}
	}
	return Requirement{t.String(), t.Met(value), &value, t.Show(value)}
}

func share(part, whole int64) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}
