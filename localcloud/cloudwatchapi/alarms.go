package cloudwatchapi

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

func (a api) PutMetricAlarm(in *cloudwatch.PutMetricAlarmInput, _ *cloudwatch.PutMetricAlarmOutput) error {
	alarm, err := alarmOf(in)
	if err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		if err := s.Engine.PutMetricAlarm(s.Now, alarm); err != nil {
			return err
		}
		for _, t := range in.Tags {
			s.Tags.Set(a.alarmARN(alarm.Name), optional.Value(t.Key), optional.Value(t.Value))
		}
		return nil
	})
}

// alarmOf reads an alarm on one metric. Members that CloudWatch has beyond that
// are refused, not dropped.
func alarmOf(in *cloudwatch.PutMetricAlarmInput) (autoscale.Alarm, error) {
	switch {
	case len(in.Metrics) > 0 || in.ThresholdMetricId != nil:
		return autoscale.Alarm{}, operation.NotServed("alarms on metric math (Metrics, ThresholdMetricId)")
	case in.ExtendedStatistic != nil || in.EvaluateLowSampleCountPercentile != nil:
		return autoscale.Alarm{}, operation.NotServed("alarms on percentiles (ExtendedStatistic)")
	case in.EvaluationCriteria != nil, in.EvaluationWindow != nil, in.WarmUpConfiguration != nil, in.EvaluationInterval != nil,
		in.ActionConfiguration != nil:
		return autoscale.Alarm{}, operation.NotServed("EvaluationCriteria, EvaluationWindow, EvaluationInterval, ActionConfiguration " +
			"and WarmUpConfiguration")
	}
	err := operation.Require(in, "AlarmName", "MetricName", "Namespace", "Statistic", "Period", "EvaluationPeriods",
		"Threshold", "ComparisonOperator")
	return autoscale.Alarm{
		Name: optional.Value(in.AlarmName), Description: optional.Value(in.AlarmDescription),
		ActionsEnabled: optional.Or(in.ActionsEnabled, true),
		AlarmActions:   in.AlarmActions, OKActions: in.OKActions, InsufficientDataActions: in.InsufficientDataActions,
		Metric:    metricOf(optional.Value(in.Namespace), optional.Value(in.MetricName), in.Dimensions),
		Statistic: autoscale.Statistic(in.Statistic), Unit: string(in.Unit), Period: optional.Seconds(in.Period),
		EvaluationPeriods: int(optional.Value(in.EvaluationPeriods)), DatapointsToAlarm: int(optional.Value(in.DatapointsToAlarm)),
		Threshold: optional.Value(in.Threshold), ComparisonOperator: autoscale.ComparisonOperator(in.ComparisonOperator),
		TreatMissingData: autoscale.TreatMissingData(optional.Value(in.TreatMissingData)),
	}, err
}

func (a api) DescribeAlarms(in *cloudwatch.DescribeAlarmsInput, out *cloudwatch.DescribeAlarmsOutput) (err error) {
	if in.AlarmNamePrefix != nil && len(in.AlarmNames) > 0 {
		return operation.Invalidf("AlarmNamePrefix and AlarmNames cannot both be given: choose one")
	}
	if in.ChildrenOfAlarmName != nil || in.ParentsOfAlarmName != nil {
		return operation.NotServed("composite alarms (ChildrenOfAlarmName, ParentsOfAlarmName)")
	}
	// Without AlarmTypes metric alarms are answered; there are no others here.
	metricAlarms := len(in.AlarmTypes) == 0 || slices.Contains(in.AlarmTypes, types.AlarmTypeMetricAlarm)
	alarms := a.alarms(func(s autoscale.AlarmStatus) bool {
		return metricAlarms && strings.HasPrefix(s.Name, optional.Value(in.AlarmNamePrefix)) &&
			(len(in.AlarmNames) == 0 || slices.Contains(in.AlarmNames, s.Name)) &&
			(in.StateValue == "" || string(in.StateValue) == string(s.State)) &&
			(in.ActionPrefix == nil || slices.ContainsFunc(actionsOf(s), func(arn string) bool { return strings.HasPrefix(arn, *in.ActionPrefix) }))
	})
	out.MetricAlarms, out.NextToken, err = operation.Page(alarms, in.MaxRecords, in.NextToken, alarmPages)
	return err
}

func (a api) DescribeAlarmsForMetric(in *cloudwatch.DescribeAlarmsForMetricInput, out *cloudwatch.DescribeAlarmsForMetricOutput) error {
	if err := cmp.Or(operation.Require(in, "MetricName", "Namespace"), operation.Without(in, "", "ExtendedStatistic")); err != nil {
		return err
	}
	metric := metricOf(*in.Namespace, *in.MetricName, in.Dimensions)
	alarms := a.alarms(func(s autoscale.AlarmStatus) bool {
		return s.Metric.Same(metric) &&
			(in.Statistic == "" || autoscale.Statistic(in.Statistic) == s.Statistic) &&
			(in.Period == nil || optional.Seconds(in.Period) == s.Period) &&
			(in.Unit == "" || string(in.Unit) == s.Unit)
	})
	out.MetricAlarms = alarms
	return nil
}

// alarms are those that match, by name.
func (a api) alarms(match func(autoscale.AlarmStatus) bool) []types.MetricAlarm {
	var alarms []types.MetricAlarm
	for _, s := range view(a, (*autoscale.Engine).Alarms) {
		if match(s) {
			alarms = append(alarms, describedAlarm(s))
		}
	}
	slices.SortFunc(alarms, func(a, b types.MetricAlarm) int { return cmp.Compare(*a.AlarmName, *b.AlarmName) })
	return alarms
}

func actionsOf(s autoscale.AlarmStatus) []string {
	return slices.Concat(s.AlarmActions, s.OKActions, s.InsufficientDataActions)
}

func describedAlarm(s autoscale.AlarmStatus) types.MetricAlarm {
	m := types.MetricAlarm{
		AlarmName: &s.Name, AlarmArn: &s.ARN, ActionsEnabled: &s.ActionsEnabled,
		AlarmActions: s.AlarmActions, OKActions: s.OKActions, InsufficientDataActions: s.InsufficientDataActions,
		Namespace: &s.Metric.Namespace, MetricName: &s.Metric.Name, Dimensions: dimensionsOf(s.Metric),
		Statistic: types.Statistic(s.Statistic), Unit: types.StandardUnit(s.Unit),
		Period: optional.WholeSeconds(s.Period), EvaluationPeriods: aws.Int32(int32(s.EvaluationPeriods)),
		Threshold: &s.Threshold, ComparisonOperator: types.ComparisonOperator(s.ComparisonOperator),
		StateValue: types.StateValue(s.State), StateReason: &s.StateReason,
		StateUpdatedTimestamp: &s.StateUpdated, StateTransitionedTimestamp: &s.StateTransitioned,
		AlarmConfigurationUpdatedTimestamp: &s.ConfigurationUpdated,
		AlarmDescription:                   optional.NonZero(s.Description),
		StateReasonData:                    optional.NonZero(s.StateReasonData),
		TreatMissingData:                   optional.NonZero(string(s.TreatMissingData)),
		DatapointsToAlarm:                  optional.NonZero(int32(s.DatapointsToAlarm)),
	}
	return m
}

func (a api) DeleteAlarms(in *cloudwatch.DeleteAlarmsInput, _ *cloudwatch.DeleteAlarmsOutput) error {
	return a.Change(func(s *cloud.State) error {
		if err := s.Engine.DeleteAlarms(s.Now, in.AlarmNames...); err != nil {
			return err
		}
		for _, name := range in.AlarmNames {
			delete(s.Tags, a.alarmARN(name))
		}
		return nil
	})
}

func (a api) SetAlarmState(in *cloudwatch.SetAlarmStateInput, _ *cloudwatch.SetAlarmStateOutput) error {
	if err := operation.Require(in, "AlarmName", "StateValue", "StateReason"); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		return s.Engine.SetAlarmState(s.Now, *in.AlarmName, autoscale.State(in.StateValue), *in.StateReason, optional.Value(in.StateReasonData))
	})
}

func (a api) EnableAlarmActions(in *cloudwatch.EnableAlarmActionsInput, _ *cloudwatch.EnableAlarmActionsOutput) error {
	return a.setActions(true, in.AlarmNames)
}

func (a api) DisableAlarmActions(in *cloudwatch.DisableAlarmActionsInput, _ *cloudwatch.DisableAlarmActionsOutput) error {
	return a.setActions(false, in.AlarmNames)
}

func (a api) setActions(enabled bool, names []string) error {
	return a.Change(func(s *cloud.State) error {
		s.Engine.SetAlarmActions(s.Now, enabled, names...)
		return nil
	})
}

func (a api) ListTagsForResource(in *cloudwatch.ListTagsForResourceInput, out *cloudwatch.ListTagsForResourceOutput) error {
	if err := operation.Require(in, "ResourceARN"); err != nil {
		return err
	}
	return a.Read(func(s *cloud.State) error {
		known := slices.ContainsFunc(s.Engine.Alarms(), func(s autoscale.AlarmStatus) bool { return s.ARN == *in.ResourceARN })
		if !known {
			return &awsapi.Error{Code: "ResourceNotFoundException", Message: "No alarm has the ARN " + *in.ResourceARN, HTTPStatus: 404}
		}
		out.Tags = cloud.List(s.Tags[*in.ResourceARN], func(k, v *string) types.Tag { return types.Tag{Key: k, Value: v} })
		return nil
	})
}

func (a api) alarmARN(name string) string { return a.ARN("cloudwatch", "alarm:"+name) }
