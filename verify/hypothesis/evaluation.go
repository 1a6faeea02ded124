package hypothesis

import (
	"time"

	"secondwind/runlog"
)

// Breaches reports whether a value breaches the alarm's threshold.
func Breaches(a runlog.MetricAlarm, value float64) bool {
	switch a.ComparisonOperator {
	case "GreaterThanOrEqualToThreshold":
		return value >= a.Threshold
	case "LessThanThreshold":
		return value < a.Threshold
	case "LessThanOrEqualToThreshold":
		return value <= a.Threshold
	}
	return value > a.Threshold
}

// EvaluationGrid is how often CloudWatch evaluates the alarm, and how far from its
// grid an evaluation's time may lie. Source of the grid: CloudWatch User Guide,
// "Alarm evaluation"; that it is kept to the second is what public logs show.
func EvaluationGrid(a runlog.MetricAlarm) (grid, tolerance time.Duration) {
	grid = runlog.Seconds(timingOf(a.Period).grid)
	if runlog.HighResolution(a.Period) {
		return grid, 50 * time.Millisecond
	}
	return grid, 5 * time.Second
}

// Freshness is how long before an evaluation the newest period that it looks at may
// have ended.
func Freshness(a runlog.MetricAlarm) runlog.Terms {
	return append(evaluationTerms(a), runlog.Term{Name: "two periods whose datapoints may be missing", Seconds: 2 * float64(a.Period)})
}
