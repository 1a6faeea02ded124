package cloud_test

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/balancer"
	"secondwind/localcloud/cloud"
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

// series are the last n values of a metric, newest first.
func series(t *testing.T, w *apitest.World, metric, dimension, stat string, n int) []float64 {
	t.Helper()
	at := func(since time.Duration) string { return time.Now().Add(-since).UTC().Format(time.RFC3339) }
	namespace, name, _ := strings.Cut(metric, ":")
	key, value, _ := strings.Cut(dimension, "=")
	a := w.Call(t, awsapi.CloudWatch, "GetMetricData&StartTime="+at(10*time.Minute)+"&EndTime="+at(0)+
		"&MetricDataQueries.member.1.Id=m&MetricDataQueries.member.1.MetricStat.Period=10&MetricDataQueries.member.1.MetricStat.Stat="+stat+
		"&MetricDataQueries.member.1.MetricStat.Metric.Namespace="+namespace+"&MetricDataQueries.member.1.MetricStat.Metric.MetricName="+name+
		"&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Name="+key+
		"&MetricDataQueries.member.1.MetricStat.Metric.Dimensions.member.1.Value="+value)
	var values []float64
	for i := range n {
		text, ok := a[fmt.Sprintf("MetricDataResults.1.Values.%d", i+1)]
		if !ok {
			break
		}
		v, err := strconv.ParseFloat(text, 64)
		if err != nil {
			t.Fatal(err)
		}
		values = append(values, v)
	}
	return values
}

func cpu(t *testing.T, w *apitest.World, stat string, n int) []float64 {
	t.Helper()
	return series(t, w, "AWS/EC2:CPUUtilization", "AutoScalingGroupName=web-asg", stat, n)
}

// first is the id of the group's first instance.
func first(t *testing.T, w *apitest.World) string {
	t.Helper()
	return w.Name(t, "first", "AutoScalingGroups.1.Instances.1.InstanceId", awsapi.AutoScaling, "DescribeAutoScalingGroups")
}

// The loop as a whole, in virtual time: load, datapoint, alarm, launch, effect.
func TestLoadAboveTheThresholdBringsASecondInstance(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		alarm := func(when, state string) {
			w.Do(t, awsapi.CloudWatch, apitest.Steps{{when, "DescribeAlarms", "MetricAlarms#=1&MetricAlarms.1.StateValue=" + state}})
		}
		w.Fleet.Load(5)
		w.Wait(45 * time.Second)
		alarm("at 5 %", "OK")
		if got := cpu(t, w, "Average", 2); !near(got, 5, 5) {
			t.Errorf("average at 5 %% = %v, want 5, 5", got)
		}
		w.Wait(5 * time.Second) // to a period's start: the clock of a bubble begins on one
		w.Fleet.Load(32)
		w.Wait(15 * time.Second)
		alarm("after a period at 32 %", "ALARM")
		if got := cpu(t, w, "Average", 1); !near(got, 32) {
			t.Errorf("average at 32 %% = %v, want 32", got)
		}
		w.Wait(40 * time.Second)
		w.Do(t, awsapi.AutoScaling, apitest.Steps{
			{"two instances", "DescribeAutoScalingGroups", "AutoScalingGroups.1.DesiredCapacity=2&AutoScalingGroups.1.Instances#=2"},
		})
		if got := cpu(t, w, "Average", 2); !near(got, 16, 16) {
			t.Errorf("average over two instances = %v, want 16, 16", got)
		}
		if got := cpu(t, w, "SampleCount", 2); !near(got, 2, 2) {
			t.Errorf("sample count = %v, want as many as instances: 2, 2", got)
		}
		alarm("at 16 %", "OK")
	})
}

func TestALaunchThatFailsIsAFailedActivityAndNoInstance(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		w.Fleet.Fail(errors.New("the address is in use"))
		w.Call(t, awsapi.AutoScaling, "SetDesiredCapacity&AutoScalingGroupName=web-asg&DesiredCapacity=2")
		w.Wait(5 * time.Second)
		w.Do(t, awsapi.AutoScaling, apitest.Steps{{
			"a failed activity says why",
			"DescribeScalingActivities&AutoScalingGroupName=web-asg&Filters.member.1.Name=Status&Filters.member.1.Values.member.1=Failed",
			"Activities.1.StatusCode=Failed&Activities.1.StatusMessage=the address is in use. Launching EC2 instance failed.",
		}})
		w.Do(t, awsapi.EC2, apitest.Steps{{"EC2 lists only the first", "DescribeInstances", "reservationSet#=1"}})
	})
}

func TestAnInstanceThatIsGoneIsReplaced(t *testing.T) {
	for name, end := range map[string]func(t *testing.T, w *apitest.World, id string){
		"terminated through EC2": func(t *testing.T, w *apitest.World, _ string) {
			w.Do(t, awsapi.EC2, apitest.Steps{
				{"it ends", "TerminateInstances&InstanceId.1={first}", "instancesSet.1.currentState.name=shutting-down"},
			})
		},
		"exited by itself": func(_ *testing.T, w *apitest.World, id string) { w.Fleet.Exit(id) },
	} {
		t.Run(name, func(t *testing.T) {
			apitest.Run(t, func(t *testing.T, w *apitest.World) {
				w.Wait(10 * time.Second)
				old := first(t, w)
				end(t, w, old)
				w.Wait(2 * time.Minute)
				w.Do(t, awsapi.EC2, apitest.Steps{
					{"the old instance", "DescribeInstances&InstanceId.1={first}", "reservationSet.1.instancesSet.1.instanceState.name=terminated"},
				})
				if now := first(t, w); now == old {
					t.Errorf("the group's instance is still %s, want another", now)
				}
				w.Do(t, awsapi.AutoScaling, apitest.Steps{{
					"the new instance", "DescribeAutoScalingGroups",
					"AutoScalingGroups.1.Instances#=1&AutoScalingGroups.1.Instances.1.LifecycleState=InService",
				}})
			})
		})
	}
}

func TestATerminatedInstanceIsForgottenAfterAnHour(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Wait(10 * time.Second)
		id := first(t, w)
		w.Call(t, awsapi.EC2, "TerminateInstances&InstanceId.1="+id)
		w.Wait(time.Hour + time.Minute)
		w.Do(t, awsapi.EC2, apitest.Steps{
			{"an hour later", "DescribeInstances&InstanceId.1=" + id, "InvalidInstanceID.NotFound: The instance ID '" + id + "' does not exist"},
		})
	})
}

func TestRequestsBecomeMetricsOfTheLoadBalancer(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		lb := w.Name(t, "lb", "LoadBalancers.1.LoadBalancerArn", awsapi.ELBv2,
			"CreateLoadBalancer&Name=web-alb&Subnets.member.1={subnet1}&Subnets.member.2={subnet2}")
		w.Call(t, awsapi.ELBv2, "CreateListener&LoadBalancerArn={lb}&Port=80&Protocol=HTTP"+
			"&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={tg}")
		w.Wait(time.Second) // the counts change within a period, not at its edge
		for _, total := range []int64{0, 30, 70} {
			w.Balancer.SetCounts(balancer.Counts{
				RequestCount: total, HTTPCodeTarget: map[int]int64{2: total - total/10, 5: total / 10},
				TargetResponseTime: time.Duration(total) * 10 * time.Millisecond,
			})
			w.Wait(10 * time.Second)
		}
		_, dimension, _ := strings.Cut(lb, "loadbalancer/")
		for _, test := range []struct {
			name, stat string
			want       []float64
		}{
			{"RequestCount", "Sum", []float64{40, 30}},
			{"HTTPCode_Target_2XX_Count", "Sum", []float64{36, 27}},
			{"HTTPCode_Target_5XX_Count", "Sum", []float64{4, 3}},
			{"TargetResponseTime", "Average", []float64{0.01, 0.01}},
		} {
			if got := series(t, w, "AWS/ApplicationELB:"+test.name, "LoadBalancer="+dimension, test.stat, 3); !near(got, test.want...) {
				t.Errorf("%s of %s = %v, want %v (none for the period without requests)", test.stat, test.name, got, test.want)
			}
		}
	})
}

func TestNewRefusesWhatCannotWork(t *testing.T) {
	_, err := cloud.New(cloud.Config{MetricsPeriod: 15 * time.Second})
	for _, want := range []string{"region and account id", "a fleet and a balancer", "no image", "metrics period 15s"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("New(15s, nothing else) = %v, want …%q…", err, want)
		}
	}
}
