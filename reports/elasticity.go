package reports

import (
	"cmp"
	"math"
	"slices"

	"secondwind/reports/figure"
	"secondwind/runlog"
)

// Step says that a value holds from At on, until the next step.
type Step struct {
	At    float64 // seconds
	Value float64 // instances
}

// Elasticity compares supply with demand over a fixed window. A nil number is
// undefined: the window is empty, or either side is unknown in a part of it.
//
// Sources: BUNGEE (accuracy, timeshare, jitter); Imdoukh et al. 2019
// (normalised accuracy). The window is fixed, not taken from the last event.
type Elasticity struct {
	Name          string // of the demand
	WindowSeconds float64
	AccuracyU     *float64 // (1/T)∫max(d−s,0)dt, instances short on average
	AccuracyO     *float64 // (1/T)∫max(s−d,0)dt, instances too many on average
	NormalisedU   *float64 // (100/T)∫max(d−s,0)/d dt, percent; where d = 0 nothing is short
	NormalisedO   *float64 // (100/T)∫max(s−d,0)/d dt, percent; undefined where d = 0 and s > 0
	TimeshareU    *float64 // share of the window with too few instances, percent
	TimeshareO    *float64 // share of the window with too many, percent
	Jitter        *float64 // (E_S − E_D)/T, instances changed more than demanded, per minute
}

// Measure compares the steps of supply with those of demand in [from, to).
func Measure(name string, demand, supply []Step, from, to float64) Elasticity {
	e := Elasticity{Name: name, WindowSeconds: max(to-from, 0)}
	if to <= from || !known(demand, from) || !known(supply, from) {
		return e
	}
	var short, excess, shortShare, excessShare, tooFew, tooMany float64
	edges := instants(demand, supply, from, to)
	for i := 1; i < len(edges); i++ {
		d, s, dt := valueAt(demand, edges[i-1]), valueAt(supply, edges[i-1]), edges[i]-edges[i-1]
		switch {
		case d > s:
			short, shortShare, tooFew = short+(d-s)*dt, shortShare+(d-s)/d*dt, tooFew+dt
		case s > d:
			excess, excessShare, tooMany = excess+(s-d)*dt, excessShare+(s-d)/d*dt, tooMany+dt
		}
	}
	t := e.WindowSeconds
	e.AccuracyU, e.AccuracyO = defined(short/t), defined(excess/t)
	e.NormalisedU, e.NormalisedO = defined(100*shortShare/t), defined(100*excessShare/t)
	e.TimeshareU, e.TimeshareO = defined(100*tooFew/t), defined(100*tooMany/t)
	e.Jitter = defined((changes(supply, from, to) - changes(demand, from, to)) / (t / 60))
	return e
}

// defined returns nil for what a division by zero left.
func defined(v float64) *float64 {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return nil
	}
	return &v
}

// known reports whether the steps give a value at that time.
func known(steps []Step, at float64) bool { return len(steps) > 0 && steps[0].At <= at }

// valueAt is the value that holds at that time, which must be known.
func valueAt(steps []Step, at float64) float64 {
	i, found := slices.BinarySearchFunc(steps, at, func(s Step, at float64) int { return cmp.Compare(s.At, at) })
	if !found {
		return steps[i-1].Value
	}
	// Of several steps at the same time the last one holds.
	for i+1 < len(steps) && steps[i+1].At == at {
		i++
	}
	return steps[i].Value
}

// instants returns from, to and every step between them, ascending.
func instants(demand, supply []Step, from, to float64) []float64 {
	edges := []float64{from, to}
	for _, s := range slices.Concat(demand, supply) {
		if s.At > from && s.At < to {
			edges = append(edges, s.At)
		}
	}
	slices.Sort(edges)
	return slices.Compact(edges)
}

// changes counts the instances by which the steps change inside the window.
func changes(steps []Step, from, to float64) float64 {
	value, sum := valueAt(steps, from), 0.0
	for _, s := range steps {
		if s.At > from && s.At < to {
			sum += math.Abs(s.Value - value)
			value = s.Value
		}
	}
	return sum
}

// measureElasticity compares the InService instances with the demand of the
// policy, ⌈b·λ/(θ − U₀)⌉ and never below the group's minimum: as it is, and
// clamped to the group's maximum, since clamping hides what nobody could serve.
// The window reaches from the load step to the end of the record. Without a
// calibration there is no demand, and the result is empty.
func measureElasticity(h *runlog.Hypothesis, load []runlog.LoadLine, r figure.Run) []Elasticity {
	c := calibration(load)
	step := slices.IndexFunc(r.Phases, func(p figure.Span) bool { return p.Name == string(runlog.PhaseLoad) })
	if h == nil || c == nil || c.CPUPercentPerRate <= 0 || h.Threshold <= c.IdleCPUPercent || step < 0 {
		return nil
	}
	from := r.Phases[step].From
	raw := policyDemand(*h, *c, r.Offered.Points)
	clamped := make([]Step, len(raw))
	for i, s := range raw {
		clamped[i] = Step{At: s.At, Value: math.Min(s.Value, float64(h.MaxSize))}
	}
	supply := make([]Step, len(r.InService.Points))
	for i, p := range r.InService.Points {
		supply[i] = Step{At: p.X, Value: p.Y}
	}
	return []Elasticity{
		Measure("demand of the policy", raw, supply, from, r.End),
		Measure("the same, at most the group's maximum", clamped, supply, from, r.End),
	}
}

// calibration returns the record's last calibration, nil if there is none.
func calibration(load []runlog.LoadLine) *runlog.Calibration {
	for _, l := range slices.Backward(load) {
		if l.Calibration != nil {
			return l.Calibration
		}
	}
	return nil
}

// policyDemand returns how many instances keep CPU at the threshold under each
// offered rate. A rate is offered from the middle between it and the one before.
func policyDemand(h runlog.Hypothesis, c runlog.Calibration, offered []figure.Point) []Step {
	var steps []Step
	for i, p := range offered {
		at := p.X
		if i > 0 && !p.Gap {
			at = (offered[i-1].X + p.X) / 2
		}
		need := math.Ceil(c.CPUPercentPerRate*p.Y/(h.Threshold-c.IdleCPUPercent) - 1e-9)
		need = math.Max(need, float64(h.From()))
		if n := len(steps); n == 0 || steps[n-1].Value != need {
			steps = append(steps, Step{At: at, Value: need})
		}
	}
	return steps
}
