// Package threshold reads and judges what users require of a run, such as
// "p99 < 250ms", "errors < 0.1%" or "share(new) > 40%".
package threshold

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Unit is what a measure is counted in.
type Unit int

// The units. Values are in seconds, as fractions (0.1 % is 0.001), or plain numbers.
const (
	Duration Unit = iota + 1
	Fraction
	Number
)

// Measures are what can be required, by name, with their units. A name that ends in "()"
// takes an argument, or a phase: p99(search), p99(phase peak). One that ends in "(,)" takes
// both: share(new, phase hold).
type Measures map[string]Unit

// Threshold is a bound on a measure.
type Threshold struct {
	Measure  string // such as p99; of share(new): share
	Argument string // of share(new): new
	Phase    string // of p99(phase peak): peak; "" is the whole run
	Operator string // < <= > >=
	Bound    float64
	unit     Unit
	text     string
}

// String is the threshold as the user wrote it.
func (t Threshold) String() string { return t.text }

var form = regexp.MustCompile(`^\s*([a-z][a-z0-9_.]*)\s*(?:\(\s*([^()]+?)\s*\))?\s*(<=|>=|<|>)\s*(\S+)\s*$`)

// arguments are an argument, a phase, or both. A phase's name may have any character but parentheses.
var arguments = regexp.MustCompile(`^(.*?)(?:(?:^|\s*,\s*)phase\s+(.+))?$`)

// forms are how a measure's name ends that has an argument, and that has a phase.
var forms = map[bool]map[bool]string{false: {false: "", true: "()"}, true: {false: "()", true: "(,)"}}

// Parse reads a threshold on one of the measures.
func (m Measures) Parse(text string) (Threshold, error) {
	parts := form.FindStringSubmatch(text)
	if parts == nil {
		return Threshold{}, fmt.Errorf("%q is not a threshold; write a measure, one of < <= > >=, and a bound, as in %q", text, "p99 < 250ms")
	}
	t := Threshold{Measure: parts[1], Operator: parts[3], text: strings.TrimSpace(text)}
	of := arguments.FindStringSubmatch(parts[2])
	t.Argument, t.Phase = of[1], of[2]
	name := t.Measure + forms[t.Argument != ""][t.Phase != ""]
	unit, ok := m[name]
	if _, bare := m[t.Measure]; !ok || t.Argument == "" && !bare {
		return Threshold{}, fmt.Errorf("%q: there is no measure %s; there are %s", text, name,
			strings.NewReplacer("()", "(NAME)", "(,)", "(NAME, PHASE)").Replace(strings.Join(slices.Sorted(maps.Keys(m)), ", ")))
	}
	bound, err := unit.parse(parts[4])
	if err != nil {
		return Threshold{}, fmt.Errorf("%q: the bound %s %w", text, parts[4], err)
	}
	t.Bound, t.unit = bound, unit
	return t, nil
}

func (u Unit) parse(text string) (float64, error) {
	switch u {
	case Duration:
		d, err := time.ParseDuration(text)
		if err != nil || d < 0 {
			return 0, errors.New("is not a duration; write it with its unit, as in 250ms")
		}
		return d.Seconds(), nil
	case Fraction:
		percent, isPercent := strings.CutSuffix(text, "%")
		value, err := number(percent)
		if err != nil || !isPercent || value > 100 {
			return 0, errors.New("is not a percentage; write 0% to 100%")
		}
		return value / 100, nil
	case Number:
		value, err := number(strings.TrimSuffix(text, "/s"))
		if err != nil {
			return 0, errors.New("is not a number that is 0 or more")
		}
		return value, nil
	default:
		return 0, errors.New("has no unit")
	}
}

func number(text string) (float64, error) {
	value, err := strconv.ParseFloat(text, 64)
	if err == nil && (value < 0 || math.IsNaN(value) || math.IsInf(value, 0)) {
		err = strconv.ErrRange
	}
	return value, err
}

// Met tells whether a value keeps the threshold.
func (t Threshold) Met(value float64) bool {
	switch t.Operator {
	case "<":
		return value < t.Bound
	case "<=":
		return value <= t.Bound
	case ">":
		return value > t.Bound
	default:
		return value >= t.Bound
	}
}

// Show is a value of the threshold's measure, with its unit.
func (t Threshold) Show(value float64) string {
	switch t.unit {
	case Duration:
		return time.Duration(value * float64(time.Second)).Round(time.Microsecond).String()
	case Fraction:
		return strconv.FormatFloat(100*value, 'g', 4, 64) + " %"
	case Number:
	}
	return strconv.FormatFloat(value, 'g', 6, 64)
}
