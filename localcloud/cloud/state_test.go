package cloud

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/autoscale"
	"secondwind/localcloud/balancer"
	"secondwind/localcloud/fleet"
)

func TestTimeNeverGoesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, _ := newCounted(t)
		c := m.cloud
		at := func() time.Time { return View(c, func(s *State) time.Time { return s.Now }) }
		began := at()
		if !began.Equal(time.Now()) || began.Location() != time.UTC {
			t.Errorf("Now = %s, want %s in UTC", began, time.Now())
		}
		c.state.Now = began.Add(time.Hour) // as if the clock were set back by an hour
		time.Sleep(time.Minute)
		if got := at(); !got.Equal(began.Add(time.Hour)) {
			t.Errorf("Now = %s, want it to wait at %s", got, began.Add(time.Hour))
		}
		time.Sleep(time.Hour)
		if got := at(); !got.Equal(time.Now()) {
			t.Errorf("Now = %s, want %s once the clock has caught up", got, time.Now())
		}
	})
}

func TestAChangeWakesTheLoopEvenIfItFails(t *testing.T) {
	m, _ := newCounted(t)
	for name, call := range map[string]func() error{
		"one that succeeds": func() error { return m.cloud.Change(func(*State) error { return nil }) },
		"one that fails":    func() error { return m.cloud.Change(func(*State) error { return errors.New("no") }) },
		"two at once": func() error {
			return errors.Join(m.cloud.Change(func(*State) error { return nil }), m.cloud.Change(func(*State) error { return nil }))
		},
	} {
		_ = call()
		select {
		case <-m.cloud.inbox.arrived:
		default:
			t.Errorf("%s does not wake the loop", name)
		}
	}
	if err := m.cloud.Read(func(*State) error { return nil }); err != nil || len(m.cloud.inbox.arrived) > 0 {
		t.Errorf("Read() = %v, with %d tokens, want it to wake nobody", err, len(m.cloud.inbox.arrived))
	}
}

func TestTheInboxIsEmptyOnceTaken(t *testing.T) {
	m, _ := newCounted(t)
	c := m.cloud
	c.inbox.samples(nil)
	if len(c.inbox.arrived) > 0 {
		t.Error("no samples wake the loop")
	}
	c.inbox.samples([]autoscale.Sample{{Unit: "Percent"}})
	c.inbox.instance("i-1", autoscale.InstanceFailed, "why")
	for _, state := range []balancer.State{
		balancer.StateInitial, balancer.StateHealthy, balancer.StateUnhealthy, balancer.StateDraining, balancer.StateUnused, balancer.StateGone,
	} {
		c.onHealth(balancer.TargetHealth{TargetGroupARN: webARN, TargetID: "i-1", State: state})
	}
	seen := c.inbox.take()
	var targets []autoscale.TargetState
	for _, e := range seen.Targets {
		targets = append(targets, e.Health)
	}
	want := []autoscale.TargetState{
		autoscale.TargetInitial, autoscale.TargetHealthy, autoscale.TargetUnhealthy, autoscale.TargetDrained,
	}
	if !slices.Equal(targets, want) {
		t.Errorf("targets = %v, want %v: what drains or is unused is no news", targets, want)
	}
	if len(seen.Samples) != 1 || len(seen.Instances) != 1 || seen.Instances[0].Reason != "why" {
		t.Errorf("take() = %+v, want the sample and the failure", seen)
	}
	if again := c.inbox.take(); len(again.Samples)+len(again.Instances)+len(again.Targets) > 0 {
		t.Errorf("take() = %+v, want nothing twice", again)
	}
}

// An exit may be seen before the launch that it ends has returned.
func TestAnInstanceThatHasEndedDoesNotRunAgain(t *testing.T) {
	m, _ := newCounted(t)
	c := m.cloud
	i := newInstance(autoscale.LaunchInstance{InstanceID: "i-1"}, grid, "")
	c.state.Instances[i.ID] = i
	c.instanceEnded(i.ID, StateReason{"Code", "why"})
	c.running(i, fleet.Instance{Address: "127.0.0.2:8080", VCPUs: 1})
	c.instanceEnded(i.ID, StateReason{"Code", "another"})
	if i.State != Terminated || i.Reason.Message != "why" {
		t.Errorf("the instance is %s because of %s, want it terminated, by what came first", i.State, i.Reason.Message)
	}
	if c.addressOf(i.ID) != "" || len(c.watched()) != 0 || c.shuttingDown(i.ID) != nil {
		t.Error("an instance that has ended is used, measured or ended again")
	}
	if n := len(c.inbox.take().Instances); n != 1 {
		t.Errorf("the engine hears of %d events, want one", n)
	}
}

func TestWhatIsFoundInTheNetwork(t *testing.T) {
	m, _ := newCounted(t)
	n := m.cloud.Network()
	a, b := n.Subnets[0], n.Subnets[1]
	for name, test := range map[string]struct{ subnets, want string }{
		"one":                        {a.ID, "local-1a"},
		"two, with blanks":           {b.ID + " , " + a.ID, "local-1b,local-1a"},
		"the same twice":             {a.ID + "," + a.ID, "local-1a"},
		"one that there is not":      {a.ID + ",subnet-0", "!The subnet ID 'subnet-0' does not exist"},
		"nothing after the last one": {a.ID + ",", "!The subnet ID '' does not exist"},
	} {
		zones, err := n.ZonesOf(test.subnets)
		got := strings.Join(zones, ",")
		if err != nil {
			got = "!" + strings.TrimPrefix(err.Error(), "ValidationError: ")
		}
		if got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
	if n.SubnetOf("local-1b") != b.ID || n.SubnetOf("local-2a") != "" {
		t.Errorf("SubnetOf(local-1b, local-2a) = %q, %q, want %q and none", n.SubnetOf("local-1b"), n.SubnetOf("local-2a"), b.ID)
	}
	other, err := New(Config{
		Region: "local-1", AccountID: "000000000000", Images: map[string]Image{"ami-1": {}}, Seed: 7, Fleet: struct{ InstanceRunner }{},
		Balancer: func(func(balancer.TargetHealth)) LoadBalancing { return nil },
	})
	if err != nil || other.Network().VPC == n.VPC {
		t.Errorf("a cloud of another seed has the VPC %s, %v, want another than %s", other.Network().VPC, err, n.VPC)
	}
	if other.cfg.MetricsPeriod != time.Minute || len(other.TaggedElsewhere()) != 0 {
		t.Errorf("metrics every %s, want detailed monitoring's minute, and no tags of others", other.cfg.MetricsPeriod)
	}
}

func TestLoadBalancersOfATargetGroup(t *testing.T) {
	m, _ := newCounted(t)
	s := &m.cloud.state
	s.Listeners = append(s.Listeners, listenerOf("alb", webARN), listenerOf("other", webARN), listenerOf("third", webARN+"2"))
	if got := s.LoadBalancersOf(webARN); len(got) != 2 || !strings.Contains(got[0], "/alb/") || !strings.Contains(got[1], "/other/") {
		t.Errorf("LoadBalancersOf() = %v, want each once", got)
	}
	if got := s.LoadBalancersOf("arn"); got == nil || len(got) != 0 {
		t.Errorf("LoadBalancersOf(unknown) = %#v, want an empty list: AWS answers one", got)
	}
	if s.TargetGroup(webARN) == nil || s.TargetGroup("arn") != nil {
		t.Error("TargetGroup finds what is not there, or not what is")
	}
}
