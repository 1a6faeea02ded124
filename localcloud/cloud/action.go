package cloud

import (
	"context"
	"strconv"
	"strings"

	"secondwind/autoscale"
	"secondwind/localcloud/fleet"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
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
			InstanceID: i.ID, ImageID: i.ImageID, InstanceType: i.Type,
			AvailabilityZone: i.Zone, Region: c.cfg.Region, AccountID: c.cfg.AccountID,
			Role: i.Profile, Program: image.Program, Args: image.Args, Env: image.Env, Dir: image.Dir,
		})
		if err != nil {
			c.log.Error("instance not launched", "id", i.ID, "err", err)
			c.forget(i)
			c.inbox.instance(i.ID, autoscale.InstanceFailed, launchFailure(err))
			return
		}
		c.log.Info("instance launched", "id", i.ID, "address", started.Address, "pid", started.PID, "cpuLimited", started.CPULimited)
		c.running(i, started)
		c.inbox.instance(i.ID, autoscale.InstanceRunning, "")
	})
}

// prepare makes a pending instance of a launch, or says why there can be none.
func (c *Cloud) prepare(a autoscale.LaunchInstance) (*Instance, Image, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	template, version, err := c.state.TemplateVersion(a.LaunchTemplate)
	if err != nil {
		return nil, Image{}, err
	}
	i := newInstance(a, c.now().Now, c.network.SubnetOf(a.AvailabilityZone))
	i.Template = autoscale.LaunchTemplate{ID: template.ID, Name: template.Name, Version: strconv.FormatInt(version.Number, 10)}
	i.ImageID = optional.Value(version.Data.ImageId)
	i.Type = string(version.Data.InstanceType)
	if i.Profile, err = profileOf(version.Data.IamInstanceProfile); err != nil {
		return nil, Image{}, err
	}
	image, ok := c.cfg.Images[i.ImageID]
	if !ok {
		return nil, Image{}, operation.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", i.ImageID)
	}
	if _, ok := fleet.VCPUs(i.Type); !ok {
		return nil, Image{}, operation.Errorf("InvalidInstanceType", "The requested instance type '%s' is not known", i.Type)
	}
	c.state.Instances[i.ID] = i
	c.state.Tags.Set(i.ID, "aws:autoscaling:groupName", i.Group)
	for _, t := range c.state.GroupTags[i.Group] {
		if t.Propagate {
			c.state.Tags.Set(i.ID, t.Key, t.Value)
		}
	}
	return i, image, nil
}

// launchFailure is an error as a sentence. The engine makes a failed activity's
// StatusMessage of it.
func launchFailure(err error) string {
	return strings.TrimSuffix(operation.Message(err).Error(), ".") + "."
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
		c.instanceEnded(id, StateReason{"Client.UserInitiatedShutdown", "Client.UserInitiatedShutdown: User initiated shutdown"})
	})
}
