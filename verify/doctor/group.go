package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/runlog"
)

// checkGroup examines sizes, members and health checking.
func (x *examination) checkGroup() {
	g, name := x.facts.configuration.Group, x.cfg.AutoScalingGroupName
	update := func(members string) string {
		return "Run " + x.command("update-auto-scaling-group", members) +
			x.ours(", or change the same value in terraform/scaling.auto.tfvars.json") + "."
	}
	x.findIf(g.MinSize < 1, Error, "group.min", name,
		fmt.Sprintf("Its minimum size is %d: without an instance at rest there is none whose load could cross a threshold.", g.MinSize),
		update("--min-size 1"))
	roomForOne := update(fmt.Sprintf("--max-size %d", max(1, g.MinSize)+1))
	if g.MaxSize > max(1, g.MinSize) { // there is room for one once the group has as few as a proof begins with
		roomForOne = update(fmt.Sprintf("--desired-capacity %d", max(1, g.MinSize)))
	}
	x.findIf(g.MaxSize < 2 || g.DesiredCapacity >= g.MaxSize, Error, "group.at-max", name,
		fmt.Sprintf("Its desired capacity is %d and its maximum size %d: no policy can add an instance, and AWS records no activity.",
			g.DesiredCapacity, g.MaxSize),
		roomForOne)
	if g.MinSize >= 1 && g.DesiredCapacity != g.MinSize { // another minimum is group.min
		x.find(Error, "group.desired", name,
			fmt.Sprintf("Its desired capacity is %d, but a proof starts from the minimum, %d.", g.DesiredCapacity, g.MinSize),
			"Run "+x.command("set-desired-capacity", fmt.Sprintf("--desired-capacity %d", g.MinSize))+
				", then wait until the group has scaled in.")
	}
	inService := 0
	states := []string{}
	for _, i := range g.Instances {
		if i.LifecycleState == "InService" {
			inService++
		} else {
			states = append(states, i.InstanceId+" is "+i.LifecycleState)
		}
	}
	x.findIf(inService != g.DesiredCapacity || len(states) > 0, Error, "group.in-service", name,
		because(fmt.Sprintf("%d of %d instances are InService", inService, g.DesiredCapacity), strings.Join(states, ", "))+".",
		"Wait until all of them are; if that does not happen, see "+x.command("describe-scaling-activities", "")+".")
	x.checkMembers()
	x.checkHealthOfGroup()
}

// checkMembers examines protection and zones.
func (x *examination) checkMembers() {
	g, name := x.facts.group, x.cfg.AutoScalingGroupName
	protected := []string{}
	for _, i := range g.Instances {
		if aws.ToBool(i.ProtectedFromScaleIn) {
			protected = append(protected, aws.ToString(i.InstanceId))
		}
	}
	switch {
	case len(protected) > 0:
		x.find(Warning, "group.protected", name, fmt.Sprintf("Scale-in protection is on for %s.", strings.Join(protected, ", ")),
			"Run "+x.command("set-instance-protection", "--no-protected-from-scale-in --instance-ids "+strings.Join(protected, " "))+".")
	case aws.ToBool(g.NewInstancesProtectedFromScaleIn):
		x.find(Warning, "group.protected", name,
			"New instances are protected from scale-in, so those that the proof adds will stay.",
			"Set NewInstancesProtectedFromScaleIn to false.")
	}
	x.findIf(len(g.AvailabilityZones) == 1, Note, "group.zones", name,
		fmt.Sprintf("All its instances are in %s: if that zone lacks capacity, the launch fails.", strings.Join(g.AvailabilityZones, ", ")),
		"Give the group subnets in two Availability Zones.")
}

// The least that an instance needs from launch to a passed health check on EC2.
const startOnEC2 = 60 * time.Second

func (x *examination) checkHealthOfGroup() {
	g, name := x.facts.configuration.Group, x.cfg.AutoScalingGroupName
	if !strings.Contains(g.HealthCheckType, "ELB") {
		x.find(Note, "group.health-check-type", name,
			fmt.Sprintf("Its health check type is %s, so an instance whose service has died is not replaced.", g.HealthCheckType),
			"Set HealthCheckType to ELB.")
		return
	}
	grace := time.Duration(g.HealthCheckGracePeriod) * time.Second
	x.findIf(grace < startOnEC2, Warning, "group.grace", name,
		fmt.Sprintf("Its health check grace period is %s: an instance that takes longer to start is replaced over and over.",
			runlog.Words(grace)),
		"Set HealthCheckGracePeriod to at least 60 s, or to at least 120 s if instances install their software at boot.")
}

// needed are the processes without which nothing scales out.
var needed = map[string]string{
	"Launch":            "no instance can be launched",
	"AlarmNotification": "alarms have no effect",
	"AddToLoadBalancer": "the new instance gets no requests",
}

// checkProcesses names what is suspended.
func (x *examination) checkProcesses() {
	for _, p := range x.facts.configuration.Group.SuspendedProcesses {
		severity, id, what := Warning, "group.suspended-other", "the group does not behave as it does in normal operation"
		if p.ProcessName == "Terminate" {
			what = "the group cannot scale in"
		}
		if why, ok := needed[p.ProcessName]; ok {
			severity, id, what = Error, "group.suspended", why
		}
		x.find(severity, id, x.cfg.AutoScalingGroupName+": "+p.ProcessName,
			fmt.Sprintf("The process %s is %s: %s.", p.ProcessName, because("suspended", p.SuspensionReason), what),
			"Run "+x.command("resume-processes", "--scaling-processes "+p.ProcessName)+".")
	}
}

// over are the states of an instance refresh that changes nothing any more.
var over = []astypes.InstanceRefreshStatus{
	astypes.InstanceRefreshStatusSuccessful, astypes.InstanceRefreshStatusFailed, astypes.InstanceRefreshStatusCancelled,
	astypes.InstanceRefreshStatusRollbackFailed, astypes.InstanceRefreshStatusRollbackSuccessful,
}

// checkInterference names what else changes the group, or how it launches.
func (x *examination) checkInterference() {
	g, name := x.facts.group, x.cfg.AutoScalingGroupName
	for _, r := range x.facts.refreshes {
		x.findIf(!slices.Contains(over, r.Status), Error, "group.refresh", name,
			fmt.Sprintf("Instance refresh %s is %s: it launches and terminates instances without any alarm.",
				aws.ToString(r.InstanceRefreshId), r.Status),
			"Wait until it has ended, or run "+x.command("cancel-instance-refresh", "")+".")
	}
	for _, h := range x.facts.hooks {
		if aws.ToString(h.LifecycleTransition) == "autoscaling:EC2_INSTANCE_LAUNCHING" {
			x.find(Warning, "group.hook", name+": "+aws.ToString(h.LifecycleHookName),
				fmt.Sprintf("The lifecycle hook pauses each launch until it is completed, for up to %d s; its default result is %s.",
					aws.ToInt32(h.HeartbeatTimeout), aws.ToString(h.DefaultResult)),
				"Remove the hook for the proof, or make sure that it is completed within seconds: the deadlines do not allow for it.")
		}
	}
	x.findIf(g.WarmPoolConfiguration != nil, Warning, "group.warm-pool", name,
		"It has a warm pool: an instance taken from there was not booted because of the alarm.",
		"Run "+x.command("delete-warm-pool", "")+".")
	if mixed := g.MixedInstancesPolicy; mixed != nil && mixed.LaunchTemplate != nil && len(mixed.LaunchTemplate.Overrides) > 1 {
		x.find(Warning, "group.mixed", name,
			"Its mixed instances policy allows several instance types: the same load takes another share of CPU on each, "+
				"and a Spot Instance can be interrupted.",
			"Allow a single On-Demand type for the proof.")
	}
	lifetime := time.Duration(aws.ToInt32(g.MaxInstanceLifetime)) * time.Second
	x.findIf(lifetime > 0, Warning, "group.lifetime", name,
		fmt.Sprintf("It replaces instances that are older than %s.", runlog.Words(lifetime)),
		"Set MaxInstanceLifetime to 0 for the proof, or run the proof on new instances.")
	x.checkActivities()
}

// checkSchedules distinguishes scheduled actions that fall within a run from others,
// such as the one that scales to zero at the run's TTL.
func (x *examination) checkSchedules() {
	run := runlog.Seconds(x.report.ExpectSeconds)
	until := x.report.Examined.Add(2*run + 10*time.Minute) // with calibration, and time to begin
	for _, a := range x.facts.schedules {
		name, at, cron := aws.ToString(a.ScheduledActionName), aws.ToTime(a.StartTime), aws.ToString(a.Recurrence)
		where, when := x.cfg.AutoScalingGroupName+": "+name, "at "+at.UTC().Format(time.RFC3339)
		if cron == "" && (at.After(until) || at.Before(x.report.Examined.Add(-time.Minute))) {
			x.find(Note, "group.schedule", where,
				fmt.Sprintf("The scheduled action is due %s.", when),
				"No change is needed if the run ends before then.")
			continue
		}
		if cron != "" {
			when = "again and again (" + cron + ")"
		}
		x.find(Error, "group.schedule-due", where,
			fmt.Sprintf("The scheduled action changes the size of the group %s, which would not be the alarm's doing.", when),
			"Run "+x.command("delete-scheduled-action", "--scheduled-action-name "+name)+", or finish the run well before it.")
	}
}

// checkActivities looks at the newest activities. AWS lists those in progress first.
func (x *examination) checkActivities() {
	name := x.cfg.AutoScalingGroupName
	for _, a := range x.facts.activities {
		x.findIf(a.EndTime == nil, Warning, "group.busy", name,
			because("A scaling activity is in progress", aws.ToString(a.Description))+".",
			"Wait until it has ended.")
	}
	for _, a := range x.facts.activities {
		if !strings.HasPrefix(aws.ToString(a.Description), "Launching") || a.EndTime == nil {
			continue
		}
		if a.StatusCode == astypes.ScalingActivityStatusCodeFailed || a.StatusCode == astypes.ScalingActivityStatusCodeCancelled {
			x.find(Warning, "group.launch-failed", name,
				fmt.Sprintf("The most recent launch has the status %s.", because(a.StatusCode, aws.ToString(a.StatusMessage))),
				"Correct the cause: a quota, a lack of capacity in the zone, the image, the launch template or the role.")
		}
		return // only the newest one is a sign of how the next will end
	}
}
