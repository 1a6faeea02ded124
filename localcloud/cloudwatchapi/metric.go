package cloudwatchapi

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
	"secondwind/localcloud/optional"
)

func metricOf(namespace, name string, dimensions []types.Dimension) autoscale.Metric {
	m := autoscale.Metric{Namespace: namespace, Name: name}
	for _, d := range dimensions {
		m.Dimensions = append(m.Dimensions, autoscale.Dimension{Name: optional.Value(d.Name), Value: optional.Value(d.Value)})
	}
	return m
}

func dimensionsOf(m autoscale.Metric) []types.Dimension {
	dimensions := make([]types.Dimension, 0, len(m.Dimensions))
	for _, d := range m.Dimensions {
		dimensions = append(dimensions, types.Dimension{Name: &d.Name, Value: &d.Value})
	}
	return dimensions
}

// sameMetric tells whether two metrics are one series; the order of dimensions
// does not matter.
func sameMetric(a, b autoscale.Metric) bool {
	byName := func(a, b autoscale.Dimension) int {
		return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Value, b.Value))
	}
	return a.Namespace == b.Namespace && a.Name == b.Name &&
		slices.Equal(slices.SortedFunc(slices.Values(a.Dimensions), byName), slices.SortedFunc(slices.Values(b.Dimensions), byName))
}

// statistic is one statistic of a datapoint; ok is false for one that is not
// kept (percentiles and trimmed means need every single value).
func statistic(name string, s autoscale.Statistics) (v float64, ok bool) {
	switch name {
	case "SampleCount":
		return s.SampleCount, true
	case "Sum":
		return s.Sum, true
	case "Minimum":
		return s.Minimum, true
	case "Maximum":
		return s.Maximum, true
	case "Average":
		if s.SampleCount == 0 {
			return 0, true
		}
		return s.Sum / s.SampleCount, true
	}
	return 0, false
}
