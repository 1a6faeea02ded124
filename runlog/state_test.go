package runlog_test

import (
	"slices"
	"testing"
	"time"

	"secondwind/runlog"
)

func TestNewerDatapointsCorrectOldOnesAndASeriesStaysBounded(t *testing.T) {
	at := func(i int) time.Time { return time.Unix(int64(i)*10, 0).UTC() }
	values := func(s runlog.State) (all []float64) {
		for _, p := range s.Metric[runlog.GroupSeries] {
			all = append(all, p.Value)
		}
		return all
	}
	var none runlog.State
	old := none.WithDatapoints(runlog.GroupSeries, []runlog.Datapoint{{Timestamp: at(2), Value: 20}, {Timestamp: at(1), Value: 10}})
	newer := old.WithDatapoints(runlog.GroupSeries, []runlog.Datapoint{{Timestamp: at(2), Value: 21}, {Timestamp: at(3), Value: 30}})
	if got := values(newer); !slices.Equal(got, []float64{10, 21, 30}) {
		t.Errorf("series = %v, want 10, 21, 30", got)
	}
	if got := values(old); !slices.Equal(got, []float64{10, 20}) {
		t.Errorf("the older state's series = %v, want 10, 20 as before", got)
	}
	if latest, ok := newer.Latest(runlog.GroupSeries); !ok || latest.Value != 30 {
		t.Errorf("Latest = %v, %t; want 30", latest, ok)
	}
	for i := range 1000 {
		newer = newer.WithDatapoints(runlog.GroupSeries, []runlog.Datapoint{{Timestamp: at(i + 10), Value: 1}})
	}
	if n := len(values(newer)); n != 360 {
		t.Errorf("a long series has %d datapoints, want the newest 360", n)
	}
}

func TestInServiceIsSortedAndLeavesOutWhatIsNoCapacity(t *testing.T) {
	g := runlog.AutoScalingGroup{Instances: []runlog.Instance{
		{InstanceId: "i-3", LifecycleState: "InService"}, {InstanceId: "i-2", LifecycleState: "Pending"},
		{InstanceId: "i-1", LifecycleState: "InService"}, {InstanceId: "i-4", LifecycleState: "Terminating:Wait"},
	}}
	if got := g.InService(); !slices.Equal(got, []string{"i-1", "i-3"}) {
		t.Errorf("InService = %v, want i-1, i-3", got)
	}
}

func TestAGroupIsSettledOnceWhatItWantsIsInService(t *testing.T) {
	g := runlog.AutoScalingGroup{DesiredCapacity: 1, Instances: []runlog.Instance{{InstanceId: "i-1", LifecycleState: "InService"}}}
	if !g.Settled(1) || g.Settled(2) {
		t.Errorf("one of one is settled at 1: %t, at 2: %t; want true and false", g.Settled(1), g.Settled(2))
	}
	g.DesiredCapacity = 2
	if g.Settled(1) || g.Settled(2) {
		t.Error("a group that wants another instance is settled")
	}
}
