package cloud

import (
	"errors"
	"math"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/balancer"
	"secondwind/localcloud/fleet"
)

func near(got []float64, want ...float64) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > 0.5 {
			return false
		}
	}
	return true
}

// The loop as a whole, in virtual time: load, datapoint, alarm, launch, effect.
func TestLoadAboveTheThresholdBringsASecondInstance(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		w.work.set(5, nil)
		time.Sleep(45 * time.Second)
		synctest.Wait()
		if got := w.alarmState(t); got != cwtypes.StateValueOk {
			t.Fatalf("alarm at 5 %% = %s, want OK", got)
		}
		if got := w.series(t, "Average", 2); !near(got, 5, 5) {
			t.Errorf("average at 5 %% = %v, want 5, 5", got)
		}
		time.Sleep(5 * time.Second) // to a period's start: the clock of a bubble begins on one
		w.work.set(32, nil)
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if got := w.alarmState(t); got != cwtypes.StateValueAlarm {
			t.Fatalf("alarm after a period at 32 %% = %s, want ALARM", got)
		}
		if got := w.series(t, "Average", 1); !near(got, 32) {
			t.Errorf("average at 32 %% = %v, want 32", got)
		}
		time.Sleep(40 * time.Second)
		synctest.Wait()
		if g := w.group(t); *g.DesiredCapacity != 2 || len(g.Instances) != 2 {
			t.Fatalf("group = desired %d, %d instances, want 2 of both", *g.DesiredCapacity, len(g.Instances))
		}
		if got := w.series(t, "Average", 2); !near(got, 16, 16) {
			t.Errorf("average over two instances = %v, want 16, 16", got)
		}
		if got := w.series(t, "SampleCount", 2); !near(got, 2, 2) {
			t.Errorf("sample count = %v, want as many as instances: 2, 2", got)
		}
		if got := w.alarmState(t); got != cwtypes.StateValueOk {
			t.Errorf("alarm at 16 %% = %s, want OK again", got)
		}
	})
}

func TestALaunchThatFailsIsAFailedActivityAndNoInstance(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		time.Sleep(10 * time.Second)
		w.work.set(0, errors.New("the address is in use"))
		must[autoscaling.SetDesiredCapacityOutput](t)(autoScalingAPI{w.Cloud}.setDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String(testGroup), DesiredCapacity: aws.Int32(2)}))
		time.Sleep(5 * time.Second)
		synctest.Wait()
		out := must[autoscaling.DescribeScalingActivitiesOutput](t)(autoScalingAPI{w.Cloud}.describeScalingActivities(t.Context(), &autoscaling.DescribeScalingActivitiesInput{
			AutoScalingGroupName: aws.String(testGroup), Filters: []astypes.Filter{{Name: aws.String("Status"), Values: []string{"Failed"}}},
		}))
		if len(out.Activities) == 0 || !strings.Contains(deref(out.Activities[0].StatusMessage), "the address is in use") {
			t.Errorf("failed activities = %v, want one that says why", out.Activities)
		}
		instances := must[ec2shapes.DescribeInstancesOutput](t)(ec2API{w.Cloud}.describeInstances(t.Context(), &ec2shapes.DescribeInstancesInput{}))
		if len(instances.Reservations) != 1 {
			t.Errorf("%d instances in EC2, want only the first", len(instances.Reservations))
		}
	})
}

func TestAnInstanceThatIsGoneIsReplaced(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *world, id string){
		"terminated through EC2": func(t *testing.T, w *world, id string) {
			out := must[ec2shapes.TerminateInstancesOutput](t)(ec2API{w.Cloud}.terminateInstances(t.Context(), &ec2shapes.TerminateInstancesInput{InstanceIds: []string{id}}))
			if got := out.TerminatingInstances[0].CurrentState.Name; got != stateShuttingDown {
				t.Errorf("state = %s, want shutting-down", got)
			}
		},
		"exited by itself": func(_ *testing.T, w *world, id string) {
			w.work.exits <- fleet.Exit{ID: id, Err: errors.New("exit status 1")}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(t *testing.T, w *world) {
				time.Sleep(10 * time.Second)
				first := *w.group(t).Instances[0].InstanceId
				end(t, w, first)
				time.Sleep(2 * time.Minute)
				synctest.Wait()
				g := w.group(t)
				if len(g.Instances) != 1 || *g.Instances[0].InstanceId == first || g.Instances[0].LifecycleState != astypes.LifecycleStateInService {
					t.Errorf("instances = %v, want another one InService", g.Instances)
				}
				old := must[ec2shapes.DescribeInstancesOutput](t)(ec2API{w.Cloud}.describeInstances(t.Context(), &ec2shapes.DescribeInstancesInput{InstanceIds: []string{first}}))
				if got := old.Reservations[0].Instances[0].State.Name; got != stateTerminated {
					t.Errorf("the old instance is %s, want terminated", got)
				}
			})
		})
	}
}

func TestATerminatedInstanceIsForgottenAfterAnHour(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		time.Sleep(10 * time.Second)
		first := *w.group(t).Instances[0].InstanceId
		must[ec2shapes.TerminateInstancesOutput](t)(ec2API{w.Cloud}.terminateInstances(t.Context(), &ec2shapes.TerminateInstancesInput{InstanceIds: []string{first}}))
		time.Sleep(time.Hour + time.Minute)
		synctest.Wait()
		_, err := ec2API{w.Cloud}.describeInstances(t.Context(), &ec2shapes.DescribeInstancesInput{InstanceIds: []string{first}})
		if err == nil || !strings.Contains(err.Error(), "InvalidInstanceID.NotFound") {
			t.Errorf("DescribeInstances(%s) = %v, want InvalidInstanceID.NotFound", first, err)
		}
	})
}

func TestRequestsBecomeMetricsOfTheLoadBalancer(t *testing.T) {
	inWorld(t, func(t *testing.T, w *world) {
		subnets := []string{w.network.subnets[0].id, w.network.subnets[1].id}
		lb := must[elb.CreateLoadBalancerOutput](t)(elbAPI{w.Cloud}.createLoadBalancer(t.Context(), &elb.CreateLoadBalancerInput{Name: aws.String("web-alb"), Subnets: subnets})).LoadBalancers[0]
		must[elb.CreateListenerOutput](t)(elbAPI{w.Cloud}.createListener(t.Context(), &elb.CreateListenerInput{
			LoadBalancerArn: lb.LoadBalancerArn, Port: aws.Int32(80), Protocol: elbtypes.ProtocolEnumHttp, DefaultActions: forwardAction(w.tg),
		}))
		time.Sleep(time.Second) // the counts change within a period, not at its edge
		for _, total := range []int64{0, 30, 70} {
			w.routes.mu.Lock()
			w.routes.counts = balancer.Counts{RequestCount: total, HTTPCodeTarget: map[int]int64{2: total - total/10, 5: total / 10}, TargetResponseTime: time.Duration(total) * 10 * time.Millisecond}
			w.routes.mu.Unlock()
			time.Sleep(10 * time.Second)
		}
		synctest.Wait()
		dimension := []cwtypes.Dimension{{Name: aws.String("LoadBalancer"), Value: aws.String(after(*lb.LoadBalancerArn, "loadbalancer/"))}}
		for _, test := range []struct {
			name, stat string
			want       []float64
		}{
			{"RequestCount", "Sum", []float64{40, 30}},
			{"HTTPCode_Target_2XX_Count", "Sum", []float64{36, 27}},
			{"HTTPCode_Target_5XX_Count", "Sum", []float64{4, 3}},
			{"TargetResponseTime", "Average", []float64{0.01, 0.01}},
		} {
			m := &cwtypes.Metric{Namespace: aws.String("AWS/ApplicationELB"), MetricName: &test.name, Dimensions: dimension}
			if got := w.metric(t, m, test.stat, 3); !near(got, test.want...) {
				t.Errorf("%s of %s = %v, want %v (none for the period without requests)", test.stat, test.name, got, test.want)
			}
		}
	})
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	_, err := New(Config{MetricsPeriod: 15 * time.Second})
	for _, want := range []string{"region and account id", "a fleet and a balancer", "no image", "metrics period 15s"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(15s, nothing else) = %v, want …%q…", err, want)
		}
	}
}
