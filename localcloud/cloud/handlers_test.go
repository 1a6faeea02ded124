package cloud

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/awsapi/ec2shapes"
)

// call is an operation with its request, as a table holds it.
func call[In, Out any](h func(context.Context, *In) (*Out, error), in In) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := h(ctx, &in)
		return err
	}
}

// Every refusal has AWS's code and says what is wrong.
func TestBadInputIsRefused(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		cw, as, lb, e := cloudWatchAPI{w.Cloud}, autoScalingAPI{w.Cloud}, elbAPI{w.Cloud}, ec2API{w.Cloud}
		now, name := aws.Time(time.Now()), aws.String(testGroup)
		stat := func(period int32, stat string) []cwtypes.MetricDataQuery {
			return []cwtypes.MetricDataQuery{{Id: aws.String("m"), MetricStat: &cwtypes.MetricStat{Metric: &cwtypes.Metric{}, Period: &period, Stat: &stat}}}
		}
		datum := func(d cwtypes.MetricDatum) func(context.Context) error {
			d.MetricName = aws.String("m")
			return call(cw.putMetricData, cloudwatch.PutMetricDataInput{Namespace: aws.String("mine"), MetricData: []cwtypes.MetricDatum{d}})
		}
		for _, test := range []struct {
			name string
			call func(context.Context) error
			want string // code: part of the message
		}{
			{"an alarm without anything", call(cw.putMetricAlarm, cloudwatch.PutMetricAlarmInput{}), "ValidationError: 8 validation errors detected"},
			{"an alarm on metric math", call(cw.putMetricAlarm, cloudwatch.PutMetricAlarmInput{Metrics: []cwtypes.MetricDataQuery{{}}}), "ValidationError: alarms on metric math"},
			{"a state of no alarm", call(cw.setAlarmState, cloudwatch.SetAlarmStateInput{AlarmName: aws.String("x"), StateValue: "OK", StateReason: aws.String("r")}), "ResourceNotFound: "},
			{"a state that is none", call(cw.setAlarmState, cloudwatch.SetAlarmStateInput{AlarmName: aws.String("high"), StateValue: "FINE", StateReason: aws.String("r")}), "ValidationError: "},
			{"a page of alarms that is too large", call(cw.describeAlarms, cloudwatch.DescribeAlarmsInput{MaxRecords: aws.Int32(101)}), "ValidationError: 1 validation error detected: Value '101'"},
			{"a token that is not ours", call(cw.describeAlarms, cloudwatch.DescribeAlarmsInput{NextToken: aws.String("x")}), "InvalidNextToken: "},
			{"metric math", call(cw.getMetricData, cloudwatch.GetMetricDataInput{StartTime: now, EndTime: now, MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("e"), Expression: aws.String("m*2")}}}), "ValidationError: MetricDataQueries 'e': Expression is metric math"},
			{"a percentile", call(cw.getMetricData, cloudwatch.GetMetricDataInput{StartTime: now, EndTime: now, MetricDataQueries: stat(60, "p99")}), "the statistic 'p99' is not kept"},
			{"an end before the start", call(cw.getMetricData, cloudwatch.GetMetricDataInput{StartTime: now, EndTime: now, MetricDataQueries: stat(60, "Sum")}), "InvalidParameterValue: The parameter StartTime must be less than the parameter EndTime."},
			{"a period of 7 s", call(cw.getMetricData, cloudwatch.GetMetricDataInput{StartTime: now, EndTime: aws.Time(now.Add(time.Hour)), MetricDataQueries: stat(7, "Sum")}), "InvalidParameterValue: The parameter Period"},
			{"too many points", call(cw.getMetricStatistics, cloudwatch.GetMetricStatisticsInput{Namespace: name, MetricName: name, Period: aws.Int32(60), StartTime: now, EndTime: aws.Time(now.Add(48 * time.Hour)), Statistics: []cwtypes.Statistic{"Sum"}}), "InvalidParameterCombination: You have requested up to 2880"},
			{"a namespace of AWS", call(cw.putMetricData, cloudwatch.PutMetricDataInput{Namespace: aws.String("AWS/EC2"), MetricData: []cwtypes.MetricDatum{{}}}), "InvalidParameterValue: The value AWS/"},
			{"a datum without a value", datum(cwtypes.MetricDatum{}), "MissingParameter: "},
			{"a datum with two values", datum(cwtypes.MetricDatum{Value: aws.Float64(1), Values: []float64{1}}), "InvalidParameterCombination: "},
			{"a datum that is no number", datum(cwtypes.MetricDatum{Value: aws.Float64(math.NaN())}), "InvalidParameterValue: "},
			{"a datum of last month", datum(cwtypes.MetricDatum{Value: aws.Float64(1), Timestamp: aws.Time(now.AddDate(0, -1, 0))}), "within the past two weeks"},
			{"a datum in furlongs", datum(cwtypes.MetricDatum{Value: aws.Float64(1), Unit: "Furlongs"}), "InvalidParameterValue: The value Furlongs"},

			{"a group without anything", call(as.createAutoScalingGroup, autoscaling.CreateAutoScalingGroupInput{}), "ValidationError: 3 validation errors detected"},
			{"a group twice", call(as.createAutoScalingGroup, autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: name, MinSize: aws.Int32(0), MaxSize: aws.Int32(1), AvailabilityZones: []string{"local-1a"}, LaunchTemplate: &astypes.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web-lt")}}), "AlreadyExists: "},
			{"a group in no zone", call(as.createAutoScalingGroup, autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: aws.String("g"), MinSize: aws.Int32(0), MaxSize: aws.Int32(1), AvailabilityZones: []string{"moon-1a"}, LaunchTemplate: &astypes.LaunchTemplateSpecification{LaunchTemplateName: aws.String("web-lt")}}), "ValidationError: Invalid availability zones: [moon-1a]"},
			{"a group of no template", call(as.createAutoScalingGroup, autoscaling.CreateAutoScalingGroupInput{AutoScalingGroupName: aws.String("g"), MinSize: aws.Int32(0), MaxSize: aws.Int32(1), AvailabilityZones: []string{"local-1a"}, LaunchTemplate: &astypes.LaunchTemplateSpecification{LaunchTemplateName: aws.String("none")}}), "with template name none, does not exist"},
			{"desired capacity of no group", call(as.setDesiredCapacity, autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String("x"), DesiredCapacity: aws.Int32(1)}), "ValidationError: AutoScalingGroup name not found - AutoScalingGroup x not found"},
			{"desired capacity above the maximum", call(as.setDesiredCapacity, autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: name, DesiredCapacity: aws.Int32(3)}), "ValidationError: "},
			{"deleting a group that runs", call(as.deleteAutoScalingGroup, autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: name}), "ResourceInUse: "},
			{"a simple policy without an adjustment", call(as.putScalingPolicy, autoscaling.PutScalingPolicyInput{AutoScalingGroupName: name, PolicyName: aws.String("p")}), "ValidationError: ScalingAdjustment must be specified"},
			{"a predictive policy", call(as.putScalingPolicy, autoscaling.PutScalingPolicyInput{AutoScalingGroupName: name, PolicyName: aws.String("p"), PolicyType: aws.String("PredictiveScaling")}), "predictive scaling: the local cloud does not serve this"},
			{"a policy that is none", call(as.executePolicy, autoscaling.ExecutePolicyInput{AutoScalingGroupName: name, PolicyName: aws.String("p")}), "ValidationError: PolicyName not found"},
			{"a filter that is none", call(as.describeScalingActivities, autoscaling.DescribeScalingActivitiesInput{AutoScalingGroupName: name, Filters: []astypes.Filter{{Name: aws.String("x")}}}), "ValidationError: Filter x is not known"},
			{"a process that is none", call(as.suspendProcesses, autoscaling.SuspendProcessesInput{AutoScalingGroupName: name, ScalingProcesses: []string{"Dance"}}), "ValidationError: "},
			{"an instance that is in no group", call(as.setInstanceHealth, autoscaling.SetInstanceHealthInput{InstanceId: aws.String("i-1"), HealthStatus: aws.String("Unhealthy")}), "ValidationError: "},

			{"a target group with a long name", call(lb.createTargetGroup, elb.CreateTargetGroupInput{Name: aws.String(strings.Repeat("x", 33)), Protocol: "HTTP", Port: aws.Int32(1)}), "ValidationError: Target group name"},
			{"a target group with a slow check", call(lb.createTargetGroup, elb.CreateTargetGroupInput{Name: aws.String("x"), Protocol: "HTTP", Port: aws.Int32(1), HealthCheckTimeoutSeconds: aws.Int32(31)}), "must be smaller than the interval"},
			{"a target group of another matcher", call(lb.createTargetGroup, elb.CreateTargetGroupInput{Name: aws.String("x"), Protocol: "HTTP", Port: aws.Int32(1), Matcher: &elbtypes.Matcher{HttpCode: aws.String("2xx")}}), "ValidationError: Health check matcher"},
			{"a load balancer in one subnet", call(lb.createLoadBalancer, elb.CreateLoadBalancerInput{Name: aws.String("x"), Subnets: []string{w.network.subnets[0].id}}), "ValidationError: At least two subnets"},
			{"a load balancer in no subnet of ours", call(lb.createLoadBalancer, elb.CreateLoadBalancerInput{Name: aws.String("x"), Subnets: []string{"subnet-1"}}), "SubnetNotFound: "},
			{"a listener of no load balancer", call(lb.createListener, elb.CreateListenerInput{LoadBalancerArn: aws.String("x"), Port: aws.Int32(80), Protocol: "HTTP", DefaultActions: forwardAction(w.tg)}), "LoadBalancerNotFound: "},
			{"a listener with TLS", call(lb.createListener, elb.CreateListenerInput{LoadBalancerArn: aws.String("x"), Port: aws.Int32(443), Protocol: "HTTPS", DefaultActions: forwardAction(w.tg)}), "UnsupportedProtocol: "},
			{"health of no target group", call(lb.describeTargetHealth, elb.DescribeTargetHealthInput{TargetGroupArn: aws.String("x")}), "TargetGroupNotFound: Target groups 'x' not found"},
			{"a target that does not run", call(lb.registerTargets, elb.RegisterTargetsInput{TargetGroupArn: &w.tg, Targets: []elbtypes.TargetDescription{{Id: aws.String("i-1")}}}), "InvalidTarget: "},
			{"stickiness", call(lb.modifyTargetGroupAttributes, elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &w.tg, Attributes: []elbtypes.TargetGroupAttribute{{Key: aws.String("stickiness.enabled"), Value: aws.String("true")}}}), "does not serve this"},
			{"a delay of two hours", call(lb.modifyTargetGroupAttributes, elb.ModifyTargetGroupAttributesInput{TargetGroupArn: &w.tg, Attributes: []elbtypes.TargetGroupAttribute{{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("7200")}}}), "must be between '0' and '3600'"},

			{"a template twice", call(e.createLaunchTemplate, ec2shapes.CreateLaunchTemplateInput{LaunchTemplateName: aws.String("web-lt"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{}}), "InvalidLaunchTemplateName.AlreadyExistsException: "},
			{"a version that is none", call(e.describeLaunchTemplateVersions, ec2shapes.DescribeLaunchTemplateVersionsInput{LaunchTemplateName: aws.String("web-lt"), Versions: []string{"9"}}), "InvalidLaunchTemplateId.VersionNotFound: "},
			{"an instance that is none", call(e.terminateInstances, ec2shapes.TerminateInstancesInput{InstanceIds: []string{"i-1"}}), "InvalidInstanceID.NotFound: "},
			{"an image that is none", call(e.describeImages, ec2shapes.DescribeImagesInput{ImageIds: []string{"ami-2"}}), "InvalidAMIID.NotFound: "},
			{"an EC2 filter that is none", call(e.describeInstances, ec2shapes.DescribeInstancesInput{Filters: []ec2types.Filter{{Name: aws.String("colour")}}}), "InvalidParameterValue: The filter 'colour' is invalid"},
		} {
			err := apiError(test.call(t.Context()))
			refused, ok := errors.AsType[*awsapi.Error](err)
			if !ok || !strings.Contains(refused.Error(), test.want) {
				t.Errorf("%s: %v, want …%q…", test.name, err, test.want)
			}
		}
	})
}

// A raw caller may leave anything out. No handler may panic over that.
func TestEmptyRequestsNeverPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		cw, as, lb, e := cloudWatchAPI{w.Cloud}, autoScalingAPI{w.Cloud}, elbAPI{w.Cloud}, ec2API{w.Cloud}
		for i, f := range []func(context.Context) error{
			call(cw.putMetricAlarm, cloudwatch.PutMetricAlarmInput{}), call(cw.describeAlarms, cloudwatch.DescribeAlarmsInput{}), call(cw.describeAlarmsForMetric, cloudwatch.DescribeAlarmsForMetricInput{}),
			call(cw.describeAlarmHistory, cloudwatch.DescribeAlarmHistoryInput{}), call(cw.deleteAlarms, cloudwatch.DeleteAlarmsInput{}), call(cw.setAlarmState, cloudwatch.SetAlarmStateInput{}),
			call(cw.enableAlarmActions, cloudwatch.EnableAlarmActionsInput{}), call(cw.disableAlarmActions, cloudwatch.DisableAlarmActionsInput{}), call(cw.getMetricData, cloudwatch.GetMetricDataInput{MetricDataQueries: []cwtypes.MetricDataQuery{{}}, StartTime: aws.Time(time.Now()), EndTime: aws.Time(time.Now())}),
			call(cw.getMetricStatistics, cloudwatch.GetMetricStatisticsInput{}), call(cw.listMetrics, cloudwatch.ListMetricsInput{Dimensions: []cwtypes.DimensionFilter{{}}}), call(cw.putMetricData, cloudwatch.PutMetricDataInput{Namespace: aws.String("n"), MetricData: []cwtypes.MetricDatum{{}}}), call(cw.listTagsForResource, cloudwatch.ListTagsForResourceInput{}),
			call(as.createAutoScalingGroup, autoscaling.CreateAutoScalingGroupInput{Tags: []astypes.Tag{{}}}), call(as.updateAutoScalingGroup, autoscaling.UpdateAutoScalingGroupInput{}), call(as.deleteAutoScalingGroup, autoscaling.DeleteAutoScalingGroupInput{}),
			call(as.describeAutoScalingGroups, autoscaling.DescribeAutoScalingGroupsInput{Filters: []astypes.Filter{{}}}), call(as.describeAutoScalingInstances, autoscaling.DescribeAutoScalingInstancesInput{}), call(as.setDesiredCapacity, autoscaling.SetDesiredCapacityInput{}),
			call(as.putScalingPolicy, autoscaling.PutScalingPolicyInput{StepAdjustments: []astypes.StepAdjustment{{}}}), call(as.describePolicies, autoscaling.DescribePoliciesInput{}), call(as.deletePolicy, autoscaling.DeletePolicyInput{}), call(as.executePolicy, autoscaling.ExecutePolicyInput{}),
			call(as.describeScalingActivities, autoscaling.DescribeScalingActivitiesInput{}), call(as.terminateInstance, autoscaling.TerminateInstanceInAutoScalingGroupInput{}), call(as.suspendProcesses, autoscaling.SuspendProcessesInput{}), call(as.resumeProcesses, autoscaling.ResumeProcessesInput{}),
			call(as.setInstanceHealth, autoscaling.SetInstanceHealthInput{}), call(as.setInstanceProtection, autoscaling.SetInstanceProtectionInput{}), call(as.attachTargetGroups, autoscaling.AttachLoadBalancerTargetGroupsInput{}), call(as.detachTargetGroups, autoscaling.DetachLoadBalancerTargetGroupsInput{}),
			call(as.describeTargetGroups, autoscaling.DescribeLoadBalancerTargetGroupsInput{}), call(as.describeScheduledActions, autoscaling.DescribeScheduledActionsInput{}), call(as.describeLifecycleHooks, autoscaling.DescribeLifecycleHooksInput{}), call(as.describeInstanceRefreshes, autoscaling.DescribeInstanceRefreshesInput{}),
			call(as.describeWarmPool, autoscaling.DescribeWarmPoolInput{}), call(as.describeTags, autoscaling.DescribeTagsInput{Filters: []astypes.Filter{{}}}), call(as.createOrUpdateTags, autoscaling.CreateOrUpdateTagsInput{Tags: []astypes.Tag{{}}}), call(as.deleteTags, autoscaling.DeleteTagsInput{Tags: []astypes.Tag{{}}}),
			call(lb.createLoadBalancer, elb.CreateLoadBalancerInput{}), call(lb.deleteLoadBalancer, elb.DeleteLoadBalancerInput{}), call(lb.describeLoadBalancers, elb.DescribeLoadBalancersInput{}), call(lb.modifyLoadBalancerAttributes, elb.ModifyLoadBalancerAttributesInput{}), call(lb.describeLoadBalancerAttributes, elb.DescribeLoadBalancerAttributesInput{}),
			call(lb.createTargetGroup, elb.CreateTargetGroupInput{}), call(lb.deleteTargetGroup, elb.DeleteTargetGroupInput{}), call(lb.modifyTargetGroup, elb.ModifyTargetGroupInput{}), call(lb.describeTargetGroups, elb.DescribeTargetGroupsInput{}), call(lb.modifyTargetGroupAttributes, elb.ModifyTargetGroupAttributesInput{}), call(lb.describeTargetGroupAttributes, elb.DescribeTargetGroupAttributesInput{}),
			call(lb.createListener, elb.CreateListenerInput{DefaultActions: []elbtypes.Action{{}}}), call(lb.deleteListener, elb.DeleteListenerInput{}), call(lb.describeListeners, elb.DescribeListenersInput{}), call(lb.registerTargets, elb.RegisterTargetsInput{}), call(lb.deregisterTargets, elb.DeregisterTargetsInput{}), call(lb.describeTargetHealth, elb.DescribeTargetHealthInput{}),
			call(lb.describeTags, elb.DescribeTagsInput{}), call(lb.addTags, elb.AddTagsInput{}),
			call(e.createLaunchTemplate, ec2shapes.CreateLaunchTemplateInput{}), call(e.createLaunchTemplateVersion, ec2shapes.CreateLaunchTemplateVersionInput{}), call(e.deleteLaunchTemplate, ec2shapes.DeleteLaunchTemplateInput{}), call(e.describeLaunchTemplates, ec2shapes.DescribeLaunchTemplatesInput{}), call(e.describeLaunchTemplateVersions, ec2shapes.DescribeLaunchTemplateVersionsInput{}),
			call(e.describeInstances, ec2shapes.DescribeInstancesInput{Filters: []ec2types.Filter{{}}}), call(e.describeInstanceStatus, ec2shapes.DescribeInstanceStatusInput{}), call(e.terminateInstances, ec2shapes.TerminateInstancesInput{}), call(e.createTags, ec2shapes.CreateTagsInput{}), call(e.describeImages, ec2shapes.DescribeImagesInput{}), call(e.describeInstanceTypes, ec2shapes.DescribeInstanceTypesInput{}),
			call(e.describeInstanceCreditSpecifications, ec2shapes.DescribeInstanceCreditSpecificationsInput{}), call(e.describeAvailabilityZones, ec2shapes.DescribeAvailabilityZonesInput{}), call(e.describeSubnets, ec2shapes.DescribeSubnetsInput{}), call(e.describeVpcs, ec2shapes.DescribeVpcsInput{}), call(e.describeSecurityGroups, ec2shapes.DescribeSecurityGroupsInput{}),
		} {
			err := f(t.Context())
			if _, ok := errors.AsType[*awsapi.Error](apiError(err)); err != nil && !ok {
				t.Errorf("call %d = %v, want an answer or an API error", i, err)
			}
		}
	})
}

func TestPagesJoinToTheWholeList(t *testing.T) {
	items := []string{"a", "b", "c", "d", "e"}
	p := paging{defaultSize: 50, maxSize: 100, sizeName: "maxRecords", badToken: "InvalidNextToken"}
	var got []string
	var token *string
	for range 10 {
		page, next, err := pageOf(items, aws.Int32(2), token, p)
		if err != nil {
			t.Fatal(err)
		}
		if got = append(got, page...); next == nil {
			break
		}
		token = next
	}
	if !slices.Equal(got, items) {
		t.Errorf("pages of 2 = %v, want %v", got, items)
	}
	if page, next, err := pageOf(items[:1], nil, aws.String(encodeToken(4)), p); len(page) > 0 || next != nil || err != nil {
		t.Errorf("page behind the end = %v, %v, %v, want nothing", page, next, err)
	}
}

func FuzzPageToken(f *testing.F) {
	f.Add(encodeToken(3))
	f.Add("YXQ6LTE")
	f.Add("%%%")
	f.Fuzz(func(t *testing.T, token string) {
		page, _, err := pageOf([]int{1, 2, 3}, nil, &token, paging{defaultSize: 2, maxSize: 2, badToken: "InvalidNextToken"})
		if err == nil && len(page) > 2 {
			t.Errorf("pageOf(%q) = %d items, want at most 2", token, len(page))
		}
	})
}

func TestPagesOfMetricDataJoinToTheWhole(t *testing.T) {
	result := func(id string, values ...float64) cwtypes.MetricDataResult {
		return cwtypes.MetricDataResult{Id: &id, Values: values, Timestamps: make([]time.Time, len(values)), StatusCode: cwtypes.StatusCodeComplete}
	}
	results := []cwtypes.MetricDataResult{result("a", 1, 2, 3), result("b"), result("c", 4, 5)}
	got := map[string][]float64{}
	in := &cloudwatch.GetMetricDataInput{MaxDatapoints: aws.Int32(2)}
	for range 10 {
		out, err := pageOfResults(results, in)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range out.MetricDataResults {
			got[*r.Id] = append(got[*r.Id], r.Values...)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			break
		}
	}
	if !slices.Equal(got["a"], []float64{1, 2, 3}) || !slices.Equal(got["c"], []float64{4, 5}) || len(got["b"]) > 0 {
		t.Errorf("pages of two datapoints = %v, want a: 1 2 3, b: none, c: 4 5", got)
	}
}

func TestLaunchTemplateVersionsBuildOnTheirSource(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		e, ctx := ec2API{w.Cloud}, t.Context()
		out := must[ec2shapes.CreateLaunchTemplateVersionOutput](t)(e.createLaunchTemplateVersion(ctx, &ec2shapes.CreateLaunchTemplateVersionInput{
			LaunchTemplateName: aws.String("web-lt"), SourceVersion: aws.String("1"), LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: "t3.micro"},
		}))
		if d := out.LaunchTemplateVersion.LaunchTemplateData; deref(d.ImageId) != testImage || d.InstanceType != "t3.micro" || *out.LaunchTemplateVersion.VersionNumber != 2 {
			t.Errorf("version %d = %s on %s, want 2 = t3.micro on %s", *out.LaunchTemplateVersion.VersionNumber, d.InstanceType, deref(d.ImageId), testImage)
		}
		versions := must[ec2shapes.DescribeLaunchTemplateVersionsOutput](t)(e.describeLaunchTemplateVersions(ctx, &ec2shapes.DescribeLaunchTemplateVersionsInput{LaunchTemplateName: aws.String("web-lt"), Versions: []string{"$Default", "$Latest"}})).LaunchTemplateVersions
		if len(versions) != 2 || *versions[0].VersionNumber != 1 || *versions[1].VersionNumber != 2 {
			t.Errorf("$Default, $Latest = %v, want versions 1 and 2", versions)
		}
	})
}
