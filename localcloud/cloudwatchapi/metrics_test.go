package cloudwatchapi_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

const (
	window     = "&StartTime=2000-01-01T00:00:00Z&EndTime=2000-01-01T01:00:00Z"
	statistics = "GetMetricStatistics&Namespace=mine&MetricName=m&Period=60" + window
	stat       = "MetricDataQueries.member.1.MetricStat."
	data       = "GetMetricData" + window + "&MetricDataQueries.member.1.Id=q&" + stat + "Period=60&" +
		stat + "Metric.Namespace=mine&" + stat + "Metric.MetricName=m"
	datum = "PutMetricData&Namespace=mine&MetricData.member.1.MetricName=m&MetricData.member.1."
)

// withData calls f in a world with the values 1 and 3 of minute 0, and 5 of minute 2.
func withData(t *testing.T, f func(t *testing.T, w *apitest.World)) {
	t.Helper()
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Call(t, awsapi.CloudWatch, datum+"Values.member.1=1&MetricData.member.1.Values.member.2=3&MetricData.member.1.Unit=Count")
		w.Wait(2 * time.Minute)
		w.Call(t, awsapi.CloudWatch, datum+"Value=5&MetricData.member.1.Unit=Count")
		f(t, w)
	})
}

func TestStatistics(t *testing.T) {
	all := ""
	for i, name := range []string{"Average", "Sum", "Minimum", "Maximum", "SampleCount"} {
		all += fmt.Sprintf("&Statistics.member.%d=%s", i+1, name)
	}
	withData(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.CloudWatch, apitest.Steps{
			{
				"every statistic of a minute", statistics + all,
				"Label=m&Datapoints#=2&Datapoints.1.Timestamp=2000-01-01T00:00:00.000Z&Datapoints.1.Average=2.0&Datapoints.1.Sum=4.0&" +
					"Datapoints.1.Minimum=1.0&Datapoints.1.Maximum=3.0&Datapoints.1.SampleCount=2.0&Datapoints.1.Unit=Count",
			},
			{"only what is asked for", statistics + "&Statistics.member.1=Sum", "Datapoints.1.Sum=4.0&!Datapoints.1.Average"},
			{"of a unit", statistics + "&Statistics.member.1=Sum&Unit=Count", "Datapoints#=2"},
			{"of another", statistics + "&Statistics.member.1=Sum&Unit=Percent", "Datapoints#=0"},
			{
				"of five minutes", strings.Replace(statistics, "Period=60", "Period=300", 1) + "&Statistics.member.1=Sum",
				"Datapoints#=1&Datapoints.1.Sum=9.0",
			},
			{"of no metric", strings.Replace(statistics, "MetricName=m", "MetricName=x", 1) + "&Statistics.member.1=Sum", "Datapoints#=0"},
		})
	})
}

func TestBadStatisticsAreRefused(t *testing.T) {
	const sum = "&Statistics.member.1=Sum"
	period := func(seconds string) string {
		return strings.Replace(statistics, "Period=60", "Period="+seconds, 1) + sum
	}
	do(t, apitest.Steps{
		{"nothing", "GetMetricStatistics", lacks("namespace", "metricName", "period", "startTime", "endTime")},
		{
			"no statistic", statistics,
			"MissingParameter: The parameter Statistics is required: one of Average, Sum, Minimum, Maximum, SampleCount.",
		},
		{
			"a statistic that there is not", statistics + "&Statistics.member.1=Median",
			"InvalidParameterValue: The value Median for parameter Statistics is not supported.",
		},
		{"percentiles", statistics + sum + "&ExtendedStatistics.member.1=p99", notServed("percentiles (ExtendedStatistics)")},
		{
			"a period of 7 s", period("7"),
			"InvalidParameterValue: The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds; it is 7.",
		},
		{"of 0 s", period("0"), "InvalidParameterValue: The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60 seconds; it is 0."},
		{"of 90 s", period("90"), "InvalidParameterValue: The parameter Period must be …"},
		{
			"too many datapoints", period("1"),
			"InvalidParameterCombination: You have requested up to 3600 datapoints, which exceeds the limit of 1440. " +
				"You may reduce the datapoints requested by increasing Period, or decreasing the time range.",
		},
		{
			"an end at the start", "GetMetricStatistics&Namespace=n&MetricName=m&Period=60&StartTime=2000-01-01T00:00:00Z" +
				"&EndTime=2000-01-01T00:00:00Z" + sum,
			"InvalidParameterValue: The parameter StartTime must be less than the parameter EndTime.",
		},
	})
}

func TestMetricData(t *testing.T) {
	withData(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.CloudWatch, apitest.Steps{
			{
				"the newest first", data + "&" + stat + "Stat=Sum",
				"MetricDataResults#=1&MetricDataResults.1.Id=q&MetricDataResults.1.Label=m&MetricDataResults.1.StatusCode=Complete&" +
					"MetricDataResults.1.Values.1=5.0&MetricDataResults.1.Values.2=4.0&" +
					"MetricDataResults.1.Timestamps.1=2000-01-01T00:02:00.000Z&!NextToken",
			},
			{
				"the oldest first", data + "&" + stat + "Stat=Average&ScanBy=TimestampAscending",
				"MetricDataResults.1.Values.1=2.0&MetricDataResults.1.Values.2=5.0",
			},
			{"with a label", data + "&" + stat + "Stat=Sum&MetricDataQueries.member.1.Label=l", "MetricDataResults.1.Label=l"},
			{"of another unit", data + "&" + stat + "Stat=Sum&" + stat + "Unit=Percent", "MetricDataResults.1.Values#=0"},
			{"not answered", data + "&" + stat + "Stat=Sum&MetricDataQueries.member.1.ReturnData=false", "MetricDataResults#=0"},
			{
				"two series", data + "&" + stat + "Stat=Maximum&MetricDataQueries.member.2.Id=r" +
					strings.NewReplacer("member.1", "member.2").Replace("&"+stat+"Period=60&"+stat+"Stat=Minimum&"+
						stat+"Metric.Namespace=mine&"+stat+"Metric.MetricName=m"),
				"MetricDataResults#=2&MetricDataResults.1.Values.2=3.0&MetricDataResults.2.Id=r&MetricDataResults.2.Values.2=1.0",
			},
		})
	})
}

// MaxDatapoints counts over all series; one that goes on is PartialData.
func TestMetricDataComesInPages(t *testing.T) {
	second := strings.ReplaceAll("&"+stat+"Period=60&"+stat+"Stat=Minimum&"+stat+"Metric.Namespace=mine&"+stat+"Metric.MetricName=m",
		"member.1", "member.2") + "&MetricDataQueries.member.2.Id=r"
	request := data + "&" + stat + "Stat=Maximum" + second + "&MaxDatapoints="
	withData(t, func(t *testing.T, w *apitest.World) {
		w.Name(t, "next", "NextToken", awsapi.CloudWatch, request+"3")
		w.Do(t, awsapi.CloudWatch, apitest.Steps{
			{
				"three of four", request + "3",
				"MetricDataResults#=2&MetricDataResults.1.StatusCode=Complete&MetricDataResults.1.Values#=2&" +
					"MetricDataResults.2.StatusCode=PartialData&MetricDataResults.2.Values#=1&MetricDataResults.2.Values.1=5.0",
			},
			{
				"the fourth", request + "3&NextToken={next}",
				"MetricDataResults#=1&MetricDataResults.1.Id=r&MetricDataResults.1.StatusCode=Complete&" +
					"MetricDataResults.1.Values#=1&MetricDataResults.1.Values.1=1.0&!NextToken",
			},
			{"none", request + "0", "ValidationError: MaxDatapoints must be between 1 and 100800; it is 0."},
			{"more than AWS answers", request + "100801", "ValidationError: MaxDatapoints must be between 1 and 100800; it is 100801."},
			{"a token that is not ours", request + "3&NextToken=x", "InvalidNextToken: The token 'x' is invalid."},
		})
	})
}

func TestBadQueriesAreRefused(t *testing.T) {
	id := func(id string) string { return strings.Replace(data, "Id=q", "Id="+id, 1) + "&" + stat + "Stat=Sum" }
	many := strings.Builder{}
	for i := range 501 {
		fmt.Fprintf(&many, "&MetricDataQueries.member.%d.Id=q%d", i+1, i)
	}
	do(t, apitest.Steps{
		{"nothing", "GetMetricData", lacks("startTime", "endTime", "metricDataQueries")},
		{"no query", "GetMetricData" + window, lacks("metricDataQueries")},
		{"labels in another time", data + "&LabelOptions.Timezone=%2B0100", notServed("LabelOptions")},
		{
			"too many", "GetMetricData" + window + many.String(),
			"ValidationError: The collection MetricDataQueries must not have a size greater than 500; it has 501.",
		},
		{"an id in capitals", id("Q"), "ValidationError: The value 'Q' for parameter MetricDataQueries.Id is not valid: it must start " +
			"with a lowercase letter and contain only letters, digits and underscores."},
		{"an id with a hyphen", id("a-b"), "ValidationError: The value 'a-b' for parameter MetricDataQueries.Id is not valid: …"},
		{"no id", id(""), "ValidationError: The value '' for parameter MetricDataQueries.Id is not valid: …"},
		{
			"the same id twice", data + "&" + stat + "Stat=Sum&MetricDataQueries.member.2.Id=q",
			"ValidationError: The values for parameter id in MetricDataQueries are not unique: 'q'.",
		},
		{
			"metric math", "GetMetricData" + window + "&MetricDataQueries.member.1.Id=e&MetricDataQueries.member.1.Expression=m*2",
			"ValidationError: MetricDataQueries 'e': Expression is metric math, which the local cloud does not evaluate. " +
				"Ask for each metric by a MetricStat and compute from the answers.",
		},
		{
			"no metric", "GetMetricData" + window + "&MetricDataQueries.member.1.Id=q",
			"ValidationError: MetricDataQueries 'q': MetricStat with its Metric, Period and Stat is required.",
		},
		{
			"a percentile", data + "&" + stat + "Stat=p99",
			"ValidationError: MetricDataQueries 'q': the statistic 'p99' is not kept here; " +
				"Average, Sum, Minimum, Maximum and SampleCount are.",
		},
		{"no statistic", data, "ValidationError: MetricDataQueries 'q': the statistic '' is not kept here; …"},
		{"a period of 7 s", strings.Replace(data, "Period=60", "Period=7", 1) + "&" + stat + "Stat=Sum", "InvalidParameterValue: …"},
	})
}

func TestMetricsAreListed(t *testing.T) {
	const dimensions = "&Dimensions.member.1.Name=InstanceId"
	withData(t, func(t *testing.T, w *apitest.World) {
		w.Do(t, awsapi.CloudWatch, apitest.Steps{
			{"one's own", "ListMetrics&Namespace=mine", "Metrics#=1&Metrics.1.MetricName=m&Metrics.1.Namespace=mine&Metrics.1.Dimensions#=0"},
			{"of a name", "ListMetrics&MetricName=CPUUtilization", "Metrics#=4"},
			{"of both", "ListMetrics&MetricName=m&Namespace=AWS/EC2", "Metrics#=0"},
			{"with a dimension of any value", "ListMetrics" + dimensions, "Metrics#=1&Metrics.1.Dimensions.1.Name=InstanceId"},
			{"of that value", "ListMetrics" + dimensions + "&Dimensions.member.1.Value=i-1", "Metrics#=0"},
			{
				"with two", "ListMetrics" + dimensions + "&Dimensions.member.2.Name=AutoScalingGroupName", "Metrics#=0",
			},
			{"of late", "ListMetrics&RecentlyActive=PT3H", notServed("RecentlyActive")},
			{"of other accounts", "ListMetrics&IncludeLinkedAccounts=true", notServed("IncludeLinkedAccounts")},
			{"of one of them", "ListMetrics&OwningAccount=1", notServed("OwningAccount")},
			{"of this one alone", "ListMetrics&IncludeLinkedAccounts=false&Namespace=mine", "Metrics#=1"},
			{"a token that is not ours", "ListMetrics&NextToken=x", "InvalidParameterValue: The token 'x' is invalid."},
		})
		for i := range 501 {
			request := "PutMetricData&Namespace=many&MetricData.member.1.Value=1&MetricData.member.1.MetricName=m"
			w.Call(t, awsapi.CloudWatch, request+strconv.Itoa(i))
		}
		w.Name(t, "next", "NextToken", awsapi.CloudWatch, "ListMetrics&Namespace=many")
		w.Do(t, awsapi.CloudWatch, apitest.Steps{
			{"500 on a page", "ListMetrics&Namespace=many", "Metrics#=500"},
			{"the last one", "ListMetrics&Namespace=many&NextToken={next}", "Metrics#=1&!NextToken"},
		})
	})
}
