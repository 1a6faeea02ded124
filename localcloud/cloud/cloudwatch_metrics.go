package cloud

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
)

// Limits of reading metrics. Source: CloudWatch API Reference, GetMetricData and
// GetMetricStatistics.
const (
	maxQueries          = 500
	maxDatapoints       = 100_800
	maxStatisticsPoints = 1_440
	listMetricsPageSize = 500
	fineGrained         = 3 * time.Hour // for how long periods under a minute are kept
)

// getMetricStatistics answers one series with several statistics. As in AWS the
// datapoints come in no order worth relying on.
func (a cloudWatchAPI) getMetricStatistics(_ context.Context, in *cloudwatch.GetMetricStatisticsInput) (*cloudwatch.GetMetricStatisticsOutput, error) {
	err := required(
		member{"namespace", in.Namespace != nil}, member{"metricName", in.MetricName != nil}, member{"period", in.Period != nil},
		member{"startTime", in.StartTime != nil}, member{"endTime", in.EndTime != nil},
	)
	if err != nil {
		return nil, err
	}
	if len(in.ExtendedStatistics) > 0 {
		return nil, notServed("percentiles (ExtendedStatistics)")
	}
	if len(in.Statistics) == 0 {
		return nil, apiErrorf("MissingParameter", "The parameter Statistics is required: one of Average, Sum, Minimum, Maximum, SampleCount.")
	}
	q, err := a.query(metricOf(*in.Namespace, *in.MetricName, in.Dimensions), seconds(in.Period), *in.StartTime, *in.EndTime)
	if err != nil {
		return nil, err
	}
	if n := int64(q.End.Sub(q.Start) / q.Period); n > maxStatisticsPoints {
		return nil, apiErrorf("InvalidParameterCombination", "You have requested up to %d datapoints, which exceeds the limit of %d. You may reduce the datapoints requested by increasing Period, or decreasing the time range.", n, maxStatisticsPoints)
	}
	out := &cloudwatch.GetMetricStatisticsOutput{Label: in.MetricName}
	for _, d := range a.datapoints(q, string(in.Unit)) {
		point := types.Datapoint{Timestamp: &d.Time, Unit: types.StandardUnit(d.Unit)}
		for _, s := range in.Statistics {
			if !setStatistic(&point, s, d.Statistics) {
				return nil, apiErrorf("InvalidParameterValue", "The value %s for parameter Statistics is not supported.", s)
			}
		}
		out.Datapoints = append(out.Datapoints, point)
	}
	return out, nil
}

func setStatistic(d *types.Datapoint, name types.Statistic, s autoscale.Statistics) bool {
	v := s.Statistic(autoscale.Statistic(name))
	switch name {
	case types.StatisticAverage:
		d.Average = &v
	case types.StatisticSum:
		d.Sum = &v
	case types.StatisticMinimum:
		d.Minimum = &v
	case types.StatisticMaximum:
		d.Maximum = &v
	case types.StatisticSampleCount:
		d.SampleCount = &v
	default:
		return false
	}
	return true
}

// query checks period and times and rounds the start as CloudWatch does: down to
// the minute, or to the second for a period under a minute.
func (a cloudWatchAPI) query(m autoscale.Metric, period time.Duration, start, end time.Time) (autoscale.Query, error) {
	if period != time.Second && period != 5*time.Second && !autoscale.ValidPeriod(period) {
		return autoscale.Query{}, apiErrorf("InvalidParameterValue", "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds; it is %d.", period/time.Second)
	}
	if !start.Before(end) {
		return autoscale.Query{}, apiErrorf("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
	}
	grain := time.Minute
	if period < time.Minute && time.Since(start) < fineGrained {
		grain = time.Second
	}
	return autoscale.Query{Metric: m, Period: period, Start: start.UTC().Truncate(grain), End: end.UTC()}, nil
}

// datapoints are those of a query, with the unit if one is given.
func (a cloudWatchAPI) datapoints(q autoscale.Query, unit string) []autoscale.Datapoint {
	a.c.mu.Lock()
	q.Now = a.c.now()
	points := a.c.engine.Datapoints(q)
	a.c.mu.Unlock()
	if unit == "" {
		return points
	}
	return slices.DeleteFunc(slices.Clone(points), func(d autoscale.Datapoint) bool { return d.Unit != unit })
}

// listMetrics answers the series that match; a dimension filter without a value
// matches any.
func (a cloudWatchAPI) listMetrics(_ context.Context, in *cloudwatch.ListMetricsInput) (*cloudwatch.ListMetricsOutput, error) {
	a.c.mu.Lock()
	all := a.c.engine.Metrics()
	a.c.mu.Unlock()
	metrics := make([]types.Metric, 0, len(all))
	for _, m := range all {
		if metricMatches(in, m) {
			metrics = append(metrics, types.Metric{Namespace: &m.Namespace, MetricName: &m.Name, Dimensions: dimensionsOf(m)})
		}
	}
	page, next, err := pageOf(metrics, nil, in.NextToken, paging{defaultSize: listMetricsPageSize, badToken: "InvalidParameterValue"})
	return &cloudwatch.ListMetricsOutput{Metrics: page, NextToken: next}, err
}

func metricMatches(in *cloudwatch.ListMetricsInput, m autoscale.Metric) bool {
	if in.Namespace != nil && *in.Namespace != m.Namespace || in.MetricName != nil && *in.MetricName != m.Name {
		return false
	}
	for _, f := range in.Dimensions {
		found := slices.ContainsFunc(m.Dimensions, func(d autoscale.Dimension) bool {
			return d.Name == deref(f.Name) && (f.Value == nil || d.Value == *f.Value)
		})
		if !found {
			return false
		}
	}
	return true
}
