package cloudwatchapi

import (
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// Limits of reading metrics. Source: CloudWatch API Reference, GetMetricData and
// GetMetricStatistics.
const (
	maxQueries          = 500
	maxDatapoints       = 100_800
	maxStatisticsPoints = 1_440
	fineGrained         = 3 * time.Hour // for how long periods under a minute are kept
)

// metricPages is how ListMetrics cuts its list.
var metricPages = operation.Paging{DefaultSize: 500, BadToken: "InvalidParameterValue"}

// GetMetricStatistics answers one series with several statistics. As in AWS the
// datapoints come in no order worth relying on.
func (a api) GetMetricStatistics(in *cloudwatch.GetMetricStatisticsInput, out *cloudwatch.GetMetricStatisticsOutput) error {
	err := operation.Require(in, "Namespace", "MetricName", "Period", "StartTime", "EndTime")
	if err != nil {
		return err
	}
	if len(in.ExtendedStatistics) > 0 {
		return operation.NotServed("percentiles (ExtendedStatistics)")
	}
	if len(in.Statistics) == 0 {
		return operation.Errorf("MissingParameter", "The parameter Statistics is required: one of Average, Sum, Minimum, Maximum, SampleCount.")
	}
	q, err := a.query(metricOf(*in.Namespace, *in.MetricName, in.Dimensions), optional.Seconds(in.Period), *in.StartTime, *in.EndTime)
	if err != nil {
		return err
	}
	if n := int64(q.End.Sub(q.Start) / q.Period); n > maxStatisticsPoints {
		return operation.Errorf("InvalidParameterCombination", "You have requested up to %d datapoints, which exceeds the limit of %d. "+
			"You may reduce the datapoints requested by increasing Period, or decreasing the time range.", n, maxStatisticsPoints)
	}
	for _, s := range in.Statistics {
		if !autoscale.Statistic(s).Valid() {
			return invalidValuef("The value %s for parameter Statistics is not supported.", s)
		}
	}
	out.Label = in.MetricName
	for _, d := range a.datapoints(q, string(in.Unit)) {
		point := types.Datapoint{Timestamp: &d.Time, Unit: types.StandardUnit(d.Unit)}
		for _, s := range in.Statistics {
			setStatistic(&point, s, d.Statistics)
		}
		out.Datapoints = append(out.Datapoints, point)
	}
	return nil
}

func setStatistic(d *types.Datapoint, name types.Statistic, s autoscale.Statistics) {
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
	}
}

// query checks period and times and rounds the start as CloudWatch does: down to
// the minute, or to the second for a period under a minute.
func (a api) query(m autoscale.Metric, period time.Duration, start, end time.Time) (autoscale.Query, error) {
	if period != time.Second && period != 5*time.Second && !autoscale.ValidPeriod(period) {
		return autoscale.Query{}, invalidValuef("The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds; it is %d.",
			period/time.Second)
	}
	if !start.Before(end) {
		return autoscale.Query{}, invalidValuef("The parameter StartTime must be less than the parameter EndTime.")
	}
	grain := time.Minute
	if period < time.Minute && time.Since(start) < fineGrained {
		grain = time.Second
	}
	return autoscale.Query{Metric: m, Period: period, Start: start.UTC().Truncate(grain), End: end.UTC()}, nil
}

// datapoints are those of a query, with the unit if one is given.
func (a api) datapoints(q autoscale.Query, unit string) []autoscale.Datapoint {
	points := cloud.View(a.Cloud, func(s *cloud.State) []autoscale.Datapoint {
		q.Now = s.Now
		return s.Engine.Datapoints(q)
	})
	if unit == "" {
		return points
	}
	return slices.DeleteFunc(slices.Clone(points), func(d autoscale.Datapoint) bool { return d.Unit != unit })
}

// ListMetrics answers the series that match; a dimension filter without a value
// matches any.
func (a api) ListMetrics(in *cloudwatch.ListMetricsInput, out *cloudwatch.ListMetricsOutput) (err error) {
	if err := operation.Without(in, "", "IncludeLinkedAccounts", "OwningAccount", "RecentlyActive"); err != nil {
		return err
	}
	var metrics []types.Metric
	for _, m := range view(a, (*autoscale.Engine).Metrics) {
		if metricMatches(in, m) {
			metrics = append(metrics, types.Metric{Namespace: &m.Namespace, MetricName: &m.Name, Dimensions: dimensionsOf(m)})
		}
	}
	out.Metrics, out.NextToken, err = operation.Page(metrics, nil, in.NextToken, metricPages)
	return err
}

func metricMatches(in *cloudwatch.ListMetricsInput, m autoscale.Metric) bool {
	if in.Namespace != nil && *in.Namespace != m.Namespace || in.MetricName != nil && *in.MetricName != m.Name {
		return false
	}
	for _, f := range in.Dimensions {
		found := slices.ContainsFunc(m.Dimensions, func(d autoscale.Dimension) bool {
			return d.Name == optional.Value(f.Name) && (f.Value == nil || d.Value == *f.Value)
		})
		if !found {
			return false
		}
	}
	return true
}
