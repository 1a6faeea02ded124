package cloud_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

// alive are the ids of the instances that EC2 lists in one of the states.
func alive(t *testing.T, w *apitest.World, states ...string) []string {
	t.Helper()
	request := "DescribeInstances&Filter.1.Name=instance-state-name"
	for i, state := range states {
		request += fmt.Sprintf("&Filter.1.Value.%d=%s", i+1, state)
	}
	a := w.Call(t, awsapi.EC2, request)
	var ids []string
	for i := 1; ; i++ {
		id, ok := a[fmt.Sprintf("reservationSet.%d.instancesSet.1.instanceId", i)]
		if !ok {
			return ids
		}
		ids = append(ids, id)
	}
}

// disturb does one thing that goes wrong in a cloud, or makes it go right again.
func disturb(t *testing.T, w *apitest.World, random *rand.Rand) {
	t.Helper()
	some := alive(t, w, "pending", "running")
	if len(some) == 0 {
		some = []string{"i-00000000000000000"}
	}
	id := some[random.IntN(len(some))]
	switch random.IntN(8) {
	case 0:
		w.Fleet.Fail(errors.New("no free address"))
	case 1:
		w.Fleet.Fail(nil)
	case 2:
		w.Fleet.Exit(id)
	case 3:
		w.Try(t, awsapi.EC2, "TerminateInstances&InstanceId.1="+id)
	case 4:
		w.Call(t, awsapi.AutoScaling, setDesired+fmt.Sprint(1+random.IntN(2)))
	case 5:
		w.Balancer.Drain(time.Duration(random.IntN(3)) * 15 * time.Second)
	case 6:
		w.Fleet.Boot(time.Duration(random.IntN(40)) * time.Second)
	case 7:
		w.Fleet.Blind(id, true)
		w.Wait(time.Duration(random.IntN(12_000)) * time.Millisecond)
		w.Fleet.Blind(id, false)
	}
	w.Wait(time.Duration(random.IntN(20_000)) * time.Millisecond)
}

// Whatever has gone wrong: once it goes right again, the group has what it wants, and
// nothing else is left: no instance without a group, no target without an instance,
// and no period with two datapoints of one instance.
func TestTheCloudRecoversFromAnything(t *testing.T) {
	for seed := range uint64(40) {
		apitest.Run(t, func(t *testing.T, w *apitest.World) {
			random := rand.New(rand.NewPCG(seed, 0xc405))
			w.Fleet.Load(10)
			seen := map[string]bool{}
			for range 40 {
				disturb(t, w, random)
				for _, id := range alive(t, w, "running") {
					seen[id] = true
				}
			}
			for id := range seen {
				if counts := series(t, w, "AWS/EC2:CPUUtilization", "InstanceId="+id, "SampleCount", 60); len(counts) > 0 && !ones(counts) {
					t.Errorf("seed %d: sample counts of %s = %v, want one in each period", seed, id, counts)
				}
			}
			w.Fleet.Fail(nil)
			w.Fleet.Boot(2 * time.Second)
			w.Balancer.Drain(0)
			w.Wait(20 * time.Minute) // a launch that failed often is tried every 15 minutes
			desired := w.Call(t, awsapi.AutoScaling, "DescribeAutoScalingGroups").Get(t, "AutoScalingGroups.1.DesiredCapacity")
			if got := alive(t, w, "pending", "running", "shutting-down"); fmt.Sprint(len(got)) != desired {
				t.Errorf("seed %d: instances %v, want %s", seed, got, desired)
			}
			if got := w.Balancer.Health(targetGroup(t, w)); fmt.Sprint(len(got)) != desired {
				t.Errorf("seed %d: targets %v, want %s", seed, got, desired)
			}
			w.Do(t, awsapi.AutoScaling, apitest.Steps{{
				fmt.Sprintf("seed %d", seed), "DescribeAutoScalingInstances",
				"AutoScalingInstances#=" + desired + "&AutoScalingInstances." + desired + ".LifecycleState=InService",
			}})
		})
	}
}
