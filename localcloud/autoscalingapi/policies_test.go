package autoscalingapi_test

import (
	"fmt"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

const (
	put      = "PutScalingPolicy&AutoScalingGroupName=web-asg&PolicyName=p"
	describe = "DescribePolicies&PolicyNames.member.1=p"
	tracking = put + "&PolicyType=TargetTrackingScaling&TargetTrackingConfiguration."
)

func TestAStepPolicy(t *testing.T) {
	do(t, apitest.Steps{
		{
			"put", put + "&PolicyType=StepScaling&AdjustmentType=PercentChangeInCapacity&MinAdjustmentMagnitude=1&EstimatedInstanceWarmup=60" +
				"&MetricAggregationType=Maximum&StepAdjustments.member.1.MetricIntervalLowerBound=0" +
				"&StepAdjustments.member.1.MetricIntervalUpperBound=10.5&StepAdjustments.member.1.ScalingAdjustment=50" +
				"&StepAdjustments.member.2.MetricIntervalLowerBound=10.5&StepAdjustments.member.2.ScalingAdjustment=100",
			"Alarms#=0",
		},
		{
			"its kind", describe,
			"ScalingPolicies#=1&ScalingPolicies.1.PolicyType=StepScaling&ScalingPolicies.1.AutoScalingGroupName=web-asg&" +
				"ScalingPolicies.1.AdjustmentType=PercentChangeInCapacity&ScalingPolicies.1.MinAdjustmentMagnitude=1&" +
				"ScalingPolicies.1.EstimatedInstanceWarmup=60&ScalingPolicies.1.MetricAggregationType=Maximum&ScalingPolicies.1.Enabled=true",
		},
		{
			"its steps", describe,
			"ScalingPolicies.1.StepAdjustments#=2&ScalingPolicies.1.StepAdjustments.1.MetricIntervalLowerBound=0.0&" +
				"ScalingPolicies.1.StepAdjustments.1.MetricIntervalUpperBound=10.5&ScalingPolicies.1.StepAdjustments.1.ScalingAdjustment=50&" +
				"!ScalingPolicies.1.StepAdjustments.2.MetricIntervalUpperBound&ScalingPolicies.1.StepAdjustments.2.ScalingAdjustment=100",
		},
		{
			"nothing of other kinds", describe,
			"!ScalingPolicies.1.ScalingAdjustment&!ScalingPolicies.1.Cooldown&!ScalingPolicies.1.TargetTrackingConfiguration",
		},
		{"no step", put + "&PolicyType=StepScaling&AdjustmentType=ChangeInCapacity", "ValidationError: At least one StepAdjustment must be " +
			"specified for policy type StepScaling"},
		{
			"a step without an adjustment", put + "&PolicyType=StepScaling&AdjustmentType=ChangeInCapacity&" +
				"StepAdjustments.member.1.MetricIntervalLowerBound=0", "ValidationError: Every StepAdjustment must have a ScalingAdjustment",
		},
	})
}

func TestASimplePolicy(t *testing.T) {
	do(t, apitest.Steps{
		{"put, the kind is the default", put + "&AdjustmentType=ExactCapacity&ScalingAdjustment=2&Cooldown=5&Enabled=false", ""},
		{
			"it is", describe,
			"ScalingPolicies.1.PolicyType=SimpleScaling&ScalingPolicies.1.AdjustmentType=ExactCapacity&ScalingPolicies.1.ScalingAdjustment=2&" +
				"ScalingPolicies.1.Cooldown=5&ScalingPolicies.1.Enabled=false&ScalingPolicies.1.StepAdjustments#=0&" +
				"!ScalingPolicies.1.EstimatedInstanceWarmup&!ScalingPolicies.1.MinAdjustmentMagnitude",
		},
		{"put again without a cooldown: the group's own", put + "&AdjustmentType=ChangeInCapacity&ScalingAdjustment=-1", ""},
		{"none is answered", describe, "ScalingPolicies#=1&ScalingPolicies.1.ScalingAdjustment=-1&!ScalingPolicies.1.Cooldown"},
		{"a cooldown of 0 is one", put + "&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1&Cooldown=0", ""},
		{"it is answered", describe, "ScalingPolicies.1.Cooldown=0"},
		{
			"no adjustment", put + "&AdjustmentType=ChangeInCapacity",
			"ValidationError: ScalingAdjustment must be specified for policy type SimpleScaling",
		},
		{"no kind of adjustment", put + "&ScalingAdjustment=1", "ValidationError: …"},
	})
}

func TestATargetTrackingPolicy(t *testing.T) {
	const custom = tracking + "CustomizedMetricSpecification."
	do(t, apitest.Steps{
		{
			"CPU", tracking + "TargetValue=40&TargetTrackingConfiguration.DisableScaleIn=true" +
				"&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization",
			"Alarms#=1",
		},
		{
			"it has an alarm of its own", describe,
			"ScalingPolicies.1.Alarms#=1&ScalingPolicies.1.TargetTrackingConfiguration.TargetValue=40.0&" +
				"ScalingPolicies.1.TargetTrackingConfiguration.DisableScaleIn=true&" +
				"ScalingPolicies.1.TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization",
		},
		{
			"a metric of one's own", custom + "MetricName=jobs&TargetTrackingConfiguration.CustomizedMetricSpecification.Namespace=mine" +
				"&TargetTrackingConfiguration.CustomizedMetricSpecification.Statistic=Sum&TargetTrackingConfiguration.TargetValue=1" +
				"&TargetTrackingConfiguration.CustomizedMetricSpecification.Dimensions.member.1.Name=queue" +
				"&TargetTrackingConfiguration.CustomizedMetricSpecification.Dimensions.member.1.Value=q", "Alarms#=2",
		},
		{
			"it is", describe,
			"ScalingPolicies.1.TargetTrackingConfiguration.CustomizedMetricSpecification.MetricName=jobs&" +
				"ScalingPolicies.1.TargetTrackingConfiguration.CustomizedMetricSpecification.Namespace=mine&" +
				"ScalingPolicies.1.TargetTrackingConfiguration.CustomizedMetricSpecification.Statistic=Sum&" +
				"ScalingPolicies.1.TargetTrackingConfiguration.CustomizedMetricSpecification.Dimensions.1.Name=queue&" +
				"ScalingPolicies.1.TargetTrackingConfiguration.CustomizedMetricSpecification.Dimensions.1.Value=q",
		},
		{
			"nothing", put + "&PolicyType=TargetTrackingScaling",
			"ValidationError: TargetTrackingConfiguration must be specified for policy type TargetTrackingScaling",
		},
		{
			"no target", tracking + "PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization",
			"ValidationError: TargetTrackingConfiguration must have a TargetValue",
		},
		{
			"no metric", tracking + "TargetValue=1",
			"ValidationError: TargetTrackingConfiguration must have either a PredefinedMetricSpecification or a CustomizedMetricSpecification",
		},
		{
			"two metrics", custom + "MetricName=m&TargetTrackingConfiguration.TargetValue=1" +
				"&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageCPUUtilization",
			"ValidationError: TargetTrackingConfiguration must have either a PredefinedMetricSpecification or a CustomizedMetricSpecification",
		},
		{
			"another predefined metric", tracking + "TargetValue=1" +
				"&TargetTrackingConfiguration.PredefinedMetricSpecification.PredefinedMetricType=ASGAverageNetworkIn",
			notServed("predefined metric ASGAverageNetworkIn"),
		},
		{
			"metric math", custom + "Metrics.member.1.Id=m&TargetTrackingConfiguration.TargetValue=1",
			notServed("target tracking on metric math (Metrics)"),
		},
		{
			"a period", custom + "Period=10&TargetTrackingConfiguration.TargetValue=1",
			notServed("a Period of a CustomizedMetricSpecification"),
		},
	})
}

func TestPoliciesThatAreNotServedAreRefused(t *testing.T) {
	do(t, apitest.Steps{
		{"no name", "PutScalingPolicy&AutoScalingGroupName=web-asg", lacks("policyName")},
		{"no group", "PutScalingPolicy&PolicyName=p&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1", lacks("autoScalingGroupName")},
		{
			"no such group", "PutScalingPolicy&PolicyName=p&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1&AutoScalingGroupName=x",
			noGroupX,
		},
		{"predictive scaling", put + "&PolicyType=PredictiveScaling", notServed("predictive scaling")},
		{
			"its configuration", put + "&ScalingAdjustment=1&PredictiveScalingConfiguration.Mode=ForecastOnly",
			notServed("predictive scaling"),
		},
		{"a step of old", put + "&MinAdjustmentStep=1", notServed("MinAdjustmentStep (deprecated by MinAdjustmentMagnitude)")},
		{"a kind that there is not", put + "&PolicyType=Magic", "ValidationError: …"},
	})
}

func TestPoliciesAreFound(t *testing.T) {
	do(t, apitest.Steps{
		{"another", put + "&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1", ""},
		{"both", "DescribePolicies", "ScalingPolicies#=2"},
		{"by group", "DescribePolicies&AutoScalingGroupName=web-asg", "ScalingPolicies#=2"},
		{"by no group", "DescribePolicies&AutoScalingGroupName=x", noGroupX},
		{"by name", describe, "ScalingPolicies#=1&ScalingPolicies.1.PolicyName=p"},
		{"by ARN", "DescribePolicies&PolicyNames.member.1={policy}", "ScalingPolicies#=1&ScalingPolicies.1.PolicyName=out"},
		{"by no name", "DescribePolicies&PolicyNames.member.1=x", "ScalingPolicies#=0"},
		{"by kind", "DescribePolicies&PolicyTypes.member.1=StepScaling", "ScalingPolicies#=1&ScalingPolicies.1.PolicyName=out"},
		{"the alarm that invokes it", "DescribePolicies&PolicyNames.member.1=out", "ScalingPolicies.1.Alarms.1.AlarmName=high"},
		{"the first page", "DescribePolicies&MaxRecords=1", "ScalingPolicies#=1"},
		{"a page that is too long", "DescribePolicies&MaxRecords=101", "ValidationError: 1 validation error detected: Value '101' …"},
		{"a token that is not ours", "DescribePolicies&NextToken=x", "InvalidNextToken: The token 'x' is invalid."},
	})
}

// A policy is named by its ARN, or by its name and group.
func TestPoliciesAreExecutedAndDeleted(t *testing.T) {
	const noPolicy = "ValidationError: PolicyName not found - PolicyName "
	steps := apitest.Steps{
		{"simple, for it is executed by hand", put + "&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1&Cooldown=0", ""},
		{
			"with a metric's value", "ExecutePolicy&PolicyName={policy}&MetricValue=1&BreachThreshold=1",
			notServed("ExecutePolicy with a MetricValue and a BreachThreshold"),
		},
	}
	for _, operation := range []string{"ExecutePolicy", "DeletePolicy"} {
		steps = append(steps, apitest.Steps{
			{"no name", operation, lacks("policyName")},
			{
				"a name without a group", operation + "&PolicyName=p",
				"ValidationError: AutoScalingGroupName is required with a policy's name; it may be left out with its ARN",
			},
			{"no such policy", operation + "&PolicyName=q&AutoScalingGroupName=web-asg", noPolicy + "q not found"},
			{"not of that group", operation + "&PolicyName=p&AutoScalingGroupName=x", noPolicy + "p not found"},
			{"no such ARN", operation + "&PolicyName=arn:x", noPolicy + "arn:x not found"},
			{operation + " by name", operation + "&PolicyName=p&AutoScalingGroupName=web-asg", ""},
		}...)
	}
	do(t, append(steps, apitest.Steps{
		{"what was executed", "DescribeAutoScalingGroups", "AutoScalingGroups.1.DesiredCapacity=2"},
		{"delete by ARN", "DeletePolicy&PolicyName={policy}", ""},
		{"none is left", "DescribePolicies", "ScalingPolicies#=0"},
	}...))
}

func TestPoliciesComeInPages(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		for i := range 4 {
			w.Call(t, awsapi.AutoScaling, fmt.Sprintf(
				"PutScalingPolicy&AutoScalingGroupName=web-asg&PolicyName=p%d&AdjustmentType=ChangeInCapacity&ScalingAdjustment=1", i))
		}
		w.Name(t, "next", "NextToken", awsapi.AutoScaling, "DescribePolicies&MaxRecords=2")
		w.Name(t, "last", "NextToken", awsapi.AutoScaling, "DescribePolicies&MaxRecords=2&NextToken={next}")
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"five in pages of two", "DescribePolicies&MaxRecords=2&NextToken={last}", "ScalingPolicies#=1&!NextToken"},
		})
	})
}
