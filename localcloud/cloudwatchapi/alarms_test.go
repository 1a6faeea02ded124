package cloudwatchapi_test

import (
	"strings"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

// do makes requests to CloudWatch in a world of their own, in its first second.
func do(t *testing.T, steps apitest.Steps) {
	t.Helper()
	apitest.Run(t, func(t *testing.T, w *apitest.World) { w.Do(t, awsapi.CloudWatch, steps) })
}

// put is a request for an alarm a with what an alarm needs least.
const put = "PutMetricAlarm&AlarmName=a&MetricName=m&Namespace=n&Statistic=Sum&Period=60&EvaluationPeriods=1&Threshold=1" +
	"&ComparisonOperator=GreaterThanThreshold"

const describe = "DescribeAlarms&AlarmNames.member.1=a"

// notServed is what a member that the local cloud does not serve is refused with.
func notServed(what string) string {
	return "ValidationError: " + what + ": the local cloud does not serve this; leave it out or use AWS"
}

func lacks(members ...string) string {
	texts := make([]string, len(members))
	for i, member := range members {
		texts[i] = "Value null at '" + member + "' failed to satisfy constraint: Member must not be null"
	}
	count := map[bool]string{true: "1 validation error", false: string(rune('0'+len(members))) + " validation errors"}[len(members) == 1]
	return "ValidationError: " + count + " detected: " + strings.Join(texts, "; ")
}

func tooLong(size, member, most string) string {
	return "ValidationError: 1 validation error detected: Value '" + size + "' at '" + member +
		"' failed to satisfy constraint: Member must have value between 1 and " + most
}

func TestANewAlarmHasAWSsDefaults(t *testing.T) {
	do(t, apitest.Steps{
		{"put", put, ""},
		{
			"what was asked for", describe,
			"MetricAlarms#=1&MetricAlarms.1.AlarmName=a&MetricAlarms.1.MetricName=m&MetricAlarms.1.Namespace=n&MetricAlarms.1.Statistic=Sum&" +
				"MetricAlarms.1.Period=60&MetricAlarms.1.EvaluationPeriods=1&MetricAlarms.1.Threshold=1.0&" +
				"MetricAlarms.1.ComparisonOperator=GreaterThanThreshold",
		},
		{
			"actions enabled, none there, missing data as AWS has it", describe,
			"MetricAlarms.1.ActionsEnabled=true&MetricAlarms.1.AlarmActions#=0&MetricAlarms.1.OKActions#=0&" +
				"MetricAlarms.1.InsufficientDataActions#=0&MetricAlarms.1.Dimensions#=0&" +
				"!MetricAlarms.1.DatapointsToAlarm&!MetricAlarms.1.AlarmDescription&!MetricAlarms.1.Unit",
		},
		{
			"its state", describe,
			"MetricAlarms.1.StateValue=INSUFFICIENT_DATA&MetricAlarms.1.StateReason=Unchecked: Initial alarm creation&" +
				"MetricAlarms.1.StateUpdatedTimestamp=2000-01-01T00:00:00.000Z&" +
				"MetricAlarms.1.AlarmConfigurationUpdatedTimestamp=2000-01-01T00:00:00.000Z",
		},
		{"its ARN", describe, "MetricAlarms.1.AlarmArn=arn:aws:cloudwatch:local-1:123456789012:alarm:a"},
	})
}

func TestAnAlarmIsAsItWasAskedFor(t *testing.T) {
	do(t, apitest.Steps{
		{
			"put with everything",
			put + "&AlarmDescription=text&ActionsEnabled=false&AlarmActions.member.1={policy}&OKActions.member.1=arn:aws:sns:r:1:t" +
				"&InsufficientDataActions.member.1=arn:aws:sns:r:1:u&Unit=Percent&DatapointsToAlarm=1&TreatMissingData=breaching" +
				"&Dimensions.member.1.Name=d&Dimensions.member.1.Value=v&Tags.member.1.Key=k&Tags.member.1.Value=w",
			"",
		},
		{
			"actions", describe,
			"MetricAlarms.1.ActionsEnabled=false&MetricAlarms.1.AlarmActions.1={policy}&MetricAlarms.1.OKActions.1=arn:aws:sns:r:1:t&" +
				"MetricAlarms.1.InsufficientDataActions.1=arn:aws:sns:r:1:u&MetricAlarms.1.AlarmDescription=text",
		},
		{
			"evaluation", describe,
			"MetricAlarms.1.Unit=Percent&MetricAlarms.1.DatapointsToAlarm=1&MetricAlarms.1.TreatMissingData=breaching&" +
				"MetricAlarms.1.Dimensions.1.Name=d&MetricAlarms.1.Dimensions.1.Value=v",
		},
		{
			"tags", "ListTagsForResource&ResourceARN=arn:aws:cloudwatch:local-1:123456789012:alarm:a",
			"Tags#=1&Tags.1.Key=k&Tags.1.Value=w",
		},
		{"put again", put, ""},
		{"it is another, but with its tags", describe, "MetricAlarms#=1&!MetricAlarms.1.AlarmDescription&MetricAlarms.1.AlarmActions#=0"},
		{"they are there", "ListTagsForResource&ResourceARN=arn:aws:cloudwatch:local-1:123456789012:alarm:a", "Tags#=1"},
		{"delete", "DeleteAlarms&AlarmNames.member.1=a", ""},
		{"put once more", put, ""},
		{"it has none", "ListTagsForResource&ResourceARN=arn:aws:cloudwatch:local-1:123456789012:alarm:a", "Tags#=0"},
	})
}

func TestBadAlarmsAreRefused(t *testing.T) {
	const others = "EvaluationCriteria, EvaluationWindow, EvaluationInterval, ActionConfiguration and WarmUpConfiguration"
	without := func(member string) string {
		var kept []string
		for part := range strings.SplitSeq(put, "&") {
			if !strings.HasPrefix(part, member+"=") {
				kept = append(kept, part)
			}
		}
		return strings.Join(kept, "&")
	}
	do(t, apitest.Steps{
		{
			"without anything", "PutMetricAlarm",
			lacks("alarmName", "metricName", "namespace", "statistic", "period", "evaluationPeriods", "threshold", "comparisonOperator"),
		},
		{"without a name", without("AlarmName"), lacks("alarmName")},
		{"without a statistic", without("Statistic"), lacks("statistic")},
		{"without a threshold", without("Threshold"), lacks("threshold")},
		{"without an operator", without("ComparisonOperator"), lacks("comparisonOperator")},
		{"metric math", put + "&Metrics.member.1.Id=m", notServed("alarms on metric math (Metrics, ThresholdMetricId)")},
		{"a band", put + "&ThresholdMetricId=m", notServed("alarms on metric math (Metrics, ThresholdMetricId)")},
		{"percentiles", put + "&ExtendedStatistic=p99", notServed("alarms on percentiles (ExtendedStatistic)")},
		{"few samples of them", put + "&EvaluateLowSampleCountPercentile=ignore", notServed("alarms on percentiles (ExtendedStatistic)")},
		{"an interval", put + "&EvaluationInterval=10", notServed(others)},
		{"a window", put + "&EvaluationWindow.SlidingWindow.x=1", "ValidationError: …"},
		{"a member that there is not", put + "&Colour=red", "ValidationError: The parameter Colour is not recognized"},
		{"a period that there is not", without("Period") + "&Period=7", "ValidationError: …"},
		{"more datapoints than periods", put + "&DatapointsToAlarm=2", "ValidationError: …"},
		{"an operator that there is not", without("ComparisonOperator") + "&ComparisonOperator=Equals", "ValidationError: …"},
		{"a treatment that there is not", put + "&TreatMissingData=guess", "ValidationError: …"},
		{"a statistic that there is not", without("Statistic") + "&Statistic=Median", "ValidationError: …"},
		{"nothing was made", describe, "MetricAlarms#=0"},
	})
}

func TestAlarmsAreFound(t *testing.T) {
	do(t, apitest.Steps{
		{"another", put + "&OKActions.member.1=arn:aws:sns:r:1:t", ""},
		{"both, by name", "DescribeAlarms", "MetricAlarms#=2&MetricAlarms.1.AlarmName=a&MetricAlarms.2.AlarmName=high"},
		{"by name", "DescribeAlarms&AlarmNames.member.1=high", "MetricAlarms#=1&MetricAlarms.1.AlarmName=high"},
		{"by no name", "DescribeAlarms&AlarmNames.member.1=x", "MetricAlarms#=0"},
		{"by prefix", "DescribeAlarms&AlarmNamePrefix=hi", "MetricAlarms#=1&MetricAlarms.1.AlarmName=high"},
		{"by state", "DescribeAlarms&StateValue=INSUFFICIENT_DATA", "MetricAlarms#=2"},
		{"by another state", "DescribeAlarms&StateValue=ALARM", "MetricAlarms#=0"},
		{"by an action", "DescribeAlarms&ActionPrefix=arn:aws:autoscaling", "MetricAlarms#=1&MetricAlarms.1.AlarmName=high"},
		{"by another action", "DescribeAlarms&ActionPrefix=arn:aws:sns", "MetricAlarms#=1&MetricAlarms.1.AlarmName=a"},
		{"of metrics", "DescribeAlarms&AlarmTypes.member.1=MetricAlarm", "MetricAlarms#=2"},
		{"composite ones", "DescribeAlarms&AlarmTypes.member.1=CompositeAlarm", "MetricAlarms#=0&CompositeAlarms#=0"},
		{
			"by name and prefix", describe + "&AlarmNamePrefix=h",
			"ValidationError: AlarmNamePrefix and AlarmNames cannot both be given: choose one",
		},
		{"by child", "DescribeAlarms&ChildrenOfAlarmName=a", notServed("composite alarms (ChildrenOfAlarmName, ParentsOfAlarmName)")},
		{"by parent", "DescribeAlarms&ParentsOfAlarmName=a", notServed("composite alarms (ChildrenOfAlarmName, ParentsOfAlarmName)")},
		{"a page that is too long", "DescribeAlarms&MaxRecords=101", tooLong("101", "maxRecords", "100")},
		{"a token that is not ours", "DescribeAlarms&NextToken=x", "InvalidNextToken: The token 'x' is invalid."},
	})
}

func TestAlarmsOfAMetricAreFound(t *testing.T) {
	const of = "DescribeAlarmsForMetric&MetricName=CPUUtilization&Namespace=AWS/EC2"
	const group = "&Dimensions.member.1.Name=AutoScalingGroupName&Dimensions.member.1.Value=web-asg"
	do(t, apitest.Steps{
		{"by its dimension", of + group, "MetricAlarms#=1&MetricAlarms.1.AlarmName=high"},
		{"without it that is another metric", of, "MetricAlarms#=0"},
		{"with the statistic", of + group + "&Statistic=Average", "MetricAlarms#=1"},
		{"with another", of + group + "&Statistic=Sum", "MetricAlarms#=0"},
		{"with the period", of + group + "&Period=10", "MetricAlarms#=1"},
		{"with another", of + group + "&Period=60", "MetricAlarms#=0"},
		{"with a unit that it has not", of + group + "&Unit=Percent", "MetricAlarms#=0"},
		{
			"two dimensions",
			put + "&Dimensions.member.1.Name=x&Dimensions.member.1.Value=1&Dimensions.member.2.Name=y&Dimensions.member.2.Value=2",
			"",
		},
		{
			"in whatever order", "DescribeAlarmsForMetric&MetricName=m&Namespace=n" +
				"&Dimensions.member.1.Name=y&Dimensions.member.1.Value=2&Dimensions.member.2.Name=x&Dimensions.member.2.Value=1", "MetricAlarms#=1",
		},
		{"with a percentile", of + "&ExtendedStatistic=p99", notServed("ExtendedStatistic")},
		{"no metric", "DescribeAlarmsForMetric&Namespace=n", lacks("metricName")},
		{"nothing", "DescribeAlarmsForMetric", lacks("metricName", "namespace")},
	})
}

func TestAlarmsComeInPages(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Call(t, awsapi.CloudWatch, put)
		w.Name(t, "next", "NextToken", awsapi.CloudWatch, "DescribeAlarms&MaxRecords=1")
		w.Do(t, awsapi.CloudWatch, apitest.Steps{
			{"the first", "DescribeAlarms&MaxRecords=1", "MetricAlarms#=1&MetricAlarms.1.AlarmName=a"},
			{"the second", "DescribeAlarms&MaxRecords=1&NextToken={next}", "MetricAlarms#=1&MetricAlarms.1.AlarmName=high&!NextToken"},
		})
	})
}

func TestStatesAndActionsAreSetByHand(t *testing.T) {
	do(t, apitest.Steps{
		{"put", put, ""},
		{"set", "SetAlarmState&AlarmName=a&StateValue=ALARM&StateReason=by+hand&StateReasonData={\"x\":1}", ""},
		{
			"it is", describe,
			"MetricAlarms.1.StateValue=ALARM&MetricAlarms.1.StateReason=by hand&MetricAlarms.1.StateReasonData={\"x\":1}",
		},
		{"no reason", "SetAlarmState&AlarmName=a&StateValue=OK", lacks("stateReason")},
		{"nothing", "SetAlarmState", lacks("alarmName", "stateValue", "stateReason")},
		{"a state that there is not", "SetAlarmState&AlarmName=a&StateValue=FINE&StateReason=r", "ValidationError: …"},
		{"of no alarm", "SetAlarmState&AlarmName=x&StateValue=OK&StateReason=r", "ResourceNotFound: …"},
		{"disable", "DisableAlarmActions&AlarmNames.member.1=a", ""},
		{"they are", describe, "MetricAlarms.1.ActionsEnabled=false"},
		{"enable", "EnableAlarmActions&AlarmNames.member.1=a", ""},
		{"they are", describe, "MetricAlarms.1.ActionsEnabled=true"},
		{"of no alarm, as AWS has it", "DisableAlarmActions&AlarmNames.member.1=x", ""},
		{"delete no alarm", "DeleteAlarms&AlarmNames.member.1=x", "ResourceNotFound: …"},
		{"delete", "DeleteAlarms&AlarmNames.member.1=a", ""},
		{"it is gone", describe, "MetricAlarms#=0"},
	})
}

func TestTagsOfNoAlarmAreAnError(t *testing.T) {
	do(t, apitest.Steps{
		{"no ARN", "ListTagsForResource", lacks("resourceARN")},
		{"of no alarm", "ListTagsForResource&ResourceARN=arn:x", "ResourceNotFoundException: No alarm has the ARN arn:x"},
	})
}

// What happens to an alarm is in its history, the newest first.
func TestHistory(t *testing.T) {
	const history = "DescribeAlarmHistory&AlarmName=a"
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Call(t, awsapi.CloudWatch, put)
		w.Wait(10 * time.Second)
		w.Call(t, awsapi.CloudWatch, "SetAlarmState&AlarmName=a&StateValue=ALARM&StateReason=by+hand")
		w.Name(t, "next", "NextToken", awsapi.CloudWatch, history+"&MaxRecords=1")
		w.Do(t, awsapi.CloudWatch, apitest.Steps{
			{
				"the newest first", history,
				"AlarmHistoryItems#=2&AlarmHistoryItems.1.HistoryItemType=StateUpdate&AlarmHistoryItems.1.AlarmType=MetricAlarm&" +
					"AlarmHistoryItems.1.HistorySummary=Alarm updated from INSUFFICIENT_DATA to ALARM&" +
					"AlarmHistoryItems.2.HistoryItemType=ConfigurationUpdate",
			},
			{"the oldest first", history + "&ScanBy=TimestampAscending", "AlarmHistoryItems.1.HistoryItemType=ConfigurationUpdate"},
			{"of all alarms", "DescribeAlarmHistory&HistoryItemType=ConfigurationUpdate", "AlarmHistoryItems#=2"},
			{"of a kind", history + "&HistoryItemType=StateUpdate", "AlarmHistoryItems#=1"},
			{"since then", history + "&StartDate=2000-01-01T00:00:11Z", "AlarmHistoryItems#=1&AlarmHistoryItems.1.HistoryItemType=StateUpdate"},
			{
				"until then", history + "&EndDate=2000-01-01T00:00:19Z",
				"AlarmHistoryItems#=1&AlarmHistoryItems.1.HistoryItemType=ConfigurationUpdate",
			},
			{"until the very moment", history + "&EndDate=2000-01-01T00:00:20Z", "AlarmHistoryItems#=2"},
			{"of metric alarms", history + "&AlarmTypes.member.1=MetricAlarm", "AlarmHistoryItems#=2"},
			{"of composite ones", history + "&AlarmTypes.member.1=CompositeAlarm", "AlarmHistoryItems#=0"},
			{
				"from after to before", history + "&StartDate=2000-01-01T00:00:02Z&EndDate=2000-01-01T00:00:01Z",
				"InvalidParameterValue: The parameter StartDate must not be after the parameter EndDate.",
			},
			{"by contributor", history + "&AlarmContributorId=c", notServed("AlarmContributorId")},
			{"the second page", history + "&MaxRecords=1&NextToken={next}", "AlarmHistoryItems#=1&!NextToken"},
			{"a page that is too long", history + "&MaxRecords=101", tooLong("101", "maxRecords", "100")},
			{"a token that is not ours", history + "&NextToken=x", "InvalidNextToken: The token 'x' is invalid."},
		})
	})
}
