package cloud_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

const setDesired = "SetDesiredCapacity&AutoScalingGroupName=web-asg&DesiredCapacity="

// second asks for another instance and returns its id while it boots.
func second(t *testing.T, w *apitest.World) string {
	t.Helper()
	w.Call(t, awsapi.AutoScaling, setDesired+"2")
	w.Wait(time.Second)
	return w.Name(t, "second", "reservationSet.1.instancesSet.1.instanceId",
		awsapi.EC2, "DescribeInstances&Filter.1.Name=instance-state-name&Filter.1.Value.1=pending")
}

// targetGroup is the ARN of the group's target group.
func targetGroup(t *testing.T, w *apitest.World) string {
	t.Helper()
	return w.Name(t, "tg", "TargetGroups.1.TargetGroupArn", awsapi.ELBv2, "DescribeTargetGroups")
}

// twoServe holds the group against two instances, both of them InService.
func twoServe(t *testing.T, w *apitest.World) {
	t.Helper()
	w.Do(t, awsapi.AutoScaling, apitest.Steps{{
		"two instances", "DescribeAutoScalingGroups",
		"AutoScalingGroups.1.Instances#=2&AutoScalingGroups.1.Instances.1.LifecycleState=InService" +
			"&AutoScalingGroups.1.Instances.2.LifecycleState=InService",
	}})
}

// states holds the states of {first} and {second} against what they must be; "" is an
// instance that EC2 does not know.
func states(t *testing.T, w *apitest.World, when, firstState, secondState string) {
	t.Helper()
	for id, want := range map[string]string{"first": firstState, "second": secondState} {
		step := [3]string{when + ": " + id, "DescribeInstances&InstanceId.1={" + id + "}", "InvalidInstanceID.NotFound: …"}
		if want != "" {
			step[2] = "reservationSet.1.instancesSet.1.instanceState.name=" + want
		}
		w.Do(t, awsapi.EC2, apitest.Steps{step})
	}
}

// lastActivity holds the newest activity with that status against what it must say.
func lastActivity(t *testing.T, w *apitest.World, status, want string) {
	t.Helper()
	w.Do(t, awsapi.AutoScaling, apitest.Steps{{
		"the newest activity that is " + status,
		"DescribeScalingActivities&AutoScalingGroupName=web-asg&Filters.member.1.Name=Status&Filters.member.1.Values.member.1=" + status,
		want,
	}})
}

func TestAGroupThatIsDeletedWhileItsInstanceBoots(t *testing.T) {
	for name, test := range map[string]struct {
		fails error // of the launch
		want  string
	}{
		"the launch succeeds all the same":    {nil, "terminated"},
		"the launch fails after the deletion": {errors.New("no free address"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			apitest.Run(t, func(t *testing.T, w *apitest.World) {
				w.Wait(10 * time.Second)
				first(t, w)
				w.Fleet.Boot(30 * time.Second)
				second(t, w)
				w.Fleet.Fail(test.fails)
				w.Call(t, awsapi.AutoScaling, "DeleteAutoScalingGroup&AutoScalingGroupName=web-asg&ForceDelete=true")
				w.Wait(15 * time.Second)
				states(t, w, "while it boots", "terminated", "shutting-down")
				w.Wait(20 * time.Second)
				states(t, w, "after its boot", "terminated", test.want)
				w.Do(t, awsapi.AutoScaling, apitest.Steps{{"the group is gone", "DescribeAutoScalingGroups", "AutoScalingGroups#=0"}})
			})
		})
	}
}

func TestAnInstanceThatEndsWhileItBootsNeverServes(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *apitest.World, id string){
		"by itself": func(_ *testing.T, w *apitest.World, id string) { w.Fleet.Exit(id) },
		"terminated through EC2": func(t *testing.T, w *apitest.World, id string) {
			w.Call(t, awsapi.EC2, "TerminateInstances&InstanceId.1="+id)
		},
	} {
		t.Run(name, func(t *testing.T) {
			apitest.Run(t, func(t *testing.T, w *apitest.World) {
				w.Wait(10 * time.Second)
				first(t, w)
				w.Fleet.Boot(10 * time.Second)
				end(t, w, second(t, w))
				w.Wait(15 * time.Second)
				states(t, w, "after its boot", "running", "terminated")
				if health := w.Balancer.Health(targetGroup(t, w)); len(health) != 1 {
					t.Errorf("targets = %v, want the first instance alone", health)
				}
				w.Wait(time.Minute)
				twoServe(t, w)
			})
		})
	}
}

func TestAFleetThatFailsIsAskedAgain(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		first(t, w)
		w.Fleet.Fail(errors.New("no free address."))
		second(t, w)
		w.Wait(5 * time.Second)
		states(t, w, "after the failure", "running", "")
		lastActivity(t, w, "Failed", "Activities#=1&Activities.1.StatusMessage=no free address. Launching EC2 instance failed.")
		w.Wait(30 * time.Second)
		lastActivity(t, w, "Failed", "Activities#=2")
		w.Fleet.Fail(nil)
		w.Wait(2 * time.Minute)
		twoServe(t, w)
	})
}

// What a launch template says is looked at when an instance is launched of it.
func TestALaunchThatIsNoneIsAFailedActivity(t *testing.T) {
	for name, test := range map[string]struct{ data, want string }{
		"an unknown image": {
			"ImageId=ami-2&LaunchTemplateData.InstanceType=t2.micro", "The image id '[ami-2]' does not exist. Launching EC2 instance failed.",
		},
		"an unknown type": {
			"ImageId=ami-1&LaunchTemplateData.InstanceType=t9.vast",
			"The requested instance type 't9.vast' is not known. Launching EC2 instance failed.",
		},
		"a profile that cannot be": {
			"ImageId=ami-1&LaunchTemplateData.InstanceType=t2.micro&LaunchTemplateData.IamInstanceProfile.Name=a/b",
			"Value (a/b) for parameter iamInstanceProfile.name is invalid. Invalid IAM Instance Profile name. Launching EC2 instance failed.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			apitest.Run(t, func(t *testing.T, w *apitest.World) {
				w.Call(t, awsapi.EC2, "CreateLaunchTemplate&LaunchTemplateName=bad&LaunchTemplateData."+test.data)
				w.Call(t, awsapi.AutoScaling, "CreateAutoScalingGroup&AutoScalingGroupName=bad&MinSize=1&MaxSize=1"+
					"&LaunchTemplate.LaunchTemplateName=bad&AvailabilityZones.member.1=local-1a")
				w.Wait(10 * time.Second)
				w.Do(t, awsapi.AutoScaling, apitest.Steps{{
					"its activity", "DescribeScalingActivities&AutoScalingGroupName=bad", "Activities.1.StatusMessage=" + test.want,
				}})
				w.Do(t, awsapi.EC2, apitest.Steps{{"no instance", "DescribeInstances", "reservationSet#=1"}})
			})
		})
	}
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Call(t, awsapi.EC2, "DeleteLaunchTemplate&LaunchTemplateName=web-lt")
		w.Call(t, awsapi.AutoScaling, setDesired+"2")
		w.Wait(5 * time.Second)
		lastActivity(t, w, "Failed",
			"Activities.1.StatusMessage=The specified launch template, with template ID {lt}, does not exist. Launching EC2 instance failed.")
	})
}

func TestAnInstanceEndsWhenItsTargetHasDrained(t *testing.T) {
	for name, test := range map[string]struct {
		do    func(t *testing.T, w *apitest.World, id string) // while it drains
		state string                                          // after that, while it drains
	}{
		"it is in use until then":  {func(*testing.T, *apitest.World, string) {}, "running"},
		"it exits while it drains": {func(_ *testing.T, w *apitest.World, id string) { w.Fleet.Exit(id) }, "terminated"},
		"its group is deleted by force, which waits for no target": {func(t *testing.T, w *apitest.World, _ string) {
			w.Call(t, awsapi.AutoScaling, "DeleteAutoScalingGroup&AutoScalingGroupName=web-asg&ForceDelete=true")
		}, "terminated"},
	} {
		t.Run(name, func(t *testing.T) {
			apitest.Run(t, func(t *testing.T, w *apitest.World) {
				w.Wait(10 * time.Second)
				id := first(t, w)
				w.Balancer.Drain(30 * time.Second)
				w.Call(t, awsapi.AutoScaling, "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&MinSize=0&DesiredCapacity=0")
				w.Wait(10 * time.Second)
				lastActivity(t, w, "WaitingForELBConnectionDraining", "Activities#=1")
				test.do(t, w, id)
				w.Wait(10 * time.Second)
				w.Do(t, awsapi.EC2, apitest.Steps{
					{"while it drains", "DescribeInstances", "reservationSet.1.instancesSet.1.instanceState.name=" + test.state},
				})
				w.Wait(15 * time.Second)
				w.Do(t, awsapi.EC2, apitest.Steps{
					{"after it has drained", "DescribeInstances", "reservationSet.1.instancesSet.1.instanceState.name=terminated"},
				})
			})
		})
	}
}

func TestATargetThatIsUnhealthyIsReplacedIfTheGroupAsksTheLoadBalancer(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		old := first(t, w)
		w.Call(t, awsapi.AutoScaling, "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&HealthCheckType=ELB&HealthCheckGracePeriod=0")
		w.Balancer.Sicken(targetGroup(t, w), old)
		w.Wait(2 * time.Minute)
		w.Do(t, awsapi.EC2, apitest.Steps{
			{"the old one", "DescribeInstances&InstanceId.1={first}", "reservationSet.1.instancesSet.1.instanceState.name=terminated"},
		})
		if now := first(t, w); now == old {
			t.Errorf("the group's instance is still %s, want another", now)
		}
	})
}

// Run must not wait for what would take long: the fleet's Close ends what is left.
func TestRunReturnsWhileLaunchesAndEndingsAreUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := apitest.New(t)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { w.Run(ctx) })
		w.Fleet.Boot(time.Hour)
		w.Call(t, awsapi.EC2, "CreateLaunchTemplate&LaunchTemplateName=two"+
			"&LaunchTemplateData.ImageId=ami-1&LaunchTemplateData.InstanceType=t2.micro")
		w.Call(t, awsapi.AutoScaling, "CreateAutoScalingGroup&AutoScalingGroupName=web-asg&MinSize=2&MaxSize=2"+
			"&LaunchTemplate.LaunchTemplateName=two&AvailabilityZones.member.1=local-1a")
		w.Wait(time.Second)
		w.Call(t, awsapi.EC2, "TerminateInstances&InstanceId.1="+
			w.Name(t, "first", "reservationSet.1.instancesSet.1.instanceId", awsapi.EC2, "DescribeInstances"))
		w.Wait(time.Second)
		began := time.Now()
		cancel()
		running.Wait()
		if !time.Now().Equal(began) {
			t.Errorf("Run has waited until %s, want it to return at %s", time.Now(), began)
		}
	})
}

func TestStatusCountsWhatRuns(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		if s := w.Status(); s.Groups != 1 || s.Running != 0 {
			t.Errorf("Status() = %+v, want a group without a running instance", s)
		}
		w.Wait(10 * time.Second)
		if s := w.Status(); s.Running != 1 || s.MetricsPeriod != "10s" || s.Status != "ok" {
			t.Errorf("Status() = %+v, want a running instance", s)
		}
		w.Fleet.Exit(first(t, w))
		w.Wait(time.Second)
		if s := w.Status(); s.Running != 0 {
			t.Errorf("Status() = %+v, want none running after its exit", s)
		}
		if len(w.Reported) != 1 {
			t.Errorf("reported is %q, want how the instance ended", w.Reported)
		}
		if !strings.HasPrefix(w.ARN("ec2", "instance/i-1"), "arn:aws:ec2:"+w.Region()+":"+w.AccountID()+":instance/i-1") {
			t.Errorf("ARN() = %s", w.ARN("ec2", "instance/i-1"))
		}
	})
}
