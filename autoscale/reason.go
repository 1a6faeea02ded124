package autoscale

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The texts below are CloudWatch's, to the letter: people and programs, the
// judge of this project among them, read them.
const (
	initialReason = "Unchecked: Initial alarm creation"
	reasonTime    = "02/01/06 15:04:05"            // dd/mm/yy
	dataTime      = "2006-01-02T15:04:05.000-0700" // of StateReasonData
	listedPoints  = 5                              // a reason names no more
)

// reason is the StateReason of an evaluation.
func (a Alarm) reason(e evaluation) string {
	if e.state == StateInsufficientData {
		return fmt.Sprintf("Insufficient Data: %s unknown.", counted(a.EvaluationPeriods, "datapoint"))
	}
	crossed := a.decisive(e)
	text := "Threshold Crossed: " + strings.Join(slices.DeleteFunc(
		[]string{a.crossedText(e.state, crossed), a.filledText(e, len(crossed) == 0)},
		func(s string) bool { return s == "" }), " and ")
	if len(crossed) > listedPoints {
		text += ". The most recent datapoints which crossed the threshold: " + list(crossed)
	}
	return text + a.minimumText(e.state) + "."
}

// decisive returns the points on the side of the threshold that the state is
// about, newest first.
func (a Alarm) decisive(e evaluation) []point {
	crossed := slices.DeleteFunc(slices.Clone(e.points), func(p point) bool {
		return a.breaches(p.value) != (e.state == StateAlarm)
	})
	slices.Reverse(crossed)
	return crossed
}

func (a Alarm) crossedText(state State, crossed []point) string {
	if len(crossed) == 0 {
		return ""
	}
	subject := plural(len(crossed), "datapoint")
	if a.DatapointsToAlarm > 0 {
		subject = fmt.Sprintf("%d out of the last %d datapoints", len(crossed), a.EvaluationPeriods)
	}
	if len(crossed) <= listedPoints {
		subject += " " + list(crossed)
	}
	verb := wasWere(len(crossed))
	if state == StateOK {
		verb += " not"
	}
	_, crossing := a.compare(0)
	return fmt.Sprintf("%s %s %s the threshold (%s)", subject, verb, crossing, double(a.Threshold))
}

// filledText tells of missing points that were counted for the state.
func (a Alarm) filledText(e evaluation, alone bool) string {
	treated := map[State]string{StateAlarm: "Breaching", StateOK: "NonBreaching"}[e.state]
	counts := a.TreatMissingData == TreatBreaching && e.state == StateAlarm ||
		a.TreatMissingData == TreatNotBreaching && e.state == StateOK
	if e.filled == 0 || !counts {
		return ""
	}
	text := fmt.Sprintf("%s treated as [%s]", counted(e.filled, "missing datapoint"), treated)
	if alone {
		return fmt.Sprintf("no datapoints were received for %s and %s", plural(e.filled, "period"), text)
	}
	return text
}

// minimumText is given only where DatapointsToAlarm was set.
func (a Alarm) minimumText(state State) string {
	if a.DatapointsToAlarm == 0 {
		return ""
	}
	if state == StateAlarm {
		return fmt.Sprintf(" (minimum %s for OK -> ALARM transition)", plural(a.DatapointsToAlarm, "datapoint"))
	}
	n := a.EvaluationPeriods - a.DatapointsToAlarm + 1
	return fmt.Sprintf(" (minimum %s for ALARM -> OK transition)", plural(n, "datapoint"))
}

func list(points []point) string {
	var texts []string
	for _, p := range points[:min(len(points), listedPoints)] {
		texts = append(texts, fmt.Sprintf("%s (%s)", double(p.value).String(), p.start.UTC().Format(reasonTime)))
	}
	return "[" + strings.Join(texts, ", ") + "]"
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func wasWere(n int) string {
	if n == 1 {
		return "was"
	}
	return "were"
}

// counted is "1 datapoint was", "2 datapoints were".
func counted(n int, noun string) string { return plural(n, noun) + " " + wasWere(n) }

// double writes a number as Java's Double.toString does, and so CloudWatch:
// 20.0, 99.83333333333333, 1.0E7.
type double float64

// String returns the number in decimal, or from 1e7 and below 1e-3 with an exponent.
func (d double) String() string {
	v := float64(d)
	abs := max(v, -v)
	if v == 0 || abs >= 1e-3 && abs < 1e7 {
		s := strconv.FormatFloat(v, 'f', -1, 64)
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return s
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(v, 'e', -1, 64), "e")
	if !strings.Contains(mantissa, ".") {
		mantissa += ".0"
	}
	n, _ := strconv.Atoi(exponent) // FormatFloat wrote it
	return fmt.Sprintf("%sE%d", mantissa, n)
}

// MarshalJSON writes the number as String does, which is a JSON number.
func (d double) MarshalJSON() ([]byte, error) { return []byte(d.String()), nil }

// reasonData is StateReasonData, in the order that CloudWatch writes it.
type reasonData struct {
	Version             string           `json:"version"`
	QueryDate           string           `json:"queryDate"`
	StartDate           string           `json:"startDate,omitempty"`
	Unit                string           `json:"unit,omitempty"`
	Statistic           Statistic        `json:"statistic"`
	Period              int              `json:"period"`
	RecentDatapoints    []double         `json:"recentDatapoints"` // oldest first
	Threshold           double           `json:"threshold"`
	EvaluatedDatapoints []evaluatedPoint `json:"evaluatedDatapoints,omitempty"` // newest first
}

type evaluatedPoint struct {
	Timestamp   string  `json:"timestamp"`
	SampleCount *double `json:"sampleCount,omitempty"`
	Value       *double `json:"value,omitempty"`
}

// reasonData is the StateReasonData of an evaluation at now.
func (a Alarm) reasonData(now time.Time, e evaluation) string {
	d := reasonData{
		Version:          "1.0",
		QueryDate:        now.UTC().Format(dataTime),
		Unit:             a.Unit,
		Statistic:        a.Statistic,
		Period:           int(a.Period / time.Second),
		RecentDatapoints: []double{},
		Threshold:        double(a.Threshold),
	}
	for _, p := range e.points {
		d.RecentDatapoints = append(d.RecentDatapoints, double(p.value))
	}
	if len(e.points) > 0 {
		d.StartDate = e.points[0].start.UTC().Format(dataTime)
	}
	for _, p := range slices.Backward(e.window) {
		one := evaluatedPoint{Timestamp: p.start.UTC().Format(dataTime)}
		if p.present {
			count, value := double(p.samples), double(p.value)
			one.SampleCount, one.Value = &count, &value
		}
		d.EvaluatedDatapoints = append(d.EvaluatedDatapoints, one)
	}
	return encode(d)
}

// recentDatapoints reads a StateReasonData that a caller gave; nil if it names none.
func recentDatapoints(data string) []float64 {
	var d struct {
		RecentDatapoints []float64 `json:"recentDatapoints"`
	}
	if json.Unmarshal([]byte(data), &d) != nil {
		return nil
	}
	return d.RecentDatapoints
}

// encode writes JSON without escaping "->" and "&", as AWS does.
func encode(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		// Only types of this package come here, and they all encode.
		panic(fmt.Sprintf("autoscale: encode %T: %v", v, err))
	}
	return strings.TrimSuffix(b.String(), "\n")
}
