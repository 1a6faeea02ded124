package doctor_test

import (
	"context"
	"errors"
	"net"
	"net/http"
	"regexp"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

func accessBreakages() []breakage {
	provide := func(given aws.Credentials, err error) aws.CredentialsProvider {
		return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return given, err })
	}
	return []breakage{
		{"region.missing", "without AWS_REGION", func(w *world) { w.cfg.AWS.Region = "" }},
		{"credentials.missing", "without a provider", func(w *world) { w.cfg.AWS.Credentials = nil }},
		{"credentials.missing", "when no provider has any", func(w *world) {
			w.cfg.AWS.Credentials = provide(aws.Credentials{}, errors.New("no profile"))
		}},
		{"credentials.invalid", "with a wrong secret", func(w *world) {
			given, err := w.cfg.AWS.Credentials.Retrieve(w.Context())
			w.must(err)
			given.SecretAccessKey = "wrong"
			w.cfg.AWS.Credentials = provide(given, nil)
		}},
		{"endpoint.unreachable", "where nothing listens", func(w *world) { w.cfg.AWS.HTTPClient = refusing{} }},
		{"api.failed", "when AWS refuses for another reason", func(w *world) { w.refuse("autoscaling:DescribeLifecycleHooks", "OptInRequired") }},
		{"clock.far", "twenty minutes behind", func(w *world) { w.shiftDates(20 * time.Minute) }},
		{"clock.offset", "a minute ahead", func(w *world) { w.shiftDates(-time.Minute) }},
	}
}

// refusing is a machine on which nothing listens.
type refusing struct{}

var errRefused = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}

func (refusing) Do(*http.Request) (*http.Response, error) { return nil, errRefused }

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, errRefused }

// group changes the group as it is answered.
func group(change func(*astypes.AutoScalingGroup)) func(*world) {
	return edited(func(out *autoscaling.DescribeAutoScalingGroupsOutput) { change(&out.AutoScalingGroups[0]) })
}

// update changes the group itself.
func update(change func(*autoscaling.UpdateAutoScalingGroupInput)) func(*world) {
	return func(w *world) {
		in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &w.Stack.AutoScalingGroupName}
		change(in)
		_, err := w.groups.UpdateAutoScalingGroup(w.Context(), in)
		w.must(err)
	}
}

func suspend(process string) func(*world) {
	return func(w *world) {
		_, err := w.groups.SuspendProcesses(w.Context(), &autoscaling.SuspendProcessesInput{
			AutoScalingGroupName: &w.Stack.AutoScalingGroupName, ScalingProcesses: []string{process},
		})
		w.must(err)
	}
}

func groupBreakages() []breakage {
	type input = autoscaling.UpdateAutoScalingGroupInput
	return []breakage{
		{"group.missing", "under that name", func(w *world) { w.cfg.AutoScalingGroupName = "nobody" }},
		// Only answered: the idle group's scale-in alarm would use a minimum of 0.
		{"group.min", "of nothing", group(func(g *astypes.AutoScalingGroup) { g.MinSize = aws.Int32(0) })},
		{"group.at-max", "of one", update(func(in *input) { in.MaxSize = aws.Int32(1) })},
		{"group.desired", "two of three already", group(func(g *astypes.AutoScalingGroup) {
			second := g.Instances[0]
			g.MaxSize, g.DesiredCapacity, g.Instances = aws.Int32(3), aws.Int32(2), append(g.Instances, second)
		})},
		{"group.in-service", "not even the first", group(func(g *astypes.AutoScalingGroup) {
			g.Instances[0].LifecycleState = astypes.LifecycleStatePending
		})},
		{"group.suspended", "without Launch", suspend("Launch")},
		{"group.suspended", "without AlarmNotification", suspend("AlarmNotification")},
		{"group.suspended", "without AddToLoadBalancer", suspend("AddToLoadBalancer")},
		{"group.suspended-other", "without Terminate", suspend("Terminate")},
		{"group.protected", "the one instance", protect},
		{"group.protected", "every new instance", group(func(g *astypes.AutoScalingGroup) {
			g.NewInstancesProtectedFromScaleIn = aws.Bool(true)
		})},
		{"group.grace", "of ten seconds", update(func(in *input) { in.HealthCheckGracePeriod = aws.Int32(10) })},
		{"group.health-check-type", "of EC2 alone", update(func(in *input) { in.HealthCheckType = aws.String("EC2") })},
		{"group.zones", "one of them", group(func(g *astypes.AutoScalingGroup) { g.AvailabilityZones = g.AvailabilityZones[:1] })},
	}
}

func protect(w *world) {
	name := &w.Stack.AutoScalingGroupName
	byName := &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{*name}}
	out, err := w.groups.DescribeAutoScalingGroups(w.Context(), byName)
	w.must(err)
	_, err = w.groups.SetInstanceProtection(w.Context(), &autoscaling.SetInstanceProtectionInput{
		AutoScalingGroupName: name, ProtectedFromScaleIn: aws.Bool(true),
		InstanceIds: []string{*out.AutoScalingGroups[0].Instances[0].InstanceId},
	})
	w.must(err)
}

func interferences() []breakage {
	activities := func(change func(*astypes.Activity)) func(*world) {
		return edited(func(out *autoscaling.DescribeScalingActivitiesOutput) { change(&out.Activities[0]) })
	}
	scheduled := func(in time.Duration, cron *string) func(*world) {
		return edited(func(out *autoscaling.DescribeScheduledActionsOutput) {
			out.ScheduledUpdateGroupActions = []astypes.ScheduledUpdateGroupAction{{
				ScheduledActionName: aws.String("to-zero"), StartTime: aws.Time(time.Now().Add(in)), Recurrence: cron,
			}}
		})
	}
	return []breakage{
		{"group.launch-failed", "for want of capacity", activities(func(a *astypes.Activity) {
			a.StatusCode = astypes.ScalingActivityStatusCodeFailed
			a.StatusMessage = aws.String("We currently do not have sufficient t2.micro capacity.")
		})},
		{"group.busy", "launching", activities(func(a *astypes.Activity) { a.EndTime = nil })},
		{"group.refresh", "half done", edited(func(out *autoscaling.DescribeInstanceRefreshesOutput) {
			out.InstanceRefreshes = []astypes.InstanceRefresh{{
				InstanceRefreshId: aws.String("r-1"), Status: astypes.InstanceRefreshStatusInProgress,
			}}
		})},
		{"group.schedule-due", "in ten minutes", scheduled(10*time.Minute, nil)},
		{"group.schedule-due", "every night", scheduled(24*time.Hour, aws.String("0 20 * * *"))},
		{"group.schedule-due", "in seven hours, with a hold of six", func(w *world) {
			scheduled(7*time.Hour, nil)(w)
			w.credits(1000)
			w.cfg.Hold = 6 * time.Hour
		}},
		{"group.schedule", "tomorrow", scheduled(24*time.Hour, nil)},
		{"group.hook", "at launch", edited(func(out *autoscaling.DescribeLifecycleHooksOutput) {
			out.LifecycleHooks = []astypes.LifecycleHook{{
				LifecycleHookName: aws.String("wait"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_LAUNCHING"),
				HeartbeatTimeout: aws.Int32(3600), DefaultResult: aws.String("ABANDON"),
			}}
		})},
		{"group.warm-pool", "of stopped instances", group(func(g *astypes.AutoScalingGroup) {
			g.WarmPoolConfiguration = &astypes.WarmPoolConfiguration{}
		})},
		{"group.mixed", "of two types", group(func(g *astypes.AutoScalingGroup) {
			g.MixedInstancesPolicy = &astypes.MixedInstancesPolicy{LaunchTemplate: &astypes.LaunchTemplate{
				LaunchTemplateSpecification: g.LaunchTemplate, Overrides: make([]astypes.LaunchTemplateOverrides, 2),
			}}
			g.LaunchTemplate = nil
		})},
		{"group.lifetime", "of a day", group(func(g *astypes.AutoScalingGroup) { g.MaxInstanceLifetime = aws.Int32(86400) })},
	}
}

// launchConfiguration has the group launch from one, which the local cloud does
// not have.
func launchConfiguration(w *world) {
	group(func(g *astypes.AutoScalingGroup) {
		g.LaunchTemplate, g.LaunchConfigurationName = nil, aws.String("old")
	})(w)
}

// xmlOf changes the bytes of an answer of EC2, which no client of the SDK reads.
func xmlOf(action, pattern, by string) func(*world) {
	return func(w *world) {
		w.rewrite(func(operation string, _ *http.Response, body []byte) []byte {
			if operation != action {
				return body
			}
			return regexp.MustCompile(pattern).ReplaceAll(body, []byte(by))
		})
	}
}

// started has the instances run since a while.
func (w *world) started(ago time.Duration) {
	at := time.Now().Add(-ago).UTC().Format(time.RFC3339)
	xmlOf("ec2:DescribeInstances", "<launchTime>[^<]*</launchTime>", "<launchTime>"+at+"</launchTime>")(w)
}
