package cloudwatchapi

import (
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
