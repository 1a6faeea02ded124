package cloudwatchapi

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// Limits of publishing. Source: CloudWatch API Reference, PutMetricData and MetricDatum.
const (
	maxData   = 1000
	maxValues = 150
)

// PutMetricData takes custom metrics. One bad datum refuses the whole call.
func (a api) PutMetricData(in *cloudwatch.PutMetricDataInput, _ *cloudwatch.PutMetricDataOutput) error {
	if err := cmp.Or(operation.Require(in, "Namespace"), operation.Without(in, "", "StrictEntityValidation")); err != nil {
		return err
	}
	data := slices.Clone(in.MetricData)
	for _, e := range in.EntityMetricData { // entities only label the data
		data = append(data, e.MetricData...)
	}
	switch {
	case strings.HasPrefix(*in.Namespace, "AWS/"):
		return invalidValuef("The value AWS/ for parameter Namespace is invalid: only AWS publishes there.")
	case len(data) == 0:
		return operation.Errorf("MissingParameter", "The parameter MetricData is required.")
	case len(data) > maxData:
		return invalidValuef("The collection MetricData must not have a size greater than %d; it has %d.", maxData, len(data))
	}
	return a.Change(func(s *cloud.State) error {
		var samples []autoscale.Sample
		for i, d := range data {
			sample, err := sampleOf(*in.Namespace, i+1, d, s.Now)
			if err != nil {
				return err
			}
			samples = append(samples, sample)
		}
		return s.Engine.PutMetricData(s.Now, samples)
	})
}

// sampleOf reads the nth datum; n is for errors.
func sampleOf(namespace string, n int, d types.MetricDatum, now time.Time) (autoscale.Sample, error) {
	s := autoscale.Sample{
		Metric: metricOf(namespace, optional.Value(d.MetricName), d.Dimensions), Time: optional.Or(d.Timestamp, now).UTC(),
		Unit: string(cmp.Or(d.Unit, types.StandardUnitNone)), Resolution: time.Minute,
	}
	if optional.Value(d.StorageResolution) == 1 {
		s.Resolution = time.Second
	}
	switch {
	case slices.ContainsFunc(s.Metric.Dimensions, func(d autoscale.Dimension) bool { return d.Name == "" || d.Value == "" }):
		return s, invalidValuef("MetricData.member.%d.Dimensions: every dimension needs a Name and a Value.", n)
	case d.StorageResolution != nil && *d.StorageResolution != 1 && *d.StorageResolution != 60:
		return s, invalidValuef("The parameter MetricData.member.%d.StorageResolution must be 1 or 60.", n)
	case !slices.Contains(types.StandardUnit("").Values(), types.StandardUnit(s.Unit)):
		return s, invalidValuef("The value %s for parameter MetricData.member.%d.Unit is invalid.", s.Unit, n)
	}
	return valuesOf(s, n, d)
}

// valuesOf gives the sample its values: exactly one of Value, Values (with
// Counts) and StatisticValues.
func valuesOf(s autoscale.Sample, n int, d types.MetricDatum) (autoscale.Sample, error) {
	set := d.StatisticValues
	switch given := []bool{d.Value != nil, len(d.Values) > 0, set != nil}; {
	case !slices.Contains(given, true):
		return s, operation.Errorf("MissingParameter", "At least one of the parameters MetricData.member.%d.Value, Values "+
			"and StatisticValues is required.", n)
	case d.Value != nil && set != nil || d.Value != nil && len(d.Values) > 0 || set != nil && len(d.Values) > 0:
		return s, operation.Errorf("InvalidParameterCombination", "The parameters MetricData.member.%d.Value, Values "+
			"and StatisticValues are mutually exclusive.", n)
	case len(d.Values) > maxValues || len(d.Counts) > 0 && len(d.Counts) != len(d.Values):
		return s, invalidValuef("MetricData.member.%d: at most %d Values, and as many Counts as Values.", n, maxValues)
	}
	switch {
	case d.Value != nil:
		s.Value = autoscale.Value(*d.Value)
	case set != nil:
		s.Value = autoscale.Statistics{
			SampleCount: optional.Value(set.SampleCount), Sum: optional.Value(set.Sum),
			Minimum: optional.Value(set.Minimum), Maximum: optional.Value(set.Maximum),
		}
	default:
		s.Value = aggregated(d.Values, d.Counts)
	}
	for _, v := range []float64{s.Value.SampleCount, s.Value.Sum, s.Value.Minimum, s.Value.Maximum} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return s, invalidValuef("MetricData.member.%d: values must be finite numbers.", n)
		}
	}
	if s.Value.SampleCount <= 0 {
		return s, invalidValuef("MetricData.member.%d: the sample count must be greater than 0.", n)
	}
	return s, nil
}

// aggregated are the statistics of values that occurred counts times, once each
// without counts.
func aggregated(values, counts []float64) autoscale.Statistics {
	s := autoscale.Statistics{Minimum: slices.Min(values), Maximum: slices.Max(values)}
	for i, v := range values {
		count := 1.0
		if len(counts) > 0 {
			count = counts[i]
		}
		s.SampleCount += count
		s.Sum += v * count
	}
	return s
}
