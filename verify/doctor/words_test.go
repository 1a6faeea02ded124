package doctor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/account/stack"
)

// A sentence is what a finding says of what AWS answered.
type sentence struct {
	name   string
	change func(*world)
	id     string
	want   string // part of what it says, or of what to change
}

// sentences are those that are put together from what AWS answers, which may leave
// parts out.
func sentences() []sentence {
	health := func(state elbtypes.TargetHealthStateEnum, description *string) func(*world) {
		return edited(func(out *elb.DescribeTargetHealthOutput) {
			out.TargetHealthDescriptions = []elbtypes.TargetHealthDescription{{
				Target:       &elbtypes.TargetDescription{Id: aws.String("i-1")},
				TargetHealth: &elbtypes.TargetHealth{State: state, Description: description},
			}}
		})
	}
	activity := func(change func(*astypes.Activity)) func(*world) {
		return edited(func(out *autoscaling.DescribeScalingActivitiesOutput) { change(&out.Activities[0]) })
	}
	balancerState := func(state elbtypes.LoadBalancerState) func(*world) {
		return balancer(func(l *elbtypes.LoadBalancer) { l.State = &state })
	}
	suspended := func(reason *string) func(*world) {
		return group(func(g *astypes.AutoScalingGroup) {
			g.SuspendedProcesses = []astypes.SuspendedProcess{{ProcessName: aws.String("Launch"), SuspensionReason: reason}}
		})
	}
	sizes := func(least, desired, most int32) func(*world) {
		return group(func(g *astypes.AutoScalingGroup) { g.MinSize, g.DesiredCapacity, g.MaxSize = &least, &desired, &most })
	}
	return []sentence{
		{"a group that is full, of one", sizes(1, 1, 1), "group.at-max", " --max-size 2`"},
		{"a group that is full, of two", sizes(2, 2, 2), "group.at-max", " --max-size 3`"},
		{"a group that is full, of three", sizes(1, 3, 3), "group.at-max", " --desired-capacity 1`"},
		{"a target with a description", health(elbtypes.TargetHealthStateEnumInitial, aws.String("Initial health checks in progress.")),
			"targets.unhealthy", "No target is healthy: i-1 is initial (Initial health checks in progress)."},
		{"a target without a description", health(elbtypes.TargetHealthStateEnumUnused, nil),
			"targets.unhealthy", "No target is healthy: i-1 is unused."},
		{"no target", edited(func(out *elb.DescribeTargetHealthOutput) { out.TargetHealthDescriptions = nil }),
			"targets.unhealthy", "No target is registered."},
		{"a load balancer without a reason", balancerState(elbtypes.LoadBalancerState{Code: elbtypes.LoadBalancerStateEnumProvisioning}),
			"balancer.not-active", "It is provisioning."},
		{"a load balancer with a reason",
			balancerState(elbtypes.LoadBalancerState{Code: elbtypes.LoadBalancerStateEnumFailed, Reason: aws.String("Out of addresses.")}),
			"balancer.not-active", "It is failed (Out of addresses)."},
		{"a launch without a message", activity(func(a *astypes.Activity) { a.StatusCode = astypes.ScalingActivityStatusCodeCancelled }),
			"group.launch-failed", "The most recent launch has the status Cancelled."},
		{"a launch with a message", activity(func(a *astypes.Activity) {
			a.StatusCode, a.StatusMessage = astypes.ScalingActivityStatusCodeFailed, aws.String("No capacity. ")
		}), "group.launch-failed", "The most recent launch has the status Failed (No capacity)."},
		{"an activity without a description", activity(func(a *astypes.Activity) { a.EndTime, a.Description = nil, nil }),
			"group.busy", "A scaling activity is in progress."},
		{"a process without a reason", suspended(nil), "group.suspended", "The process Launch is suspended: no instance can be launched."},
		{"a process with a reason", suspended(aws.String("User suspended at 2026-01-01T00:00:00Z")),
			"group.suspended", "is suspended (User suspended at 2026-01-01T00:00:00Z): no instance"},
		{"two members that are not in service", group(func(g *astypes.AutoScalingGroup) {
			first, second := g.Instances[0], g.Instances[0]
			first.InstanceId, first.LifecycleState = aws.String("i-1"), astypes.LifecycleStatePending
			second.InstanceId, second.LifecycleState = aws.String("i-2"), astypes.LifecycleStateTerminatingWait
			g.Instances = []astypes.Instance{first, second}
		}), "group.in-service", "0 of 1 instances are InService (i-1 is Pending, i-2 is Terminating:Wait)."},
		{"no member", group(func(g *astypes.AutoScalingGroup) { g.Instances = nil }),
			"group.in-service", "0 of 1 instances are InService."},
		{"an alarm without actions", put(func(in *cloudwatch.PutMetricAlarmInput) { in.AlarmActions = nil }),
			"alarm.no-action", "It has no action that invokes a scaling policy: it goes into ALARM, and nothing scales."},
		{"a percentile", alarm(func(a *cwtypes.MetricAlarm) { a.Statistic, a.ExtendedStatistic = "", aws.String("p90") }),
			"alarm.statistic", "Its statistic is p90, but the claim is about the average over the group."},
		{"a metric math alarm", alarm(func(a *cwtypes.MetricAlarm) { a.MetricName, a.Namespace = nil, nil }),
			"alarm.metric", "It watches a metric math expression, not a metric."},
		{"a unit", alarm(func(a *cwtypes.MetricAlarm) { a.Unit = cwtypes.StandardUnitSeconds }),
			"alarm.unit", "It asks for datapoints in Seconds, but EC2 publishes CPU in Percent: it will never have data."},
		{"a threshold for the scenario's band", func(w *world) {
			w.cfg.Band = 1.9
			put(func(in *cloudwatch.PutMetricAlarmInput) { in.Threshold = aws.Float64(55) })(w)
		}, "alarm.threshold", "the load would be set to 104.5 % CPU, 1.9 times as much. Choose a threshold from 1 to 50 %, or"},
		{"a threshold for the scenario's CPU", func(w *world) {
			w.cfg.LoadCPUPercent = 99
			put(func(in *cloudwatch.PutMetricAlarmInput) { in.Threshold = aws.Float64(55) })(w)
		}, "alarm.threshold", "the load would be set to 99 % CPU, 1.8 times as much. Choose a threshold from 1 to 52 %, or"},
		{"no dimension", put(func(in *cloudwatch.PutMetricAlarmInput) { in.Dimensions = nil }),
			"alarm.dimension", "It watches the CPU of all instances of the account, not of the group."},
		{"an alarm that was named", func(w *world) { w.cfg.AlarmName = "nobody" },
			"alarm.missing", "There is no alarm nobody, which is meant to scale it out."},
		{"no alarm", func(w *world) { w.deleteAlarm(w.Stack.ScaleOutAlarm) },
			"alarm.missing", "No alarm watches its average CPUUtilization, and none invokes a policy of the group that adds instances."},
		{"one datapoint", func(w *world) { w.started(time.Hour); w.datapoints("cpu", 1) },
			"metric.sparse", "CloudWatch has 1 datapoint of it where the alarm, with its period of 10 s, expects 30."},
		{"no balance yet", func(w *world) { w.credits() },
			"credits.unknown", "CloudWatch has no CPU credit balance of it (EC2 publishes one every 5 minutes); the run needs "},
		{"a cron expression", edited(func(out *autoscaling.DescribeScheduledActionsOutput) {
			out.ScheduledUpdateGroupActions = []astypes.ScheduledUpdateGroupAction{{
				ScheduledActionName: aws.String("night"), Recurrence: aws.String("0 20 * * *"),
			}}
		}), "group.schedule-due", "changes the size of the group again and again (0 20 * * *), which would not be the alarm's doing."},
		{"a list of codes that has an error", check(elb.ModifyTargetGroupInput{Matcher: &elbtypes.Matcher{HttpCode: aws.String("200,404")}}),
			"health.matcher", "Its health check accepts 200,404: an instance that returns only errors counts as healthy."},
		{"two zones that are missing", balancer(func(l *elbtypes.LoadBalancer) { l.AvailabilityZones = nil }),
			"balancer.zones", "It has no subnet in virtual-1a, virtual-1b, virtual-1c, where the group may launch instances"},
		{"credits of a group without instances", group(func(g *astypes.AutoScalingGroup) { g.Instances = nil }),
			"credits.unknown", "No change is needed for a new instance (a t2 starts with 30)"},
		{"an answer without a phrase", answering(599, ""), "balancer.answer", "It answers with 599."},
		{"a command to run", suspend("Launch"), "group.suspended",
			"Run `aws autoscaling resume-processes --auto-scaling-group-name vs-asg --scaling-processes Launch`."},
		{"a command without options", group(func(g *astypes.AutoScalingGroup) { g.WarmPoolConfiguration = &astypes.WarmPoolConfiguration{} }),
			"group.warm-pool", "Run `aws autoscaling delete-warm-pool --auto-scaling-group-name vs-asg`."},
	}
}

func TestSentencesReadWholeWhateverAWSLeavesOut(t *testing.T) {
	t.Parallel()
	for _, s := range sentences() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, func(w *world) {
				s.change(w)
				report := w.examine()
				checkWords(w, report)
				for _, f := range report.Findings {
					said := strings.ReplaceAll(f.What+" "+f.Change, w.Stack.AutoScalingGroupName, "vs-asg")
					if f.ID == s.id && strings.Contains(said, s.want) {
						return
					}
				}
				w.Errorf("%s does not say %q:\n%s", s.id, s.want, text(report))
			})
		})
	}
}

// TestWhatIsOverOrDoesNothingIsNoFinding has things that look like faults and are none.
func TestWhatIsOverOrDoesNothingIsNoFinding(t *testing.T) {
	t.Parallel()
	refresh := func(status astypes.InstanceRefreshStatus) func(*world) {
		return edited(func(out *autoscaling.DescribeInstanceRefreshesOutput) {
			out.InstanceRefreshes = []astypes.InstanceRefresh{{InstanceRefreshId: aws.String("r"), Status: status}}
		})
	}
	policy := func(change func(*astypes.ScalingPolicy)) func(*world) {
		return edited(func(out *autoscaling.DescribePoliciesOutput) {
			p := astypes.ScalingPolicy{
				PolicyName: aws.String("other"), PolicyARN: aws.String("arn:other"), PolicyType: aws.String("TargetTrackingScaling"),
			}
			change(&p)
			out.ScalingPolicies = append(out.ScalingPolicies, p)
		})
	}
	steps := func(bounds ...float64) func(*world) {
		return scaleOut(func(p *astypes.ScalingPolicy) {
			p.StepAdjustments = nil
			for i, lower := range bounds {
				s := astypes.StepAdjustment{MetricIntervalLowerBound: aws.Float64(lower), ScalingAdjustment: aws.Int32(int32(i + 1))}
				if i+1 < len(bounds) {
					s.MetricIntervalUpperBound = aws.Float64(bounds[i+1])
				}
				p.StepAdjustments = append(p.StepAdjustments, s)
			}
		})
	}
	for name, change := range map[string]func(*world){
		"a refresh that succeeded":         refresh(astypes.InstanceRefreshStatusSuccessful),
		"a refresh that failed":            refresh(astypes.InstanceRefreshStatusFailed),
		"a refresh that was cancelled":     refresh(astypes.InstanceRefreshStatusCancelled),
		"a refresh that was rolled back":   refresh(astypes.InstanceRefreshStatusRollbackSuccessful),
		"a roll-back that failed":          refresh(astypes.InstanceRefreshStatusRollbackFailed),
		"another policy that is disabled":  policy(func(p *astypes.ScalingPolicy) { p.Enabled = aws.Bool(false) }),
		"a step policy that nothing calls": policy(func(p *astypes.ScalingPolicy) { p.PolicyType = aws.String("StepScaling") }),
		"a policy of three steps":          steps(0, 5, 30),
		"a simple policy to two instances": scaleOut(func(p *astypes.ScalingPolicy) {
			p.PolicyType, p.AdjustmentType, p.ScalingAdjustment = aws.String("SimpleScaling"), aws.String("ExactCapacity"), aws.Int32(2)
		}),
		"a hook for terminations": edited(func(out *autoscaling.DescribeLifecycleHooksOutput) {
			out.LifecycleHooks = []astypes.LifecycleHook{{LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_TERMINATING")}}
		}),
		"a failure before the newest launch": edited(func(out *autoscaling.DescribeScalingActivitiesOutput) {
			failed := out.Activities[0]
			failed.StatusCode = astypes.ScalingActivityStatusCodeFailed
			out.Activities = append(out.Activities, failed)
		}),
		"a termination that failed": edited(func(out *autoscaling.DescribeScalingActivitiesOutput) {
			out.Activities[0].Description = aws.String("Terminating EC2 instance: i-1")
			out.Activities[0].StatusCode = astypes.ScalingActivityStatusCodeFailed
		}),
		"a mixed policy of one type": group(func(g *astypes.AutoScalingGroup) {
			g.MixedInstancesPolicy = &astypes.MixedInstancesPolicy{LaunchTemplate: &astypes.LaunchTemplate{
				LaunchTemplateSpecification: g.LaunchTemplate, Overrides: make([]astypes.LaunchTemplateOverrides, 1),
			}}
		}),
		"a threshold of 70 % with a smaller band": func(w *world) {
			w.cfg.Band = 1.2
			put(func(in *cloudwatch.PutMetricAlarmInput) { in.Threshold = aws.Float64(70) })(w)
		},
		"an alarm in percent":             alarm(func(a *cwtypes.MetricAlarm) { a.Unit = cwtypes.StandardUnitPercent }),
		"missing data that do not breach": alarm(func(a *cwtypes.MetricAlarm) { a.TreatMissingData = aws.String("notBreaching") }),
		"a message next to the policy": alarm(func(a *cwtypes.MetricAlarm) {
			a.AlarmActions = append([]string{"arn:aws:sns:local-1:000000000000:people"}, a.AlarmActions...)
		}),
		"an instance that has just come and has no datapoint": func(w *world) { w.started(200 * time.Second); w.datapoints("cpu") },
		"an instance of a type that earns no credits": group(func(g *astypes.AutoScalingGroup) {
			g.Instances[0].InstanceType = aws.String("m7i.large")
		}),
		"a health check of 200 to 399":      check(elb.ModifyTargetGroupInput{Matcher: &elbtypes.Matcher{HttpCode: aws.String("200-399")}}),
		"a health check of 204, not of 4xx": check(elb.ModifyTargetGroupInput{Matcher: &elbtypes.Matcher{HttpCode: aws.String("200,204")}}),
		"slow start of nothing":             attribute("slow_start.duration_seconds", "0"),
		"one target of two that is healthy": edited(func(out *elb.DescribeTargetHealthOutput) {
			sick := elbtypes.TargetHealthDescription{
				Target: &elbtypes.TargetDescription{}, TargetHealth: &elbtypes.TargetHealth{State: elbtypes.TargetHealthStateEnumUnhealthy},
			}
			out.TargetHealthDescriptions = append([]elbtypes.TargetHealthDescription{sick, {}}, out.TargetHealthDescriptions...)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, func(w *world) {
				change(w)
				if report := w.examine(); len(report.Findings) > 0 {
					w.Errorf("found %v, want nothing\n%s", idsOf(report), text(report))
				}
			})
		})
	}
}
