package elbapi_test

import (
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

const (
	health   = "DescribeTargetHealth&TargetGroupArn="
	noTarget = "ValidationError: At least one target must be specified"
	noGroup  = "TargetGroupNotFound: Target groups 'x' not found"
)

func TestTargetsOfAGroupAreRegistered(t *testing.T) {
	withLB(t, func(t *testing.T, w *apitest.World) {
		w.Name(t, "i", "AutoScalingGroups.1.Instances.1.InstanceId", awsapi.AutoScaling, "DescribeAutoScalingGroups")
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{
				"the group's instance", health + "{tg}",
				"TargetHealthDescriptions#=1&TargetHealthDescriptions.1.Target.Id={i}&TargetHealthDescriptions.1.Target.Port=8080&" +
					"TargetHealthDescriptions.1.HealthCheckPort=8080&TargetHealthDescriptions.1.TargetHealth.State=healthy&" +
					"!TargetHealthDescriptions.1.TargetHealth.Reason&!TargetHealthDescriptions.1.TargetHealth.Description",
			},
			{"by id", health + "{tg}&Targets.member.1.Id={i}", "TargetHealthDescriptions#=1&TargetHealthDescriptions.1.TargetHealth.State=healthy"},
			{
				"by id and port", health + "{tg}&Targets.member.1.Id={i}&Targets.member.1.Port=8080",
				"TargetHealthDescriptions.1.TargetHealth.State=healthy",
			},
			{
				"by another port", health + "{tg}&Targets.member.1.Id={i}&Targets.member.1.Port=1",
				"TargetHealthDescriptions#=1&TargetHealthDescriptions.1.TargetHealth.State=unused",
			},
			{
				"one that is not registered", health + "{tg}&Targets.member.1.Id=i-1",
				"TargetHealthDescriptions#=1&TargetHealthDescriptions.1.Target.Id=i-1&TargetHealthDescriptions.1.TargetHealth.State=unused&" +
					"TargetHealthDescriptions.1.TargetHealth.Reason=Target.NotRegistered&" +
					"TargetHealthDescriptions.1.TargetHealth.Description=Target is not registered to the target group",
			},
			{"deregister it", "DeregisterTargets&TargetGroupArn={tg}&Targets.member.1.Id={i}", ""},
			{"it is gone", health + "{tg}", "TargetHealthDescriptions#=0"},
			{"register it", "RegisterTargets&TargetGroupArn={tg}&Targets.member.1.Id={i}", ""},
			{"it is there", health + "{tg}", "TargetHealthDescriptions#=1&TargetHealthDescriptions.1.Target.Id={i}"},
		})
	})
}

// A target group that no listener uses has unused targets, however healthy.
func TestTargetsThatNothingUsesAreUnused(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Do(t, awsapi.ELBv2, apitest.Steps{{
			"without a listener", health + "{tg}",
			"TargetHealthDescriptions#=1&TargetHealthDescriptions.1.TargetHealth.State=unused&" +
				"TargetHealthDescriptions.1.TargetHealth.Reason=Target.NotInUse&TargetHealthDescriptions.1.TargetHealth.Description=" +
				"Target group is not configured to receive traffic from the load balancer",
		}})
	})
}

func TestTargetsByAddress(t *testing.T) {
	const notReached = "is not a valid target: the local cloud reaches loopback addresses only"
	withLB(t, func(t *testing.T, w *apitest.World) {
		w.Name(t, "ip", "TargetGroups.1.TargetGroupArn", awsapi.ELBv2, newTG+"&TargetType=ip")
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{"on the port of the target group", "RegisterTargets&TargetGroupArn={ip}&Targets.member.1.Id=127.0.0.9", ""},
			{"on another", "RegisterTargets&TargetGroupArn={ip}&Targets.member.1.Id=127.0.0.9&Targets.member.1.Port=81", ""},
			{
				"both, by address and port", health + "{ip}",
				"TargetHealthDescriptions#=2&TargetHealthDescriptions.1.Target.Id=127.0.0.9&TargetHealthDescriptions.1.Target.Port=8080&" +
					"TargetHealthDescriptions.2.Target.Id=127.0.0.9&TargetHealthDescriptions.2.Target.Port=81",
			},
			{"by address", health + "{ip}&Targets.member.1.Id=127.0.0.9", "TargetHealthDescriptions#=2"},
			{"by port too", health + "{ip}&Targets.member.1.Id=127.0.0.9&Targets.member.1.Port=81", "TargetHealthDescriptions#=1"},
			{"take one out", "DeregisterTargets&TargetGroupArn={ip}&Targets.member.1.Id=127.0.0.9&Targets.member.1.Port=81", ""},
			{"the other is left", health + "{ip}", "TargetHealthDescriptions#=1&TargetHealthDescriptions.1.Target.Port=8080"},
			{
				"another machine", "RegisterTargets&TargetGroupArn={ip}&Targets.member.1.Id=10.0.0.1",
				"InvalidTarget: The IP address '10.0.0.1' " + notReached,
			},
			{"an instance", "RegisterTargets&TargetGroupArn={ip}&Targets.member.1.Id=i-1", "InvalidTarget: The IP address 'i-1' " + notReached},
			{"nothing", "RegisterTargets&TargetGroupArn={ip}&Targets.member.1=", "InvalidTarget: The IP address '' " + notReached},
		})
	})
}

func TestBadTargetsAreRefused(t *testing.T) {
	const notRunning = "InvalidTarget: The following targets are not in a running state and cannot be registered: "
	withLB(t, func(t *testing.T, w *apitest.World) {
		w.Name(t, "i", "AutoScalingGroups.1.Instances.1.InstanceId", awsapi.AutoScaling, "DescribeAutoScalingGroups")
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{"no instance", "RegisterTargets&TargetGroupArn={tg}&Targets.member.1.Id=i-1", notRunning + "'i-1'"},
			{"a good and a bad one", "RegisterTargets&TargetGroupArn={tg}&Targets.member.1.Id={i}&Targets.member.2.Id=i-1", notRunning + "'i-1'"},
			{"none", "RegisterTargets&TargetGroupArn={tg}", noTarget},
			{"none to take out", "DeregisterTargets&TargetGroupArn={tg}", noTarget},
			{"take out what is not in", "DeregisterTargets&TargetGroupArn={tg}&Targets.member.1.Id=i-1", ""},
			{"of no target group", "RegisterTargets&TargetGroupArn=x&Targets.member.1.Id={i}", noGroup},
			{"taken out of none", "DeregisterTargets&TargetGroupArn=x&Targets.member.1.Id={i}", noGroup},
			{"health of none", health + "x", noGroup},
			{"no ARN", "RegisterTargets", lacks("targetGroupArn")},
			{"no ARN to take out of", "DeregisterTargets", lacks("targetGroupArn")},
			{"no ARN of health", "DescribeTargetHealth", lacks("targetGroupArn")},
		})
		w.Call(t, awsapi.AutoScaling, "SuspendProcesses&AutoScalingGroupName=web-asg")
		w.Call(t, awsapi.EC2, "TerminateInstances&InstanceId.1={i}")
		w.Wait(10 * time.Second)
		w.Do(t, awsapi.ELBv2, apitest.Steps{
			{"one that has ended", "RegisterTargets&TargetGroupArn={tg}&Targets.member.1.Id={i}", notRunning + "'{i}'"},
		})
	})
}
