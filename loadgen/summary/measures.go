package summary

import (
	"slices"
	"strings"

	"secondwind/runlog"
	"secondwind/runlog/threshold"
)

// Measures are what can be required of a load, of one kind of its requests, p99(search), and of
// one of its phases, p99(phase peak).
// Latencies count from the schedule; cpu is the share of its cores that the generator used.
var Measures = threshold.Measures{
	"p50": threshold.Duration, "p90": threshold.Duration, "p95": threshold.Duration, "p99": threshold.Duration,
	"p99.9": threshold.Duration, "max": threshold.Duration, "errors": threshold.Fraction, "throughput": threshold.Number,
	"p50()": threshold.Duration, "p90()": threshold.Duration, "p95()": threshold.Duration, "p99()": threshold.Duration,
	"p99.9()": threshold.Duration, "max()": threshold.Duration, "errors()": threshold.Fraction, "throughput()": threshold.Number,
	"dropped": threshold.Fraction, "cpu": threshold.Fraction, "share()": threshold.Fraction,
}

// Of is what a threshold is on: the requests of one kind, or those of one phase; neither: all.
func Of(t threshold.Threshold) (kind string, phase runlog.Phase) {
	name, ofPhase := strings.CutPrefix(t.Argument, "phase ")
	switch {
	case t.Measure == "share":
		return "", ""
	case ofPhase:
		return "", runlog.Phase(strings.TrimSpace(name))
	}
	return t.Argument, ""
}

// of are the requests that a threshold is on; nil: there are none.
func (s *Summary) of(t threshold.Threshold) *Phase {
	all := &Phase{Seconds: s.Seconds, Request: Request{Completed: s.Completed, Failed: s.Failed, FromSchedule: s.FromSchedule}}
	switch kind, phase := Of(t); {
	case phase != "":
		i := slices.IndexFunc(s.phases, func(p *Phase) bool { return p.Name == phase })
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
	case "errors":
		return share(of.Failed, of.Completed+of.Failed)
	case "dropped":
		return share(s.Dropped, s.Offered)
	case "cpu":
		return s.CPU, s.usage.Usage().Intervals > 0
	case "share":
		return share(s.Instances[t.Argument], s.Completed)
	case "throughput":
		if of.Seconds <= 0 {
			return 0, false
		}
		return float64(of.Completed) / of.Seconds, true
	default:
		return of.FromSchedule.quantile(t.Measure), of.Completed > 0
	}
}

// Requirement is what became of a threshold.
type Requirement struct {
	Threshold string   `json:"threshold"`
	Met       bool     `json:"met"`
	Value     *float64 `json:"value"` // in seconds, as a fraction, or a number; null without data
	Measured  string   `json:"-"`     // the value as a person writes it, or that there is none
}

// Require judges a threshold; one without data is not met.
func (s *Summary) Require(t threshold.Threshold) Requirement {
	value, ok := s.Value(t)
	if !ok {
		return Requirement{Threshold: t.String(), Measured: "there are no data for it"}
	}
	return Requirement{t.String(), t.Met(value), &value, t.Show(value)}
}

func share(part, whole int64) (float64, bool) {
	if whole == 0 {
		return 0, false
	}
	return float64(part) / float64(whole), true
}
