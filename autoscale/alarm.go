package autoscale

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// State of an alarm.
type State string

// The states of an alarm.
const (
	StateOK               State = "OK"
	StateAlarm            State = "ALARM"
	StateInsufficientData State = "INSUFFICIENT_DATA"
)

// Alarm is a metric alarm's configuration, in CloudWatch's words.
type Alarm struct {
	Name, Description       string
	ActionsEnabled          bool
	AlarmActions            []string // policy ARNs, topic ARNs
	OKActions               []string
	InsufficientDataActions []string
	Metric                  Metric
	Statistic               Statistic
	Unit                    string // "": any
	Period                  time.Duration
	EvaluationPeriods       int
	DatapointsToAlarm       int // 0: EvaluationPeriods
	Threshold               float64
	ComparisonOperator      ComparisonOperator
	TreatMissingData        TreatMissingData // "": TreatMissing
}

// AlarmStatus is an alarm and what became of it.
type AlarmStatus struct {
	Alarm
	ARN                  string
	State                State
	StateReason          string
	StateReasonData      string // JSON
	StateUpdated         time.Time
	StateTransitioned    time.Time
	ConfigurationUpdated time.Time
}

// ComparisonOperator is how an alarm compares a value with its threshold.
type ComparisonOperator string

// The operators that compare with a fixed threshold. Those of anomaly detection
// are left out.
const (
	GreaterThanThreshold          ComparisonOperator = "GreaterThanThreshold"
	GreaterThanOrEqualToThreshold ComparisonOperator = "GreaterThanOrEqualToThreshold"
	LessThanThreshold             ComparisonOperator = "LessThanThreshold"
	LessThanOrEqualToThreshold    ComparisonOperator = "LessThanOrEqualToThreshold"
)

// TreatMissingData is what an alarm takes a missing datapoint for. The zero value
// is TreatMissing, but answers and messages leave it out.
type TreatMissingData string

// The treatments of missing data.
const (
	TreatMissing      TreatMissingData = "missing"
	TreatIgnore       TreatMissingData = "ignore"
	TreatBreaching    TreatMissingData = "breaching"
	TreatNotBreaching TreatMissingData = "notBreaching"
)

// Validate returns nil, or the first thing that CloudWatch would refuse, as an
// *Error.
// Source: CloudWatch API Reference, PutMetricAlarm.
func (a Alarm) Validate() error {
	return cmp.Or( // AWS, too, reports one error at a time
		nameLength("alarmName", a.Name),
		a.validateMetric(),
		oneOf("statistic", a.Statistic, StatisticSampleCount, StatisticAverage, StatisticSum, StatisticMinimum, StatisticMaximum),
		oneOf("comparisonOperator", a.ComparisonOperator,
			GreaterThanOrEqualToThreshold, GreaterThanThreshold, LessThanThreshold, LessThanOrEqualToThreshold),
		a.validateTreatMissingData(),
		a.validatePeriods(),
		a.validateActions(),
	)
}

func (a Alarm) validateMetric() error {
	switch {
	case a.Metric.Namespace == "" || a.Metric.Name == "":
		return invalid("Namespace and MetricName must be specified for alarm %s", a.Name)
	case len(a.Metric.Dimensions) > maxDimensions:
		return invalid("Alarm %s names %d dimensions; at most %d are possible", a.Name, len(a.Metric.Dimensions), maxDimensions)
	case math.IsNaN(a.Threshold) || math.IsInf(a.Threshold, 0):
		return refuse(codeInvalidValue, "The parameter Threshold of alarm %s must be a finite number", a.Name)
	}
	return nil
}

func (a Alarm) validateTreatMissingData() error {
	switch a.TreatMissingData {
	case "", TreatMissing, TreatIgnore, TreatBreaching, TreatNotBreaching:
		return nil
	}
	return invalid("The value %s is not supported for TreatMissingData parameter. "+
		"Supported values are [breaching, notBreaching, ignore, missing].", a.TreatMissingData)
}

func (a Alarm) validatePeriods() error {
	const day, week = 24 * time.Hour, 7 * 24 * time.Hour
	// The quotient, not the product: a huge EvaluationPeriods must not overflow.
	count := time.Duration(a.EvaluationPeriods)
	switch {
	case !ValidPeriod(a.Period):
		return invalid("Period must be 10, 20, 30 or a multiple of 60")
	case a.EvaluationPeriods < 1:
		return invalid("1 validation error detected: Value '%d' at 'evaluationPeriods' failed to satisfy constraint: "+
			"Member must have value greater than or equal to 1", a.EvaluationPeriods)
	case a.DatapointsToAlarm < 0 || a.DatapointsToAlarm > a.EvaluationPeriods:
		return invalid("DatapointsToAlarm (%d) must be between 1 and EvaluationPeriods (%d)", a.DatapointsToAlarm, a.EvaluationPeriods)
	case a.Period < time.Hour && count > day/a.Period:
		return invalid("Metrics cannot be checked across more than a day (EvaluationPeriods * Period must be <= 86400) " +
			"for alarms using period < 3600")
	case count > week/a.Period:
		return invalid("Metrics cannot be checked across more than a week (EvaluationPeriods * Period must be <= 604800)")
	}
	return nil
}

func (a Alarm) validateActions() error {
	for _, actions := range [][]string{a.AlarmActions, a.OKActions, a.InsufficientDataActions} {
		switch {
		case len(actions) > 5:
			return invalid("Alarm %s names %d actions for a state; at most 5 are possible", a.Name, len(actions))
		case slices.Contains(actions, ""):
			return invalid("Invalid alarm action ARN: it is empty, in alarm %s", a.Name)
		}
	}
	return nil
}

// ValidPeriod reports whether an alarm may have the period: 10, 20, 30 s or whole
// minutes. Source: CloudWatch API Reference, PutMetricAlarm.
func ValidPeriod(p time.Duration) bool {
	switch p {
	case 10 * time.Second, 20 * time.Second, 30 * time.Second:
		return true
	}
	return p > 0 && p%time.Minute == 0
}

// compare reports whether a value crosses the threshold, and how a reason words that.
func (a Alarm) compare(v float64) (crosses bool, words string) {
	switch a.ComparisonOperator {
	case GreaterThanThreshold:
		return v > a.Threshold, "greater than"
	case GreaterThanOrEqualToThreshold:
		return v >= a.Threshold, "greater than or equal to"
	case LessThanThreshold:
		return v < a.Threshold, "less than"
	case LessThanOrEqualToThreshold:
		return v <= a.Threshold, "less than or equal to"
	}
	panic(impossible(a.ComparisonOperator))
}

func (a Alarm) breaches(v float64) bool {
	crosses, _ := a.compare(v)
	return crosses
}

// needed is M of "M of N".
func (a Alarm) needed() int { return cmp.Or(a.DatapointsToAlarm, a.EvaluationPeriods) }

// grid is how often the alarm is evaluated; its window slides by as much.
func (a Alarm) grid() time.Duration {
	if a.Period < time.Minute {
		return 10 * time.Second
	}
	return time.Minute
}

// actions are what is invoked when the alarm goes to state.
func (a Alarm) actions(state State) []string {
	switch state {
	case StateAlarm:
		return a.AlarmActions
	case StateOK:
		return a.OKActions
	case StateInsufficientData:
		return a.InsufficientDataActions
	}
	panic(impossible(state))
}

func (a Alarm) names(arn string) bool {
	return slices.Contains(a.AlarmActions, arn) || slices.Contains(a.OKActions, arn) ||
		slices.Contains(a.InsufficientDataActions, arn)
}

func (a Alarm) clone() Alarm {
	a.AlarmActions = slices.Clone(a.AlarmActions)
	a.OKActions = slices.Clone(a.OKActions)
	a.InsufficientDataActions = slices.Clone(a.InsufficientDataActions)
	a.Metric = a.Metric.clone()
	return a
}

func (s AlarmStatus) clone() AlarmStatus {
	s.Alarm = s.Alarm.clone()
	return s
}
