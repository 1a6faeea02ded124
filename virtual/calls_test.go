package virtual_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"secondwind/virtual"
)

// calls are inputs of every operation that changes something, as others may call it; see
// Acting.Call for what the names in them stand for. Operations of a service that has nothing
// to do with scaling are called with what they need to succeed, or to fail.
var calls = map[string][]string{
	"autoscaling:AttachLoadBalancerTargetGroups": {`{"AutoScalingGroupName":"$group","TargetGroupARNs":["$targets"]}`},
	"autoscaling:CreateAutoScalingGroup": {
		`{"AutoScalingGroupName":"another","MinSize":1,"MaxSize":1,"AvailabilityZones":["virtual-1a"],
			"LaunchTemplate":{"LaunchTemplateId":"$template","Version":"$$Latest"},"TargetGroupARNs":["$targets"]}`,
		`{"AutoScalingGroupName":"elsewhere","MinSize":1,"MaxSize":1,"AvailabilityZones":["virtual-1a"],
			"LaunchTemplate":{"LaunchTemplateId":"$template","Version":"$$Latest"}}`,
	},
	"autoscaling:CreateOrUpdateTags": {
		`{"Tags":[{"ResourceId":"$group","ResourceType":"auto-scaling-group","Key":"owner","Value":"me","PropagateAtLaunch":false}]}`,
	},
	"autoscaling:DeleteAutoScalingGroup": {
		`{"AutoScalingGroupName":"$group"}`, `{"AutoScalingGroupName":"$group","ForceDelete":true}`, `{"AutoScalingGroupName":"another"}`,
	},
	"autoscaling:DeletePolicy": {
		`{"AutoScalingGroupName":"$group","PolicyName":"$out"}`, `{"AutoScalingGroupName":"$group","PolicyName":"none"}`,
	},
	"autoscaling:DeleteTags": {
		`{"Tags":[{"ResourceId":"$group","ResourceType":"auto-scaling-group","Key":"owner"}]}`,
	},
	"autoscaling:DetachLoadBalancerTargetGroups": {`{"AutoScalingGroupName":"$group","TargetGroupARNs":["$targets"]}`},
	"autoscaling:ExecutePolicy": {
		`{"AutoScalingGroupName":"$group","PolicyName":"$out","MetricValue":40,"BreachThreshold":20}`,
		`{"AutoScalingGroupName":"$group","PolicyName":"$out"}`,
	},
	"autoscaling:PutScalingPolicy": {
		`{"$like":"$out","ScalingAdjustment":0,"StepAdjustments":[{"MetricIntervalLowerBound":0,"ScalingAdjustment":0}]}`,
		`{"$like":"$out","Enabled":false}`,
		`{"AutoScalingGroupName":"$group","PolicyName":"another","PolicyType":"SimpleScaling","AdjustmentType":"ChangeInCapacity",
			"ScalingAdjustment":1,"Cooldown":10}`,
		`{"AutoScalingGroupName":"$group","PolicyName":"another","PolicyType":"TargetTrackingScaling","TargetTrackingConfiguration":
			{"TargetValue":10,"PredefinedMetricSpecification":{"PredefinedMetricType":"ASGAverageCPUUtilization"}}}`,
	},
	"autoscaling:ResumeProcesses": {`{"AutoScalingGroupName":"$group"}`},
	"autoscaling:SetDesiredCapacity": {
		`{"AutoScalingGroupName":"$group","DesiredCapacity":1}`, `{"AutoScalingGroupName":"$group","DesiredCapacity":2}`,
		`{"AutoScalingGroupName":"$group","DesiredCapacity":2,"HonorCooldown":true}`, `{"AutoScalingGroupName":"$group","DesiredCapacity":9}`,
	},
	"autoscaling:SetInstanceHealth": {
		`{"InstanceId":"$first","HealthStatus":"Unhealthy"}`, `{"InstanceId":"$last","HealthStatus":"Unhealthy"}`,
		`{"InstanceId":"$first","HealthStatus":"Healthy"}`,
	},
	"autoscaling:SetInstanceProtection": {
		`{"AutoScalingGroupName":"$group","InstanceIds":["$first"],"ProtectedFromScaleIn":true}`,
		`{"AutoScalingGroupName":"$group","InstanceIds":["$last"],"ProtectedFromScaleIn":true}`,
	},
	"autoscaling:SuspendProcesses": {
		`{"AutoScalingGroupName":"$group"}`, `{"AutoScalingGroupName":"$group","ScalingProcesses":["Launch"]}`,
		`{"AutoScalingGroupName":"$group","ScalingProcesses":["AlarmNotification"]}`,
		`{"AutoScalingGroupName":"$group","ScalingProcesses":["AZRebalance"]}`,
	},
	"autoscaling:TerminateInstanceInAutoScalingGroup": {
		`{"InstanceId":"$first","ShouldDecrementDesiredCapacity":false}`, `{"InstanceId":"$last","ShouldDecrementDesiredCapacity":false}`,
		`{"InstanceId":"$last","ShouldDecrementDesiredCapacity":true}`,
	},
	"autoscaling:UpdateAutoScalingGroup": {
		`{"AutoScalingGroupName":"$group","MinSize":2}`, `{"AutoScalingGroupName":"$group","MaxSize":1}`,
		`{"AutoScalingGroupName":"$group","DesiredCapacity":2}`, `{"AutoScalingGroupName":"$group","DesiredCapacity":1}`,
		`{"AutoScalingGroupName":"$group","MaxSize":5}`, `{"AutoScalingGroupName":"$group","DefaultCooldown":7}`,
		`{"AutoScalingGroupName":"$group","HealthCheckGracePeriod":3}`, `{"AutoScalingGroupName":"$group","DefaultInstanceWarmup":5}`,
		`{"AutoScalingGroupName":"$group","NewInstancesProtectedFromScaleIn":true}`, `{"AutoScalingGroupName":"$group","HealthCheckType":"EC2"}`,
	},
	"monitoring:DeleteAlarms":        {`{"AlarmNames":["$high"]}`, `{"AlarmNames":["$low"]}`, `{"AlarmNames":["none"]}`},
	"monitoring:DisableAlarmActions": {`{"AlarmNames":["$high"]}`, `{"AlarmNames":["$low"]}`, `{"AlarmNames":["none"]}`},
	"monitoring:EnableAlarmActions":  {`{"AlarmNames":["$high"]}`},
	"monitoring:PutMetricAlarm": {
		`{"$like":"$high","Threshold":90}`, `{"$like":"$high","Threshold":5}`, `{"$like":"$high","EvaluationPeriods":5,"DatapointsToAlarm":5}`,
		`{"$like":"$high","AlarmActions":[]}`, `{"$like":"$high","AlarmDescription":"mine"}`,
		`{"$like":"$high","AlarmName":"another","Threshold":15}`, `{"$like":"$high","AlarmName":"another","Threshold":3}`,
		`{"$like":"$high","AlarmName":"another","Namespace":"Shop","MetricName":"orders","Dimensions":[]}`,
		`{"$like":"$high","AlarmName":"watching","AlarmActions":[]}`,
		`{"$like":"$low","OKActions":["$policy"]}`, `{"$like":"$high","Statistic":"Maximum"}`, `{"$like":"$high","TreatMissingData":"breaching"}`,
	},
	"monitoring:PutMetricData": {
		`{"Namespace":"Shop","MetricData":[{"MetricName":"orders","Value":99,"Timestamp":"$now"}]}`,
		`{"Namespace":"AWS/EC2","MetricData":[{"MetricName":"CPUUtilization","Value":99,"Timestamp":"$now"}]}`,
	},
	"monitoring:SetAlarmState": {
		`{"AlarmName":"$high","StateValue":"ALARM","StateReason":"testing"}`, `{"AlarmName":"$high","StateValue":"OK","StateReason":"testing"}`,
		`{"AlarmName":"$high","StateValue":"INSUFFICIENT_DATA","StateReason":"testing"}`,
		`{"AlarmName":"$low","StateValue":"ALARM","StateReason":"testing"}`,
		`{"AlarmName":"$high","StateValue":"ALARM","StateReason":"$reason","StateReasonData":"$data"}`,
		`{"AlarmName":"$high","StateValue":"OK","StateReason":"$reason","StateReasonData":"$data"}`,
	},
	"ec2:CreateLaunchTemplate": {
		`{"LaunchTemplateName":"another","LaunchTemplateData.ImageId":"ami-00000000ca1c01a70","LaunchTemplateData.InstanceType":"t2.micro"}`,
	},
	"ec2:CreateLaunchTemplateVersion": {
		`{"LaunchTemplateId":"$template","SourceVersion":"1","LaunchTemplateData.InstanceType":"t2.nano"}`,
	},
	"ec2:CreateTags":           {`{"ResourceId.1":"$first","Tag.1.Key":"owner","Tag.1.Value":"me"}`},
	"ec2:DeleteLaunchTemplate": {`{"LaunchTemplateId":"lt-00000000000000000"}`},
	"ec2:TerminateInstances":   {`{"InstanceId.1":"$first"}`, `{"InstanceId.1":"$last"}`},
	"elasticloadbalancing:AddTags": {
		`{"ResourceArns":["$targets"],"Tags":[{"Key":"owner","Value":"me"}]}`,
	},
	"elasticloadbalancing:CreateListener": {
		`{"LoadBalancerArn":"$balancer","Port":81,"Protocol":"HTTP","DefaultActions":[{"Type":"forward","TargetGroupArn":"none"}]}`,
	},
	"elasticloadbalancing:CreateLoadBalancer": {`{"Name":"another"}`},
	"elasticloadbalancing:CreateTargetGroup":  {`{"Name":"another","Protocol":"HTTP","Port":80,"VpcId":"vpc-1"}`},
	"elasticloadbalancing:DeleteListener":     {`{"ListenerArn":"$listener"}`, `{"ListenerArn":"none"}`},
	"elasticloadbalancing:DeleteLoadBalancer": {`{"LoadBalancerArn":"$balancer"}`, `{"LoadBalancerArn":"none"}`},
	"elasticloadbalancing:DeleteTargetGroup":  {`{"TargetGroupArn":"$targets"}`, `{"TargetGroupArn":"none"}`},
	"elasticloadbalancing:DeregisterTargets": {
		`{"TargetGroupArn":"$targets","Targets":[{"Id":"$first"}]}`, `{"TargetGroupArn":"$targets","Targets":[{"Id":"$last"}]}`,
		`{"TargetGroupArn":"$targets","Targets":[{"Id":"i-00000000000000000"}]}`,
	},
	"elasticloadbalancing:ModifyLoadBalancerAttributes": {
		`{"LoadBalancerArn":"$balancer","Attributes":[{"Key":"idle_timeout.timeout_seconds","Value":"30"}]}`,
	},
	"elasticloadbalancing:ModifyTargetGroup": {
		`{"TargetGroupArn":"$targets","HealthCheckIntervalSeconds":15}`, `{"TargetGroupArn":"$targets","HealthCheckPath":"/none"}`,
	},
	"elasticloadbalancing:ModifyTargetGroupAttributes": {
		`{"TargetGroupArn":"$targets","Attributes":[{"Key":"deregistration_delay.timeout_seconds","Value":"20"}]}`,
		`{"TargetGroupArn":"$targets","Attributes":[{"Key":"stickiness.enabled","Value":"true"},{"Key":"stickiness.type","Value":"lb_cookie"}]}`,
	},
	"elasticloadbalancing:RegisterTargets": {
		`{"TargetGroupArn":"$targets","Targets":[{"Id":"$foreign"}]}`, `{"TargetGroupArn":"$targets","Targets":[{"Id":"$first"}]}`,
	},
}

// harmless are the services that have nothing to do with how a group scales: whatever is
// called of them changes nothing of the outcome.
var harmless = []string{"kms", "sts", "tagging"}

// several are what others do in more than one call, or at a time that the world tells them: when
// the first datapoint breaches, or so many seconds after the one before.
var several = map[string][]then{
	"an alarm set in CloudWatch's own words": {
		{breach: true, call: "monitoring:SetAlarmState",
			in: `{"AlarmName":"$high","StateValue":"ALARM","StateReason":"$reason","StateReasonData":"$data"}`},
	},
	"an alarm set back to OK": {
		{breach: true, after: 8, call: "monitoring:SetAlarmState",
			in: `{"AlarmName":"$high","StateValue":"OK","StateReason":"Threshold Crossed: 1 datapoint was not greater than the threshold"}`},
	},
	"a policy that is neutral for a while": {
		{call: "autoscaling:PutScalingPolicy",
			in: `{"$like":"$out","ScalingAdjustment":0,"StepAdjustments":[{"MetricIntervalLowerBound":0,"ScalingAdjustment":0}]}`},
		{after: 25, call: "autoscaling:PutScalingPolicy",
			in: `{"$like":"$out","ScalingAdjustment":1,"StepAdjustments":[{"MetricIntervalLowerBound":0,"ScalingAdjustment":1}]}`},
	},
	"a process that is suspended for a second": {
		{call: "autoscaling:SuspendProcesses", in: `{"AutoScalingGroupName":"$group","ScalingProcesses":["AlarmNotification"]}`},
		{after: 0.4, call: "autoscaling:ResumeProcesses", in: `{"AutoScalingGroupName":"$group"}`},
	},
	"an alarm on another metric": {
		{call: "monitoring:PutMetricData", in: `{"Namespace":"Shop","MetricData":[{"MetricName":"orders","Value":99,"Timestamp":"$now"}]}`},
		{call: "monitoring:PutMetricAlarm",
			in: `{"$like":"$high","AlarmName":"another","Namespace":"Shop","MetricName":"orders","Dimensions":[],"TreatMissingData":"breaching"}`},
	},
	"an alarm on another metric that crosses at once": {
		{call: "monitoring:PutMetricAlarm",
			in: `{"$like":"$high","AlarmName":"another","Namespace":"Shop","MetricName":"orders","Dimensions":[],"TreatMissingData":"missing"}`},
		{breach: true, call: "monitoring:SetAlarmState", in: `{"AlarmName":"another","StateValue":"ALARM","StateReason":"$reason"}`},
	},
	"a foreign target": {
		{call: "autoscaling:CreateAutoScalingGroup", in: `{"AutoScalingGroupName":"another","MinSize":1,"MaxSize":1,
			"AvailabilityZones":["virtual-1a"],"LaunchTemplate":{"LaunchTemplateId":"$template","Version":"$$Latest"}}`},
		{after: 5, call: "elasticloadbalancing:RegisterTargets", in: `{"TargetGroupArn":"$targets","Targets":[{"Id":"$foreign"}]}`},
	},
	"a threshold that is lower for a while": {
		{call: "monitoring:PutMetricAlarm", in: `{"$like":"$high","Threshold":90}`},
		{after: 20, call: "monitoring:PutMetricAlarm", in: `{"$like":"$high","Threshold":20}`},
	},
	"a capacity that is set, and set back": {
		{call: "autoscaling:SetDesiredCapacity", in: `{"AutoScalingGroupName":"$group","DesiredCapacity":2}`},
		{after: 3, call: "autoscaling:SetDesiredCapacity", in: `{"AutoScalingGroupName":"$group","DesiredCapacity":1}`},
	},
}

// then is a call of several.
type then struct {
	breach   bool    // wait for the first datapoint that breaches
	after    float64 // seconds
	call, in string
}

// TestEveryCallThatChangesSomethingIsMade: an operation that the local cloud serves anew must be
// called by random worlds, or be of a service that has nothing to do with scaling.
func TestEveryCallThatChangesSomethingIsMade(t *testing.T) {
	virtual.InCloud(t, virtual.Default(t), func(t *testing.T, c virtual.Cloud) {
		unused := maps.Clone(calls)
		for _, operation := range c.Operations {
			service, name, _ := strings.Cut(operation, ":")
			reads := slices.ContainsFunc([]string{"Describe", "Get", "List", "Lookup"}, func(verb string) bool {
				return strings.HasPrefix(name, verb)
			})
			if delete(unused, operation); !reads && !slices.Contains(harmless, service) && calls[operation] == nil {
				t.Errorf("nobody calls %s: give it inputs in calls", operation)
			}
		}
		for operation := range unused {
			t.Errorf("%s is not served", operation)
		}
	})
}
