package cloud

import (
	"time"

	"secondwind/autoscale"
	"secondwind/localcloud/awsapi"
)

// autoScalingAPI are the handlers of EC2 Auto Scaling.
type autoScalingAPI struct{ c *Cloud }

func (a autoScalingAPI) register(m *awsapi.Mux) {
	const s = awsapi.AutoScaling
	handle(m, s, a.createAutoScalingGroup)
	handle(m, s, a.updateAutoScalingGroup)
	handle(m, s, a.deleteAutoScalingGroup)
	handle(m, s, a.describeAutoScalingGroups)
	handle(m, s, a.describeAutoScalingInstances)
	handle(m, s, a.setDesiredCapacity)
	handle(m, s, a.putScalingPolicy)
	handle(m, s, a.describePolicies)
	handle(m, s, a.deletePolicy)
	handle(m, s, a.executePolicy)
	handle(m, s, a.describeScalingActivities)
	handle(m, s, a.terminateInstance)
	handle(m, s, a.suspendProcesses)
	handle(m, s, a.resumeProcesses)
	handle(m, s, a.setInstanceHealth)
	handle(m, s, a.setInstanceProtection)
	handle(m, s, a.attachTargetGroups)
	handle(m, s, a.detachTargetGroups)
	handle(m, s, a.describeTargetGroups)
	handle(m, s, a.describeScheduledActions)
	handle(m, s, a.describeLifecycleHooks)
	handle(m, s, a.describeInstanceRefreshes)
	handle(m, s, a.describeWarmPool)
	handle(m, s, a.describeTags)
	handle(m, s, a.createOrUpdateTags)
	handle(m, s, a.deleteTags)
}

// groupPages is how Auto Scaling cuts most lists.
var groupPages = paging{defaultSize: 50, maxSize: 100, sizeName: "maxRecords", badToken: "InvalidNextToken"}

// onGroup changes something of a group that the caller named.
func (a autoScalingAPI) onGroup(name *string, f func(now time.Time, g autoscale.GroupStatus) error) error {
	if err := required(member{"autoScalingGroupName", name != nil}); err != nil {
		return err
	}
	return a.c.change(func(now time.Time) error {
		g, err := a.c.engine.Group(*name)
		if err != nil {
			return err
		}
		return f(now, g)
	})
}

// groupIfNamed refuses a name that is given and that no group has.
func (a autoScalingAPI) groupIfNamed(name *string) error {
	if name == nil {
		return nil
	}
	return a.c.read(func(time.Time) error {
		_, err := a.c.engine.Group(*name)
		return err
	})
}
