package cloud

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/autoscale"
	"secondwind/localcloud/fleet"
)

// The states of an instance that can occur here; nothing is ever stopped.
const (
	statePending      = types.InstanceStateNamePending
	stateRunning      = types.InstanceStateNameRunning
	stateShuttingDown = types.InstanceStateNameShuttingDown
	stateTerminated   = types.InstanceStateNameTerminated
)

// terminatedFor is how long a terminated instance is still described, as in EC2.
const terminatedFor = time.Hour

// instance is an EC2 instance: what DescribeInstances shows and CPU is measured of.
type instance struct {
	id, group, zone, subnet string
	imageID, instanceType   string
	profile                 string                   // of its role; "" is none
	template                autoscale.LaunchTemplate // Version is a number
	state                   types.InstanceStateName
	reason                  stateReason // why it ended
	launched, ended         time.Time
	address, privateIP      string // host:port it listens on; "" before it runs
	vcpus                   int
	meter                   *meter        // nil before it runs
	settled                 chan struct{} // closed when its launch has succeeded or failed
}

// stateReason is why an instance is no longer running.
type stateReason struct{ code, message string }

func newInstance(a autoscale.LaunchInstance, now time.Time, subnet string) *instance {
	return &instance{
		id: a.InstanceID, group: a.AutoScalingGroupName, zone: a.AvailabilityZone, subnet: subnet,
		state: statePending, launched: now, settled: make(chan struct{}),
	}
}

// running notes that the process runs.
func (c *Cloud) running(i *instance, started fleet.Instance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i.address, i.privateIP, i.vcpus = started.Address, started.PrivateIP, started.VCPUs
	if !started.LaunchTime.IsZero() {
		i.launched = started.LaunchTime.UTC()
	}
	i.meter = newMeter(c.cfg.MetricsPeriod, i.launched)
	if i.state == statePending { // it may have been told to end, or have ended, in the meantime
		i.state = stateRunning
	}
}

// forget drops an instance that could not be launched: EC2 never lists it.
func (c *Cloud) forget(i *instance) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.instances, i.id)
	delete(c.resourceTags, i.id)
}

// shuttingDown marks an instance and returns it; nil if it has already ended or
// never was.
func (c *Cloud) shuttingDown(id string) *instance {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.instances[id]
	if i == nil || i.state == stateTerminated {
		return nil
	}
	i.state = stateShuttingDown
	return i
}

// instanceEnded notes that the process is gone, and tells the engine once.
func (c *Cloud) instanceEnded(id string, why stateReason) {
	c.mu.Lock()
	i := c.instances[id]
	news := i != nil && i.state != stateTerminated
	if news {
		i.state, i.ended, i.reason = stateTerminated, c.now(), why
	}
	c.mu.Unlock()
	if news {
		c.inbox.instance(id, autoscale.InstanceTerminated, why.message)
	}
}

// forgetTerminated drops instances that ended long ago, so that a cloud may run
// for weeks; callers hold mu.
func (c *Cloud) forgetTerminated(now time.Time) {
	for id, i := range c.instances {
		if i.state == stateTerminated && now.Sub(i.ended) > terminatedFor {
			delete(c.instances, id)
			delete(c.resourceTags, id)
		}
	}
}

// addressOf is where a running instance listens; "" if it does not run.
func (c *Cloud) addressOf(id string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if i := c.instances[id]; i != nil && i.state == stateRunning {
		return i.address
	}
	return ""
}
