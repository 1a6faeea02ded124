package cloud

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/autoscale"
	"secondwind/localcloud/awsapi"
)

// cloudWatchAPI are the handlers of CloudWatch.
type cloudWatchAPI struct{ c *Cloud }

func (a cloudWatchAPI) register(m *awsapi.Mux) {
	handle(m, awsapi.CloudWatch, a.putMetricAlarm)
	handle(m, awsapi.CloudWatch, a.describeAlarms)
	handle(m, awsapi.CloudWatch, a.describeAlarmsForMetric)
	handle(m, awsapi.CloudWatch, a.describeAlarmHistory)
	handle(m, awsapi.CloudWatch, a.deleteAlarms)
	handle(m, awsapi.CloudWatch, a.setAlarmState)
	handle(m, awsapi.CloudWatch, a.enableAlarmActions)
	handle(m, awsapi.CloudWatch, a.disableAlarmActions)
	handle(m, awsapi.CloudWatch, a.getMetricData)
	handle(m, awsapi.CloudWatch, a.getMetricStatistics)
	handle(m, awsapi.CloudWatch, a.listMetrics)
	handle(m, awsapi.CloudWatch, a.putMetricData)
	handle(m, awsapi.CloudWatch, a.listTagsForResource)
}

var alarmPages = paging{defaultSize: 50, maxSize: 100, sizeName: "maxRecords", badToken: "InvalidNextToken"}

func (a cloudWatchAPI) putMetricAlarm(_ context.Context, in *cloudwatch.PutMetricAlarmInput) (*cloudwatch.PutMetricAlarmOutput, error) {
	alarm, err := alarmOf(in)
	if err != nil {
		return nil, err
	}
	err = a.c.change(func(now time.Time) error {
		if err := a.c.engine.PutMetricAlarm(now, alarm); err != nil {
			return err
		}
		for _, t := range in.Tags {
			a.c.setTag(a.c.alarmARN(alarm.Name), deref(t.Key), deref(t.Value))
		}
		return nil
	})
	return &cloudwatch.PutMetricAlarmOutput{}, err
}

// alarmOf reads an alarm on one metric. Members that CloudWatch has beyond that
// are refused, not dropped.
func alarmOf(in *cloudwatch.PutMetricAlarmInput) (autoscale.Alarm, error) {
	switch {
	case len(in.Metrics) > 0 || in.ThresholdMetricId != nil:
		return autoscale.Alarm{}, notServed("alarms on metric math (Metrics, ThresholdMetricId)")
	case in.ExtendedStatistic != nil:
		return autoscale.Alarm{}, notServed("alarms on percentiles (ExtendedStatistic)")
	case in.EvaluationCriteria != nil || in.EvaluationWindow != nil || in.WarmUpConfiguration != nil || in.EvaluationInterval != nil || in.ActionConfiguration != nil:
		return autoscale.Alarm{}, notServed("EvaluationCriteria, EvaluationWindow, EvaluationInterval, ActionConfiguration and WarmUpConfiguration")
	}
	err := required(
		member{"alarmName", in.AlarmName != nil}, member{"metricName", in.MetricName != nil}, member{"namespace", in.Namespace != nil},
		member{"statistic", in.Statistic != ""}, member{"period", in.Period != nil}, member{"evaluationPeriods", in.EvaluationPeriods != nil},
		member{"threshold", in.Threshold != nil}, member{"comparisonOperator", in.ComparisonOperator != ""},
	)
	return autoscale.Alarm{
		Name: deref(in.AlarmName), Description: deref(in.AlarmDescription), ActionsEnabled: orElse(in.ActionsEnabled, true),
		AlarmActions: in.AlarmActions, OKActions: in.OKActions, InsufficientDataActions: in.InsufficientDataActions,
		Metric:    metricOf(deref(in.Namespace), deref(in.MetricName), in.Dimensions),
		Statistic: autoscale.Statistic(in.Statistic), Unit: string(in.Unit), Period: seconds(in.Period),
		EvaluationPeriods: int(deref(in.EvaluationPeriods)), DatapointsToAlarm: int(deref(in.DatapointsToAlarm)),
		Threshold: deref(in.Threshold), ComparisonOperator: autoscale.ComparisonOperator(in.ComparisonOperator),
		TreatMissingData: autoscale.TreatMissingData(deref(in.TreatMissingData)),
	}, err
}

func (a cloudWatchAPI) describeAlarms(_ context.Context, in *cloudwatch.DescribeAlarmsInput) (*cloudwatch.DescribeAlarmsOutput, error) {
	if in.AlarmNamePrefix != nil && len(in.AlarmNames) > 0 {
		return nil, validationError("AlarmNamePrefix and AlarmNames cannot both be given: choose one")
	}
	if in.ChildrenOfAlarmName != nil || in.ParentsOfAlarmName != nil {
		return nil, notServed("composite alarms (ChildrenOfAlarmName, ParentsOfAlarmName)")
	}
	// Without AlarmTypes metric alarms are answered; there are no others here.
	metricAlarms := len(in.AlarmTypes) == 0 || slices.Contains(in.AlarmTypes, types.AlarmTypeMetricAlarm)
	alarms := a.alarms(func(s autoscale.AlarmStatus) bool {
		return metricAlarms && strings.HasPrefix(s.Name, deref(in.AlarmNamePrefix)) &&
			(len(in.AlarmNames) == 0 || slices.Contains(in.AlarmNames, s.Name)) &&
			(in.StateValue == "" || string(in.StateValue) == string(s.State)) &&
			(in.ActionPrefix == nil || slices.ContainsFunc(actionsOf(s), func(action string) bool { return strings.HasPrefix(action, *in.ActionPrefix) }))
	})
	page, next, err := pageOf(alarms, in.MaxRecords, in.NextToken, alarmPages)
	return &cloudwatch.DescribeAlarmsOutput{MetricAlarms: page, NextToken: next}, err
}

func (a cloudWatchAPI) describeAlarmsForMetric(_ context.Context, in *cloudwatch.DescribeAlarmsForMetricInput) (*cloudwatch.DescribeAlarmsForMetricOutput, error) {
	if err := required(member{"metricName", in.MetricName != nil}, member{"namespace", in.Namespace != nil}); err != nil {
		return nil, err
	}
	metric := metricOf(*in.Namespace, *in.MetricName, in.Dimensions)
	alarms := a.alarms(func(s autoscale.AlarmStatus) bool {
		return s.Metric.Same(metric) &&
			(in.Statistic == "" || autoscale.Statistic(in.Statistic) == s.Statistic) &&
			(in.Period == nil || seconds(in.Period) == s.Period) &&
			(in.Unit == "" || string(in.Unit) == s.Unit)
	})
	return &cloudwatch.DescribeAlarmsForMetricOutput{MetricAlarms: alarms}, nil
}

// alarms are those that match, by name.
func (a cloudWatchAPI) alarms(match func(autoscale.AlarmStatus) bool) []types.MetricAlarm {
	a.c.mu.Lock()
	all := a.c.engine.Alarms()
	a.c.mu.Unlock()
	alarms := make([]types.MetricAlarm, 0, len(all))
	for _, s := range all {
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
		Period: wholeSeconds(s.Period), EvaluationPeriods: aws.Int32(int32(s.EvaluationPeriods)),
		Threshold: &s.Threshold, ComparisonOperator: types.ComparisonOperator(s.ComparisonOperator),
		StateValue: types.StateValue(s.State), StateReason: &s.StateReason,
		StateUpdatedTimestamp: &s.StateUpdated, StateTransitionedTimestamp: &s.StateTransitioned,
		AlarmConfigurationUpdatedTimestamp: &s.ConfigurationUpdated,
		AlarmDescription:                   unlessZero(s.Description),
		StateReasonData:                    unlessZero(s.StateReasonData),
		TreatMissingData:                   unlessZero(string(s.TreatMissingData)),
		DatapointsToAlarm:                  unlessZero(int32(s.DatapointsToAlarm)),
	}
	return m
}

func (a cloudWatchAPI) deleteAlarms(_ context.Context, in *cloudwatch.DeleteAlarmsInput) (*cloudwatch.DeleteAlarmsOutput, error) {
	err := a.c.change(func(now time.Time) error {
		if err := a.c.engine.DeleteAlarms(now, in.AlarmNames...); err != nil {
			return err
		}
		for _, name := range in.AlarmNames {
			delete(a.c.resourceTags, a.c.alarmARN(name))
		}
		return nil
	})
	return &cloudwatch.DeleteAlarmsOutput{}, err
}

func (a cloudWatchAPI) setAlarmState(_ context.Context, in *cloudwatch.SetAlarmStateInput) (*cloudwatch.SetAlarmStateOutput, error) {
	if err := required(member{"alarmName", in.AlarmName != nil}, member{"stateValue", in.StateValue != ""}, member{"stateReason", in.StateReason != nil}); err != nil {
		return nil, err
	}
	err := a.c.change(func(now time.Time) error {
		return a.c.engine.SetAlarmState(now, *in.AlarmName, autoscale.State(in.StateValue), *in.StateReason, deref(in.StateReasonData))
	})
	return &cloudwatch.SetAlarmStateOutput{}, err
}

func (a cloudWatchAPI) enableAlarmActions(_ context.Context, in *cloudwatch.EnableAlarmActionsInput) (*cloudwatch.EnableAlarmActionsOutput, error) {
	return &cloudwatch.EnableAlarmActionsOutput{}, a.setActions(true, in.AlarmNames)
}

func (a cloudWatchAPI) disableAlarmActions(_ context.Context, in *cloudwatch.DisableAlarmActionsInput) (*cloudwatch.DisableAlarmActionsOutput, error) {
	return &cloudwatch.DisableAlarmActionsOutput{}, a.setActions(false, in.AlarmNames)
}

func (a cloudWatchAPI) setActions(enabled bool, names []string) error {
	return a.c.change(func(now time.Time) error {
		a.c.engine.SetAlarmActions(now, enabled, names...)
		return nil
	})
}

func (a cloudWatchAPI) listTagsForResource(_ context.Context, in *cloudwatch.ListTagsForResourceInput) (*cloudwatch.ListTagsForResourceOutput, error) {
	if err := required(member{"resourceARN", in.ResourceARN != nil}); err != nil {
		return nil, err
	}
	out := &cloudwatch.ListTagsForResourceOutput{}
	err := a.c.read(func(time.Time) error {
		known := slices.ContainsFunc(a.c.engine.Alarms(), func(s autoscale.AlarmStatus) bool { return s.ARN == *in.ResourceARN })
		if !known {
			return &awsapi.Error{Code: "ResourceNotFoundException", Message: "No alarm has the ARN " + *in.ResourceARN, HTTPStatus: 404}
		}
		out.Tags = tagsOf(a.c, *in.ResourceARN, func(k, v *string) types.Tag { return types.Tag{Key: k, Value: v} })
		return nil
	})
	return out, err
}

func (c *Cloud) alarmARN(name string) string {
	return "arn:aws:cloudwatch:" + c.cfg.Region + ":" + c.cfg.AccountID + ":alarm:" + name
}
