package cloud

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
)

func metricOf(namespace, name string, dimensions []types.Dimension) autoscale.Metric {
	m := autoscale.Metric{Namespace: namespace, Name: name}
	for _, d := range dimensions {
		m.Dimensions = append(m.Dimensions, autoscale.Dimension{Name: deref(d.Name), Value: deref(d.Value)})
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

// seconds is a duration that a request gives in seconds; nil is 0.
func seconds(n *int32) time.Duration { return time.Duration(deref(n)) * time.Second }

// wholeSeconds is a duration as an answer gives it.
func wholeSeconds(d time.Duration) *int32 {
	n := int32(d / time.Second)
	return &n
}

// secondsIf is a duration as an answer gives it, or nil if it is not set.
func secondsIf(d *time.Duration) *int32 {
	if d == nil {
		return nil
	}
	return wholeSeconds(*d)
}

// unlessZero is nil for a value that AWS leaves out of an answer when it is not set.
func unlessZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
