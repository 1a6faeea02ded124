package cloud

import (
	"context"
	"strings"

	"secondwind/autoscale"
	"secondwind/localcloud/fleet"
)

// carryOut does what the engine asks for. What takes time is done in a goroutine
// of its own; what came of it reaches the engine through the inbox.
func (c *Cloud) carryOut(ctx context.Context, a autoscale.Action) {
	switch a := a.(type) {
	case autoscale.LaunchInstance:
		c.launch(ctx, a)
	case autoscale.RegisterTarget:
		c.register(a)
	case autoscale.DeregisterTarget:
		c.deregister(a)
	case autoscale.TerminateInstance:
		c.terminate(ctx, a.InstanceID)
	case autoscale.InvokeAction:
		// There is no SNS here. The alarm's history tells of the action; nobody is notified.
		c.log.Info("alarm action is not carried out: only scaling policies are", "alarm", a.Alarm.Name, "action", a.ActionARN)
	}
}

// launch starts an instance as its launch template says.
func (c *Cloud) launch(ctx context.Context, a autoscale.LaunchInstance) {
	i, image, err := c.prepare(a)
	if err != nil {
		c.log.Warn("instance not launched", "id", a.InstanceID, "err", err)
		c.inbox.instance(a.InstanceID, autoscale.InstanceFailed, launchFailure(err))
		return
	}
	c.work.Go(func() {
		defer close(i.settled)
		started, err := c.cfg.Fleet.Launch(ctx, fleet.Spec{
			InstanceID: i.id, ImageID: i.imageID, InstanceType: i.instanceType,
			AvailabilityZone: i.zone, Region: c.cfg.Region, AccountID: c.cfg.AccountID,
			Role: i.profile, Program: image.Program, Args: image.Args, Env: image.Env,
		})
		if err != nil {
			c.log.Error("instance not launched", "id", i.id, "err", err)
			c.forget(i)
			c.inbox.instance(i.id, autoscale.InstanceFailed, launchFailure(err))
			return
		}
		c.log.Info("instance launched", "id", i.id, "address", started.Address, "pid", started.PID, "cpuLimited", started.CPULimited)
		c.running(i, started)
		c.inbox.instance(i.id, autoscale.InstanceRunning, "")
	})
}

// prepare makes a pending instance of a launch, or says why there can be none.
func (c *Cloud) prepare(a autoscale.LaunchInstance) (*instance, Image, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	template, version, err := c.findTemplateVersion(a.LaunchTemplate)
	if err != nil {
		return nil, Image{}, err
	}
	i := newInstance(a, c.now(), c.network.subnetOf(a.AvailabilityZone))
	i.template = autoscale.LaunchTemplate{ID: template.id, Name: template.name, Version: version.label()}
	i.imageID = deref(version.data.ImageId)
	i.instanceType = string(version.data.InstanceType)
	if i.profile, err = profileOf(version.data.IamInstanceProfile); err != nil {
		return nil, Image{}, err
	}
	image, ok := c.cfg.Images[i.imageID]
	if !ok {
		return nil, Image{}, apiErrorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", i.imageID)
	}
	if _, ok := fleet.VCPUs(i.instanceType); !ok {
		return nil, Image{}, apiErrorf("InvalidInstanceType", "The requested instance type '%s' is not known", i.instanceType)
	}
	c.instances[i.id] = i
	c.setTag(i.id, "aws:autoscaling:groupName", i.group)
	for _, t := range c.groupTags[i.group] {
		if t.propagate {
			c.setTag(i.id, t.key, t.value)
		}
	}
	return i, image, nil
}

// launchFailure is an error as a failed activity's StatusMessage has it.
func launchFailure(err error) string {
	return strings.TrimSuffix(messageOf(err).Error(), ".") + ". Launching EC2 instance failed."
}

func (c *Cloud) register(a autoscale.RegisterTarget) {
	address := c.addressOf(a.InstanceID)
	if address == "" {
		c.log.Warn("target not registered: no such running instance", "instance", a.InstanceID)
		return
	}
	if err := c.balancer.Register(a.TargetGroupARN, a.InstanceID, address); err != nil {
		c.log.Warn("target not registered", "instance", a.InstanceID, "err", err)
	}
}

func (c *Cloud) deregister(a autoscale.DeregisterTarget) {
	err := c.balancer.Deregister(a.TargetGroupARN, a.InstanceID)
	if err == nil {
		return // the balancer tells when it has drained
	}
	// What is not registered has nothing to drain; the engine must not wait for it.
	c.log.Debug("target was not registered", "instance", a.InstanceID, "err", err)
	c.inbox.target(a.TargetGroupARN, a.InstanceID, autoscale.TargetDrained)
}

// terminate ends an instance; one that is already gone counts as terminated.
func (c *Cloud) terminate(ctx context.Context, id string) {
	i := c.shuttingDown(id)
	if i == nil {
		c.inbox.instance(id, autoscale.InstanceTerminated, "")
		return
	}
	c.work.Go(func() {
		select {
		case <-i.settled: // its launch may still be under way
		case <-ctx.Done():
			return
		}
		if err := c.cfg.Fleet.Terminate(ctx, id); err != nil && ctx.Err() == nil {
			c.log.Error("instance not terminated cleanly", "id", id, "err", err)
		}
		if ctx.Err() != nil {
			return // closing: the fleet ends what is left
		}
		c.instanceEnded(id, stateReason{"Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"})
	})
}
