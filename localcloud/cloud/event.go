package cloud

import (
	"secondwind/autoscale"
	"secondwind/localcloud/awsapi"
)

// autoScaling is who calls other services for a group.
const autoScaling = "autoscaling.amazonaws.com"

// record tells of an action of the engine as AWS does: as a call that Auto Scaling made
// with its own role. Callers hold mu.
func (c *Cloud) record(a autoscale.Action) {
	if c.cfg.Record == nil {
		return
	}
	e := awsapi.Event{Time: c.state.Now, Service: awsapi.EC2, InvokedBy: autoScaling, SourceIP: autoScaling, UserAgent: autoScaling}
	switch a := a.(type) {
	case autoscale.LaunchInstance:
		e.Operation, e.Elements = "RunInstances", instancesSet(a.InstanceID)
	case autoscale.TerminateInstance:
		e.Operation, e.Parameters = "TerminateInstances", instancesSet(a.InstanceID)
	case autoscale.RegisterTarget:
		e.Service, e.Operation, e.Parameters = awsapi.ELBv2, "RegisterTargets", targets(a.TargetGroupARN, a.InstanceID)
	case autoscale.DeregisterTarget:
		e.Service, e.Operation, e.Parameters = awsapi.ELBv2, "DeregisterTargets", targets(a.TargetGroupARN, a.InstanceID)
	default:
		return
	}
	c.cfg.Record(e)
}

// instancesSet is how EC2's events name an instance.
func instancesSet(id string) map[string]any {
	return map[string]any{"instancesSet": map[string]any{"items": []any{map[string]any{"instanceId": id}}}}
}

func targets(targetGroupARN, id string) map[string]any {
	return map[string]any{"targetGroupArn": targetGroupARN, "targets": []any{map[string]any{"id": id}}}
}
