package doctor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// checkGroup examines sizes, members and health checking.
func (x *examination) checkGroup() {
	g, name := x.facts.configuration.Group, x.cfg.AutoScalingGroupName
	update := func(members string) string {
		return fmt.Sprintf(
			"aws autoscaling update-auto-scaling-group --auto-scaling-group-name %s %s, or the same number in terraform/scaling.auto.tfvars.json.",
			name, members)
	}
	if g.MinSize != 1 {
		x.find("group.min", name,
			fmt.Sprintf("Its minimum is %d: the claim is about a second instance, added to one.", g.MinSize),
			update("--min-size 1"))
	}
	if g.MaxSize < 2 || g.DesiredCapacity >= g.MaxSize {
		x.find("group.at-max", name,
			fmt.Sprintf("It has %d of at most %d instances: no policy can add one, and AWS records no activity.", g.DesiredCapacity, g.MaxSize),
			update("--max-size 2"))
	}
	if g.MinSize == 1 && g.DesiredCapacity != 1 { // with another minimum, group.min says it
		x.find("group.desired", name, fmt.Sprintf("Its desired capacity is %d, its minimum %d: a proof begins with the minimum.",
			g.DesiredCapacity, g.MinSize),
			fmt.Sprintf("aws autoscaling set-desired-capacity --auto-scaling-group-name %s --desired-capacity %d, then wait until it has scaled in.",
				name, g.MinSize))
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
	if inService != g.DesiredCapacity || len(states) > 0 {
		x.find("group.in-service", name, strings.TrimSuffix(fmt.Sprintf("%d of %d instances are InService; %s", inService, g.DesiredCapacity,
			strings.Join(states, ", ")), "; ")+".",
			"Wait until they are; if they never are, see aws autoscaling describe-scaling-activities.")
	}
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
		x.find("group.protected", name, fmt.Sprintf("Scaling in may not take %s.", strings.Join(protected, ", ")),
			fmt.Sprintf("aws autoscaling set-instance-protection --no-protected-from-scale-in --auto-scaling-group-name %s --instance-ids %s.", name,
				strings.Join(protected, " ")))
	case aws.ToBool(g.NewInstancesProtectedFromScaleIn):
		x.find("group.protected", name,
			"New instances are protected from scaling in: the second one will stay.",
			"Switch NewInstancesProtectedFromScaleIn off.")
	}
	if len(g.AvailabilityZones) == 1 {
		x.find("group.zones", name,
			fmt.Sprintf("All its instances are in %s: a lack of capacity there is a failed launch.", g.AvailabilityZones[0]),
			"Give the group subnets in two zones.")
	}
}

// The least that an instance needs from launch to a passed health check on EC2.
const startOnEC2 = 60 * time.Second

func (x *examination) checkHealthOfGroup() {
	g, name := x.facts.configuration.Group, x.cfg.AutoScalingGroupName
	if !strings.Contains(g.HealthCheckType, "ELB") {
		x.find("group.health-check-type", name,
			fmt.Sprintf("Its health check type is %s: an instance whose calculator has died stays in it.", g.HealthCheckType),
			"Set HealthCheckType to ELB.")
		return
	}
	if grace := time.Duration(g.HealthCheckGracePeriod) * time.Second; grace < startOnEC2 {
		x.find("group.grace", name,
			fmt.Sprintf("Its health check grace period is %s: an instance that starts more slowly is replaced, again and again.", grace),
			"Set HealthCheckGracePeriod to 60 s or more; 120 s where the instance installs its software at boot.")
	}
}

// needed are the processes without which nothing scales out.
var needed = map[string]string{
	"Launch":            "no instance can be launched",
	"AlarmNotification": "alarms invoke nothing",
	"AddToLoadBalancer": "the new instance gets no requests",
}

// checkProcesses names what is suspended.
func (x *examination) checkProcesses() {
	for _, p := range x.facts.configuration.Group.SuspendedProcesses {
		id, what := "group.suspended-other", "the group does not do everything that it would in service"
		if p.ProcessName == "Terminate" {
			what = "the group cannot scale in again"
		}
		if why, ok := needed[p.ProcessName]; ok {
			id, what = "group.suspended", why
		}
		x.find(id, x.cfg.AutoScalingGroupName+": "+p.ProcessName, fmt.Sprintf("The process %s is suspended (%s): %s.", p.ProcessName,
			p.SuspensionReason, what),
			fmt.Sprintf("aws autoscaling resume-processes --auto-scaling-group-name %s --scaling-processes %s.", x.cfg.AutoScalingGroupName,
				p.ProcessName))
	}
}

// checkInterference names what else changes the group, or how it launches.
func (x *examination) checkInterference() {
	g, name := x.facts.group, x.cfg.AutoScalingGroupName
	for _, r := range x.facts.refreshes {
		over := []astypes.InstanceRefreshStatus{
			astypes.InstanceRefreshStatusSuccessful, astypes.InstanceRefreshStatusFailed, astypes.InstanceRefreshStatusCancelled,
			astypes.InstanceRefreshStatusRollbackFailed, astypes.InstanceRefreshStatusRollbackSuccessful,
		}
		if !slices.Contains(over, r.Status) {
			x.find("group.refresh", name, fmt.Sprintf("Instance refresh %s is %s: it launches and terminates instances without any alarm.",
				aws.ToString(r.InstanceRefreshId), r.Status),
				fmt.Sprintf("Wait for it, or: aws autoscaling cancel-instance-refresh --auto-scaling-group-name %s.", name))
		}
	}
	for _, h := range x.facts.hooks {
		if aws.ToString(h.LifecycleTransition) == "autoscaling:EC2_INSTANCE_LAUNCHING" {
			x.find("group.hook", name+": "+aws.ToString(h.LifecycleHookName),
				fmt.Sprintf("The lifecycle hook holds each launch until it is completed, at most %d s; its default result is %s.",
					aws.ToInt32(h.HeartbeatTimeout), aws.ToString(h.DefaultResult)),
				"Remove the hook for the proof, or see that it is completed within seconds: the deadlines know nothing of it.")
		}
	}
	if g.WarmPoolConfiguration != nil {
		x.find("group.warm-pool", name,
			"It has a warm pool: an instance that comes from there was not booted because of the alarm.",
			fmt.Sprintf("aws autoscaling delete-warm-pool --auto-scaling-group-name %s.", name))
	}
	if g.MixedInstancesPolicy != nil && len(g.MixedInstancesPolicy.LaunchTemplate.Overrides) > 1 {
		x.find("group.mixed", name,
			"Its mixed instances policy allows several instance types: the same load is another CPU share on each, "+
				"and a Spot Instance can be taken away.",
			"Allow one type, On-Demand, for the proof.")
	}
	if s := aws.ToInt32(g.MaxInstanceLifetime); s > 0 {
		x.find("group.lifetime", name,
			fmt.Sprintf("It replaces instances older than %s.", time.Duration(s)*time.Second),
			"Set MaxInstanceLifetime to 0 for the proof, or run it on young instances.")
	}
	x.checkActivities()
}

// checkSchedules tells the scheduled actions that fall into a run from others,
// such as the one that scales to zero at the run's TTL.
func (x *examination) checkSchedules() {
	run := time.Duration(x.report.ExpectSeconds * float64(time.Second))
	until := x.report.Examined.Add(2*run + 10*time.Minute) // with calibration, and time to begin
	for _, a := range x.facts.schedules {
		where := x.cfg.AutoScalingGroupName + ": " + aws.ToString(a.ScheduledActionName)
		at, cron := aws.ToTime(a.StartTime), aws.ToString(a.Recurrence)
		switch {
		case cron != "" || at.Before(until) && at.After(x.report.Examined.Add(-time.Minute)):
			when := "at " + at.UTC().Format(time.RFC3339)
			if cron != "" {
				when = "again and again, by " + cron
			}
			x.find("group.schedule-due", where, fmt.Sprintf("The scheduled action changes the group's size %s: that would not be the alarm's doing.",
				when),
				fmt.Sprintf("aws autoscaling delete-scheduled-action --auto-scaling-group-name %s --scheduled-action-name %s, or run well before it.",
					x.cfg.AutoScalingGroupName, aws.ToString(a.ScheduledActionName)))
		default:
			x.find("group.schedule", where,
				fmt.Sprintf("The scheduled action is due at %s.", at.UTC().Format(time.RFC3339)),
				"Nothing, if the run ends before it.")
		}
	}
}

// checkActivities looks at the newest activities. AWS lists those in progress first.
func (x *examination) checkActivities() {
	name := x.cfg.AutoScalingGroupName
	for _, a := range x.facts.activities {
		if a.EndTime == nil {
			x.find("group.busy", name, fmt.Sprintf("An activity is in progress: %s.", aws.ToString(a.Description)), "Wait until it has ended.")
		}
	}
	for _, a := range x.facts.activities {
		if !strings.HasPrefix(aws.ToString(a.Description), "Launching") || a.EndTime == nil {
			continue
		}
		if a.StatusCode == astypes.ScalingActivityStatusCodeFailed || a.StatusCode == astypes.ScalingActivityStatusCodeCancelled {
			x.find("group.launch-failed", name, fmt.Sprintf("The newest launch ended %s: %s.", a.StatusCode,
				strings.TrimSuffix(aws.ToString(a.StatusMessage), ".")),
				"Correct its cause: a quota, a lack of capacity in the zone, the image, the launch template, or the role.")
		}
		return // only the newest one tells about the next
	}
}
