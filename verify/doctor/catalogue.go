package doctor

import "fmt"

// Kind is something that the doctor can find.
type Kind struct {
	ID       string
	Severity Severity
	Title    string // what is found, a few words
}

// Catalogue lists everything that the doctor can find. docs/doctor.md explains each.
func Catalogue() []Kind { return append([]Kind(nil), catalogue...) }

var catalogue = []Kind{
	{"region.missing", Error, "no AWS Region is set"},
	{"credentials.missing", Error, "no AWS credentials are found"},
	{"credentials.invalid", Error, "AWS does not accept the credentials"},
	{"endpoint.unreachable", Error, "AWS's API cannot be reached"},
	{"permission.required", Error, "a permission that a proof needs is missing"},
	{"permission.optional", Warning, "a permission that only the doctor needs is missing"},
	{"api.failed", Warning, "a question was not answered"},
	{"api.unreadable", Error, "an answer cannot be recorded"},
	{"clock.far", Error, "this machine's clock is minutes off"},
	{"clock.offset", Warning, "this machine's clock is seconds off"},

	{"group.missing", Error, "there is no such Auto Scaling group"},
	{"group.min", Error, "the minimum is not one instance"},
	{"group.at-max", Error, "the group is at its maximum already"},
	{"group.desired", Error, "the desired capacity is not the minimum"},
	{"group.in-service", Error, "not every instance is InService"},
	{"group.suspended", Error, "a process that scaling needs is suspended"},
	{"group.suspended-other", Warning, "another process is suspended"},
	{"group.launch-failed", Warning, "the newest launch failed"},
	{"group.busy", Warning, "a scaling activity is in progress"},
	{"group.refresh", Error, "an instance refresh is in progress"},
	{"group.schedule-due", Error, "a scheduled action falls into the run"},
	{"group.schedule", Note, "a scheduled action is due later"},
	{"group.hook", Warning, "a lifecycle hook delays launches"},
	{"group.warm-pool", Warning, "a warm pool makes launches other than they seem"},
	{"group.mixed", Warning, "instances may be of several types"},
	{"group.lifetime", Warning, "instances are replaced by their age"},
	{"group.protected", Warning, "instances are protected from scaling in"},
	{"group.grace", Warning, "the health check grace period is shorter than a start"},
	{"group.health-check-type", Note, "the load balancer's health checks replace nothing"},
	{"group.zones", Note, "the group has one Availability Zone"},

	{"alarm.missing", Error, "no alarm watches the group's CPU"},
	{"alarm.metric", Error, "the alarm watches another metric"},
	{"alarm.dimension", Error, "the alarm watches something else than this group"},
	{"alarm.statistic", Error, "the alarm does not watch the average"},
	{"alarm.comparison", Error, "the alarm does not go off above its threshold"},
	{"alarm.threshold", Warning, "the threshold leaves no room for the load"},
	{"alarm.actions-disabled", Error, "the alarm's actions are switched off"},
	{"alarm.no-action", Error, "the alarm invokes no scaling policy"},
	{"alarm.foreign-policy", Error, "the alarm invokes another group's policy"},
	{"alarm.policy-gone", Error, "the alarm invokes a policy that is gone"},
	{"alarm.in-alarm", Error, "the alarm is in ALARM already"},
	{"alarm.no-data", Note, "the alarm has no data yet"},
	{"alarm.missing-data", Warning, "missing data set the alarm off"},
	{"alarm.slow", Note, "the alarm takes many minutes"},
	{"alarm.scale-in-missing", Warning, "nothing scales in again"},
	{"alarm.scale-in-close", Warning, "the scale-in threshold is too near"},
	{"policy.disabled", Error, "the policy is switched off"},
	{"policy.adds-nothing", Error, "the policy adds no instance"},
	{"policy.foreign", Warning, "another policy can scale the group"},
	{"metric.none", Error, "CloudWatch has no CPU of the group"},
	{"metric.sparse", Error, "CloudWatch has CPU less often than the alarm asks"},
	{"monitoring.basic", Error, "detailed monitoring is off"},
	{"monitoring.instance", Warning, "an instance runs with basic monitoring"},

	{"credits.low", Error, "the CPU credits do not last for the run"},
	{"credits.unknown", Note, "the CPU credits are not known yet"},
	{"credits.unlimited", Note, "surplus CPU credits cost money"},
	{"credits.baseline", Warning, "the baseline is not under the threshold"},

	{"targets.none", Error, "the group has no target group"},
	{"targets.gone", Error, "an attached target group does not exist"},
	{"targets.no-load-balancer", Error, "no load balancer forwards to the target group"},
	{"targets.unhealthy", Error, "no target is healthy"},
	{"targets.stickiness", Warning, "stickiness keeps load on the old instance"},
	{"targets.slow-start", Warning, "slow start keeps load off the new instance"},
	{"health.off", Error, "health checks are switched off"},
	{"health.matcher", Warning, "a health check passes on errors"},
	{"health.interval", Warning, "health checks are far apart"},
	{"balancer.not-active", Error, "the load balancer is not active"},
	{"balancer.zones", Error, "the load balancer is not in a zone of the group"},
	{"balancer.internal", Note, "the load balancer is internal"},
	{"balancer.no-listener", Error, "the load balancer has no HTTP or HTTPS listener"},
	{"balancer.unreachable", Error, "the load balancer cannot be reached"},
	{"balancer.answer", Error, "the load balancer answers with an error"},
	{"balancer.no-instance-id", Error, "answers do not say which instance gave them"},
	{"balancer.other-instance", Error, "answers come from instances that are not the group's"},
}

// severityOf is of the catalogue's kind: a finding outside of it would be one
// that nobody has documented.
func severityOf(id string) Severity {
	for _, k := range catalogue {
		if k.ID == id {
			return k.Severity
		}
	}
	panic(fmt.Sprintf("finding %q is not in the catalogue", id))
}
