package cloud

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/autoscale"
	"secondwind/localcloud/fleet"
)

// The states of an instance that can occur here; nothing is ever stopped.
const (
	Pending      = types.InstanceStateNamePending
	Running      = types.InstanceStateNameRunning
	ShuttingDown = types.InstanceStateNameShuttingDown
	Terminated   = types.InstanceStateNameTerminated
)

// terminatedFor is how long a terminated instance is still described, as in EC2.
const terminatedFor = time.Hour

// Instance is an EC2 instance: what DescribeInstances shows and CPU is measured of.
type Instance struct {
	ID, Group, Zone, Subnet string
	ImageID, Type           string
	Profile                 string                   // of its role; "" is none
	Template                autoscale.LaunchTemplate // Version is a number
	State                   types.InstanceStateName
	Reason                  StateReason // why it ended
	Launched, Ended         time.Time
	Address, PrivateIP      string // host:port it listens on; "" before it runs
	vcpus                   int
	meter                   *meter        // nil before it runs
	settled                 chan struct{} // closed when its launch has succeeded or failed
}

// StateReason is why an instance is no longer running.
type StateReason struct{ Code, Message string }

func newInstance(a autoscale.LaunchInstance, now time.Time, subnet string) *Instance {
	return &Instance{
		ID: a.InstanceID, Group: a.AutoScalingGroupName, Zone: a.AvailabilityZone, Subnet: subnet,
		State: Pending, Launched: now, settled: make(chan struct{}),
	}
}

// running notes that the process runs.
func (c *Cloud) running(i *Instance, started fleet.Instance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i.Address, i.PrivateIP, i.vcpus = started.Address, started.PrivateIP, started.VCPUs
	if !started.LaunchTime.IsZero() {
		i.Launched = started.LaunchTime.UTC()
	}
	i.meter = newMeter(c.cfg.MetricsPeriod, i.Launched)
	if i.State == Pending { // it may have been told to end, or have ended, in the meantime
		i.State = Running
	}
}

// forget drops an instance that could not be launched: EC2 never lists it.
func (c *Cloud) forget(i *Instance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.state.Instances, i.ID)
	delete(c.state.Tags, i.ID)
}

// shuttingDown marks an instance and returns it; nil if it has already ended or
// never was.
func (c *Cloud) shuttingDown(id string) *Instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.state.Instances[id]
	if i == nil || i.State == Terminated {
		return nil
	}
	i.State = ShuttingDown
	return i
}

// instanceEnded notes that the process is gone, and tells the engine once.
func (c *Cloud) instanceEnded(id string, why StateReason) {
	c.mu.Lock()
	i := c.state.Instances[id]
	news := i != nil && i.State != Terminated
	if news {
		i.State, i.Ended, i.Reason = Terminated, c.now().Now, why
	}
	c.mu.Unlock()
	if news {
		c.inbox.instance(id, autoscale.InstanceTerminated, why.Message)
	}
}

// forgetTerminated drops instances that ended long ago, so that a cloud may run
// for weeks; callers hold mu.
func (c *Cloud) forgetTerminated(now time.Time) {
	for id, i := range c.state.Instances {
		if i.State == Terminated && now.Sub(i.Ended) > terminatedFor {
			delete(c.state.Instances, id)
			delete(c.state.Tags, id)
		}
	}
}

// addressOf is where a running instance listens; "" if it does not run.
func (c *Cloud) addressOf(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.state.Instances[id]; i != nil && i.State == Running {
		return i.Address
	}
	return ""
}
