package cloudwatchapi_test

import (
	"fmt"
	"strings"
	"testing"

	"secondwind/localcloud/apitest"
)

const sums = statistics + "&Statistics.member.1=Sum&Statistics.member.2=SampleCount&Statistics.member.3=Minimum&Statistics.member.4=Maximum"

func TestEveryFormOfADatumIsTaken(t *testing.T) {
	for name, test := range map[string][2]string{
		"a value":  {"Value=2.5", "Datapoints.1.Sum=2.5&Datapoints.1.SampleCount=1.0&Datapoints.1.Unit=None"},
		"values":   {"Values.member.1=1&MetricData.member.1.Values.member.2=4", "Datapoints.1.Sum=5.0&Datapoints.1.SampleCount=2.0"},
		"a unit":   {"Value=1&MetricData.member.1.Unit=Seconds", "Datapoints.1.Unit=Seconds"},
		"a minute": {"Value=1&MetricData.member.1.StorageResolution=60", "Datapoints.1.Sum=1.0"},
		"a second": {"Value=1&MetricData.member.1.StorageResolution=1", "Datapoints.1.Sum=1.0"},
		"values with counts": {
			"Values.member.1=1&MetricData.member.1.Values.member.2=4&MetricData.member.1.Counts.member.1=3&MetricData.member.1.Counts.member.2=1",
			"Datapoints.1.Sum=7.0&Datapoints.1.SampleCount=4.0&Datapoints.1.Minimum=1.0&Datapoints.1.Maximum=4.0",
		},
		"statistics": {
			"StatisticValues.SampleCount=2&MetricData.member.1.StatisticValues.Sum=9&MetricData.member.1.StatisticValues.Minimum=4" +
				"&MetricData.member.1.StatisticValues.Maximum=5",
			"Datapoints.1.Sum=9.0&Datapoints.1.SampleCount=2.0&Datapoints.1.Minimum=4.0&Datapoints.1.Maximum=5.0",
		},
	} {
		t.Run(name, func(t *testing.T) { do(t, apitest.Steps{{"put", datum + test[0], ""}, {"it is there", sums, test[1]}}) })
	}
	t.Run("of a while ago", func(t *testing.T) {
		do(t, apitest.Steps{
			{"put", datum + "Value=1&MetricData.member.1.Timestamp=1999-12-31T23:59:30Z", ""},
			{"it is not of now", sums, "Datapoints#=0"},
			{
				"but of then", strings.Replace(sums, "StartTime=2000-01-01T00", "StartTime=1999-12-31T23", 1),
				"Datapoints#=1&Datapoints.1.Timestamp=1999-12-31T23:59:00.000Z",
			},
		})
	})
	t.Run("with an entity", func(t *testing.T) {
		do(t, apitest.Steps{
			{
				"put", "PutMetricData&Namespace=mine&EntityMetricData.member.1.Entity.Attributes.entry.1.key=k" +
					"&EntityMetricData.member.1.Entity.Attributes.entry.1.value=v&EntityMetricData.member.1.MetricData.member.1.MetricName=m" +
					"&EntityMetricData.member.1.MetricData.member.1.Value=8", "",
			},
			{"it is there", sums, "Datapoints.1.Sum=8.0"},
		})
	})
}

func TestBadDataAreRefused(t *testing.T) {
	const dimension = "&MetricData.member.1.Dimensions.member.%[1]d.Name=d%[1]d&MetricData.member.1.Dimensions.member.%[1]d.Value=v"
	many := func(n int, format string) string {
		var b strings.Builder
		for i := range n {
			fmt.Fprintf(&b, format, i+1)
		}
		return b.String()
	}
	do(t, apitest.Steps{
		{"nothing", "PutMetricData", lacks("namespace")},
		{"no datum", "PutMetricData&Namespace=mine", "MissingParameter: The parameter MetricData is required."},
		{
			"a namespace of AWS", "PutMetricData&Namespace=AWS/EC2&MetricData.member.1.MetricName=m&MetricData.member.1.Value=1",
			"InvalidParameterValue: The value AWS/ for parameter Namespace is invalid: only AWS publishes there.",
		},
		{
			"too many", "PutMetricData&Namespace=mine" + many(1001, "&MetricData.member.%d.Value=1"),
			"InvalidParameterValue: The collection MetricData must not have a size greater than 1000; it has 1001.",
		},
		{
			"no name", "PutMetricData&Namespace=mine&MetricData.member.1.Value=1",
			"MissingParameter: The parameter MetricData.member.1.MetricName is required.",
		},
		{
			"no value", "PutMetricData&Namespace=mine&MetricData.member.1.MetricName=m",
			"MissingParameter: At least one of the parameters MetricData.member.1.Value, Values and StatisticValues is required.",
		},
		{
			"the second without a value", datum + "Value=1&MetricData.member.2.MetricName=m",
			"MissingParameter: At least one of the parameters MetricData.member.2.Value, Values and StatisticValues is required.",
		},
		{
			"a value and values", datum + "Value=1&MetricData.member.1.Values.member.1=1",
			"InvalidParameterCombination: The parameters MetricData.member.1.Value, Values and StatisticValues are mutually exclusive.",
		},
		{
			"a value and statistics", datum + "Value=1&MetricData.member.1.StatisticValues.Sum=1",
			"InvalidParameterCombination: The parameters MetricData.member.1.Value, Values and StatisticValues are mutually exclusive.",
		},
		{
			"values and statistics", datum + "Values.member.1=1&MetricData.member.1.StatisticValues.Sum=1",
			"InvalidParameterCombination: The parameters MetricData.member.1.Value, Values and StatisticValues are mutually exclusive.",
		},
		{
			"more counts than values", datum + "Values.member.1=1&MetricData.member.1.Counts.member.1=1&MetricData.member.1.Counts.member.2=1",
			"InvalidParameterValue: MetricData.member.1: at most 150 Values, and as many Counts as Values.",
		},
		{
			"too many values", datum + "Unit=None" + many(151, "&MetricData.member.1.Values.member.%d=1"),
			"InvalidParameterValue: MetricData.member.1: at most 150 Values, and as many Counts as Values.",
		},
		{"no number", datum + "Value=NaN", "InvalidParameterValue: MetricData.member.1: values must be finite numbers."},
		{"infinity", datum + "Value=Infinity", "InvalidParameterValue: MetricData.member.1: values must be finite numbers."},
		{
			"of no samples", datum + "StatisticValues.Sum=1",
			"InvalidParameterValue: MetricData.member.1: the sample count must be greater than 0.",
		},
		{
			"too many dimensions", datum + "Value=1" + many(31, dimension),
			"InvalidParameterValue: The collection MetricData.member.1.Dimensions must not have a size greater than 30.",
		},
		{
			"a dimension without a value", datum + "Value=1&MetricData.member.1.Dimensions.member.1.Name=d",
			"InvalidParameterValue: MetricData.member.1.Dimensions: every dimension needs a Name and a Value.",
		},
		{
			"half a minute", datum + "Value=1&MetricData.member.1.StorageResolution=30",
			"InvalidParameterValue: The parameter MetricData.member.1.StorageResolution must be 1 or 60.",
		},
		{
			"in furlongs", datum + "Value=1&MetricData.member.1.Unit=Furlongs",
			"InvalidParameterValue: The value Furlongs for parameter MetricData.member.1.Unit is invalid.",
		},
		{
			"of last month", datum + "Value=1&MetricData.member.1.Timestamp=1999-12-01T00:00:00Z",
			"InvalidParameterValue: The parameter MetricData.member.1.Timestamp must specify a time within the past two weeks " +
				"and no more than two hours in the future.",
		},
		{
			"of tonight", datum + "Value=1&MetricData.member.1.Timestamp=2000-01-01T02:00:01Z",
			"InvalidParameterValue: The parameter MetricData.member.1.Timestamp must specify …",
		},
		{"entities checked", datum + "Value=1&StrictEntityValidation=true", notServed("StrictEntityValidation")},
		{"nothing was kept", "ListMetrics&Namespace=mine", "Metrics#=0"},
	})
}
