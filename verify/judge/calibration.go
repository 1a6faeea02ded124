package judge

import (
	"bytes"
	"math"
	"slices"
	"strconv"

	"secondwind/runlog"
)

// calibrated is that the calibration measured the run's own load: at two rates at least, with
// datapoints that lie on a line, which meets no load where the idle group stood. What another
// client adds does not depend on our rate, and lifts that line.
func (t *analysis) calibrated() Finding {
	f := t.declared("premise.calibration", "P12: calibration",
		"datapoints at two rates or more on a line that meets no load at the idle of the baseline, within %s", t.amount(t.h.Threshold/10))
	c := t.load.calibration
	switch {
	case t.r.Hypothesis == nil:
		return f
	case t.began.IsZero():
		return f.notJudged(beforeLoadStep)
	case t.h.Version < 3:
		return f.notJudged("this record was made before calibrations were fitted without their idle")
	case c == nil:
		return f.open("load.jsonl has no calibration")
	}
	low, high := rates(c.Points)
	if len(c.Points) < 3 || !(high >= leastApart*low) {
		return f.open("%s, of %s to %s requests/s: too few, or too near to each other, to tell what does not depend on the rate",
			runlog.Count(len(c.Points), "datapoint"), number(round(low)), number(round(high)))
	}
	if idle := t.idleOfBaseline(); !(math.Abs(idle-c.IdleCPUPercent) <= background*t.h.Threshold) {
		return f.broken("it took %s for idle, the baseline has %s", t.amount(c.IdleCPUPercent), t.amount(idle))
	}
	return t.fitted(f, c)
}

// leastApart is the least quotient of the highest and the lowest rate of a calibration.
const leastApart = 1.25

// scattered is the mean distance of the points from their line, as a share of the highest, above
// which they show no line.
const scattered = 0.15

// fitted holds the points against the line of least absolute deviations through them.
func (t *analysis) fitted(f Finding, c *runlog.Calibration) Finding {
	intercept, slope, off := leastDeviations(c.Points)
	highest := 0.0
	for _, p := range c.Points {
		highest = max(highest, p.CPUPercent)
	}
	if off > scattered*highest+background*t.h.Threshold {
		return f.open("its datapoints lie %s from a line on average", t.amount(off))
	}
	within := t.h.Threshold/10 + 2*off*lever(c.Points)
	switch apart := intercept - c.IdleCPUPercent; {
	case math.Abs(apart) > within:
		return f.broken("without any load of the run's the line stands at %s, the idle group at %s: %s does not depend on the run's rate",
			t.amount(intercept), t.amount(c.IdleCPUPercent), t.amount(apart))
	case !(slope > 0):
		return f.broken("the metric does not rise with the rate")
	}
	return f.held("%s; the line meets no load at %s, the idle group stood at %s", runlog.Count(len(c.Points), "datapoint"),
		t.amount(intercept), t.amount(c.IdleCPUPercent))
}

// idleOfBaseline is the mean of the metric in the baseline; not a number where it has no
// datapoint, but for requests: no datapoint is none.
func (t *analysis) idleOfBaseline() float64 {
	from, to, ok := t.baselineWindow()
	points := t.cloud.Metric.Ending(runlog.GroupSeries, from, to)
	switch {
	case ok && len(points) > 0:
		return mean(points)
	case ok && t.h.Metric.CountsRequests():
		return 0
	}
	return math.NaN()
}

// rates are the lowest and the highest of the points.
func rates(points []runlog.CalibrationPoint) (low, high float64) {
	low = math.Inf(1)
	for _, p := range points {
		low, high = math.Min(low, p.Rate), math.Max(high, p.Rate)
	}
	return low, high
}

// mostPoints bounds the work of leastDeviations, which looks at every pair.
const mostPoints = 60

// leastDeviations is the line with the least sum of absolute deviations from the points, and
// their mean: one of those lines goes through two of the points. The experiment fits by other
// means. Source: P. Bloomfield, W. L. Steiger, "Least Absolute Deviations", 1983.
func leastDeviations(points []runlog.CalibrationPoint) (intercept, slope, deviation float64) {
	points = points[max(0, len(points)-mostPoints):]
	deviation = math.Inf(1)
	for i, p := range points {
		for _, q := range points[:i] {
			b := (p.CPUPercent - q.CPUPercent) / (p.Rate - q.Rate)
			a := p.CPUPercent - b*p.Rate
			var sum float64
			for _, r := range points {
				sum += math.Abs(r.CPUPercent-a-b*r.Rate) / float64(len(points))
			}
			if sum < deviation {
				intercept, slope, deviation = a, b, sum
			}
		}
	}
	return intercept, slope, deviation
}

// lever is how far a deviation of the points lifts their line at no load.
func lever(points []runlog.CalibrationPoint) float64 {
	var mean, squares float64
	n := float64(len(points))
	for _, p := range points {
		mean += p.Rate / n
	}
	for _, p := range points {
		squares += (p.Rate - mean) * (p.Rate - mean)
	}
	return math.Sqrt(1/n + mean*mean/squares)
}

// asScenario is that the run's scenario, whose copy is in the record, says what the hypothesis
// declares and the load did.
func (t *analysis) asScenario() Finding {
	f := t.declared("premise.scenario", "P11: scenario", "scenario.yaml says what the hypothesis declares")
	switch {
	case t.r.Hypothesis == nil:
		return f
	case t.h.Version < 3:
		return f.notJudged("this record was made before scenarios were compared")
	case t.r.Scenario == nil:
		return f.open("the record has no %s", runlog.ScenarioFile)
	}
	says := func(key string) float64 { return setting(t.r.Scenario, key) }
	band := 1 + (says("load.band")-1)*(t.h.MostBand()-1)
	if cpu := says("load.cpu_percent"); cpu > 0 {
		band = cpu / t.h.Threshold
	}
	control := says("calibration.cpu_percent")
	if t.h.Metric.CountsRequests() { // the scenario's percentages are of CPU
		control, band = t.h.ControlCPUPercent, 1+(says("load.band")-1)*(t.h.MostBand()-1)
	}
	for _, s := range []struct {
		key              string
		scenario, actual float64
	}{
		{"load.band or load.cpu_percent", band, t.h.Band},
		{"calibration.cpu_percent", control, t.h.ControlCPUPercent},
		{"judge.min_achieved", says("judge.min_achieved"), t.h.MinAchieved},
		{"load.rate", says("load.rate"), t.fixedRate(says("load.rate"))},
		{"identity.target", says("identity.target"), map[bool]float64{false: 1}[t.h.Identity.ByAnswer()]},
	} {
		if !sameValue(s.scenario, s.actual) {
			return f.broken("by %s it would be %s, and it is %s", s.key, number(s.scenario), number(s.actual))
		}
	}
	return f.held("as expected")
}

// fixedRate is the rate of the load where the scenario fixes one; 0 if it does not.
func (t *analysis) fixedRate(fixed float64) float64 {
	if fixed == 0 || t.began.IsZero() {
		return fixed
	}
	return t.load.phases[runlog.PhaseLoad].rate
}

// setting is a number of a scenario in the form in which the program writes it: a section, and
// below it a key, indented; 1 of true. 0 if it is not there.
func setting(scenario []byte, key string) float64 {
	section, name, _ := bytes.Cut([]byte(key), []byte("."))
	within := false
	for _, line := range bytes.Split(scenario, []byte("\n")) {
		if len(line) > 0 && line[0] != ' ' {
			within = bytes.Equal(bytes.TrimRight(line, " \r"), append(slices.Clone(section), ':'))
			continue
		}
		if is, value, ok := bytes.Cut(bytes.TrimSpace(line), []byte(":")); ok && within && bytes.Equal(is, name) {
			v, err := strconv.ParseFloat(string(bytes.TrimSpace(value)), 64)
			if err != nil && string(bytes.TrimSpace(value)) == "true" {
				return 1
			}
			return v
		}
	}
	return 0
}
