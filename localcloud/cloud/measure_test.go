package cloud_test

import (
	"slices"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/balancer"
)

// toPeriod waits until a time after the start of the next period of 10 s.
func toPeriod(w *apitest.World, after time.Duration) {
	now := time.Now()
	w.Wait(now.Truncate(10 * time.Second).Add(10*time.Second + after).Sub(now))
}

func TestAnInstanceThatDiesBetweenTwoReadings(t *testing.T) {
	for name, test := range map[string]struct {
		at    time.Duration // of its death, after the start of a period
		whole bool          // that period counts
	}{
		"early in a period, which it only touched":      {3500 * time.Millisecond, false},
		"late in a period, of which it used its share":  {7500 * time.Millisecond, true},
		"between a period's end and the first reading":  {10 * time.Millisecond, false},
		"between the last reading and the period's end": {9990 * time.Millisecond, true},
	} {
		t.Run(name, func(t *testing.T) {
			apitest.Run(t, func(t *testing.T, w *apitest.World) {
				w.Fleet.Load(40)
				toPeriod(w, 0) // it was launched in this period
				id := first(t, w)
				w.Call(t, awsapi.AutoScaling, "SuspendProcesses&AutoScalingGroupName=web-asg")
				toPeriod(w, time.Second)
				points := func(stat string) []float64 { return series(t, w, "AWS/EC2:CPUUtilization", "InstanceId="+id, stat, 99) }
				before := len(points("Average"))
				toPeriod(w, test.at) // one more period has ended
				w.Fleet.Exit(id)
				w.Wait(25 * time.Second)
				all, want := points("Average"), before+1
				if test.whole {
					want++
				}
				if len(all) != want || !near(all, slices.Repeat([]float64{40}, len(all))...) {
					t.Errorf("datapoints = %v, want %d of 40", all, want)
				}
				if counts := points("SampleCount"); !ones(counts) {
					t.Errorf("sample counts = %v, want one in each period", counts)
				}
			})
		})
	}
}

func ones(counts []float64) bool {
	for _, n := range counts {
		if n != 1 {
			return false
		}
	}
	return len(counts) > 0
}

// A period is published once the reading that completes it has come, however late.
func TestAReadingThatComesLateIsPublishedOnce(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Fleet.Load(10)
		toPeriod(w, 0)
		id := first(t, w)
		toPeriod(w, 5500*time.Millisecond)
		w.Fleet.Blind(id, true) // from the sixth second of a period to the second of the next
		w.Wait(6 * time.Second)
		w.Fleet.Blind(id, false)
		w.Wait(20 * time.Second)
		if got := cpu(t, w, "SampleCount", 4); !ones(got) {
			t.Errorf("sample counts = %v, want one in each period", got)
		}
		if got := cpu(t, w, "Average", 3); !near(got, 10, 10, 10) {
			t.Errorf("averages = %v, want 10 in each period", got)
		}
	})
}

// TestAnInstanceThatShutsDownIsStillMeasured: its reading at 5 s, when it shuts
// down, makes it half a period.
func TestAnInstanceThatShutsDownIsStillMeasured(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Fleet.Load(40)
		toPeriod(w, 0)
		id := first(t, w)
		w.Call(t, awsapi.AutoScaling, "SuspendProcesses&AutoScalingGroupName=web-asg")
		toPeriod(w, 4600*time.Millisecond)
		points := func() []float64 { return series(t, w, "AWS/EC2:CPUUtilization", "InstanceId="+id, "Average", 99) }
		before := len(points())
		w.Call(t, awsapi.EC2, "TerminateInstances&InstanceId.1="+id) // which takes a second
		w.Wait(25 * time.Second)
		if all := points(); len(all) != before+1 {
			t.Errorf("datapoints = %v, want one more than %d", all, before)
		}
	})
}

func TestAnInstanceThatDrainsIsStillMeasured(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Fleet.Load(20)
		toPeriod(w, 0)
		id := first(t, w)
		w.Balancer.Drain(25 * time.Second)
		w.Call(t, awsapi.AutoScaling, "UpdateAutoScalingGroup&AutoScalingGroupName=web-asg&MinSize=0&DesiredCapacity=0")
		w.Wait(20 * time.Second)
		if got := series(t, w, "AWS/EC2:CPUUtilization", "InstanceId="+id, "Average", 2); !near(got, 20, 20) {
			t.Errorf("averages while it drains = %v, want 20, 20", got)
		}
	})
}

// A load balancer counts since its start. What it counted before a listener was made
// anew has been published.
func TestAListenerThatIsMadeAnewPublishesNothingTwice(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		w.Name(t, "lb", "LoadBalancers.1.LoadBalancerArn", awsapi.ELBv2,
			"CreateLoadBalancer&Name=web-alb&Subnets.member.1={subnet1}&Subnets.member.2={subnet2}")
		const create = "CreateListener&LoadBalancerArn={lb}&Port=80&Protocol=HTTP" +
			"&DefaultActions.member.1.Type=forward&DefaultActions.member.1.TargetGroupArn={tg}"
		w.Name(t, "listener", "Listeners.1.ListenerArn", awsapi.ELBv2, create)
		toPeriod(w, time.Second)
		w.Balancer.SetCounts(balancer.Counts{RequestCount: 100})
		toPeriod(w, time.Second)
		w.Call(t, awsapi.ELBv2, "DeleteListener&ListenerArn={listener}")
		toPeriod(w, time.Second)
		w.Call(t, awsapi.ELBv2, create)
		w.Balancer.SetCounts(balancer.Counts{RequestCount: 107})
		toPeriod(w, time.Second)
		if got := series(t, w, "AWS/ApplicationELB:RequestCount", loadBalancerDimension(t, w), "Sum", 9); !near(got, 7, 100) {
			t.Errorf("requests = %v, want 7, 100", got)
		}
	})
}

func loadBalancerDimension(t *testing.T, w *apitest.World) string {
	t.Helper()
	arn := w.Name(t, "lb", "LoadBalancers.1.LoadBalancerArn", awsapi.ELBv2, "DescribeLoadBalancers")
	return "LoadBalancer=" + arn[len(w.ARN("elasticloadbalancing", "loadbalancer/")):]
}

func TestSizesOfAGroupAreMetrics(t *testing.T) {
	apitest.Run(t, func(t *testing.T, w *apitest.World) {
		toPeriod(w, 5*time.Second)
		w.Fleet.Boot(time.Minute)
		w.Call(t, awsapi.AutoScaling, setDesired+"2")
		toPeriod(w, time.Second)
		for name, want := range map[string]float64{
			"GroupMinSize": 1, "GroupMaxSize": 2, "GroupDesiredCapacity": 2, "GroupInServiceInstances": 1,
			"GroupPendingInstances": 1, "GroupTerminatingInstances": 0, "GroupTotalInstances": 2,
		} {
			if got := series(t, w, "AWS/AutoScaling:"+name, "AutoScalingGroupName=web-asg", "Average", 1); !near(got, want) {
				t.Errorf("%s = %v, want %g", name, got, want)
			}
		}
	})
}
