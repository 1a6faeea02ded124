package main_test

import (
	"context"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"secondwind/verify/doctor"
)

// A breakage raises exactly one finding.
type breakage struct {
	finding string
	how     string // a sentence with finding
	// answers changes what the doctor is given, or what it is answered.
	answers func(*bench, *doctor.Config)
	// url leads the load balancer's URL to a server of the test's.
	url func(*testing.T, *bench, *doctor.Config)
	// cloud breaks the local cloud through its API, and returns what mends it.
	cloud func(*testing.T, *bench) (mend func())
}

func breakages() []breakage {
	return slices.Concat(accessBreakages(), groupBreakages(), interferences(), alarmBreakages(), policyBreakages(), metricBreakages(), targetBreakages(), balancerBreakages())
}

func accessBreakages() []breakage {
	return []breakage{
		{finding: "region.missing", how: "without AWS_REGION", answers: func(_ *bench, c *doctor.Config) { c.AWS.Region = "" }},
		{finding: "credentials.missing", how: "without a provider", answers: func(_ *bench, c *doctor.Config) { c.AWS.Credentials = nil }},
		{finding: "credentials.missing", how: "when no provider has any", answers: func(_ *bench, c *doctor.Config) {
			c.AWS.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return aws.Credentials{}, errors.New("no profile") })
		}},
		{finding: "credentials.invalid", how: "with a wrong secret", answers: func(_ *bench, c *doctor.Config) {
			given, _ := c.AWS.Credentials.Retrieve(context.Background())
			given.SecretAccessKey = "wrong"
			c.AWS.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return given, nil })
		}},
		{finding: "endpoint.unreachable", how: "where nothing listens", answers: func(_ *bench, c *doctor.Config) { c.AWS.BaseEndpoint = aws.String("http://127.0.0.1:1") }},
		{finding: "api.failed", how: "when AWS refuses for another reason", answers: func(_ *bench, c *doctor.Config) { refuse(c, "autoscaling:DescribeLifecycleHooks", "OptInRequired") }},
		{finding: "clock.far", how: "twenty minutes behind", answers: func(_ *bench, c *doctor.Config) { shiftDates(c, 20*time.Minute) }},
		{finding: "clock.offset", how: "a minute ahead", answers: func(_ *bench, c *doctor.Config) { shiftDates(c, -time.Minute) }},
	}
}

// group changes the group as it is answered.
func group(change func(*astypes.AutoScalingGroup)) func(*bench, *doctor.Config) {
	return func(_ *bench, c *doctor.Config) {
		edit(c, func(out *autoscaling.DescribeAutoScalingGroupsOutput) { change(&out.AutoScalingGroups[0]) })
	}
}

// update changes the group itself.
func update(breaks, mends autoscaling.UpdateAutoScalingGroupInput) func(*testing.T, *bench) func() {
	return func(t *testing.T, b *bench) func() {
		put := func(in autoscaling.UpdateAutoScalingGroupInput) {
			in.AutoScalingGroupName = &b.stack.AutoScalingGroupName
			if _, err := b.groups.UpdateAutoScalingGroup(t.Context(), &in); err != nil {
				t.Fatal(err)
			}
		}
		put(breaks)
		return func() { put(mends) }
	}
}

func suspend(process string) func(*testing.T, *bench) func() {
	return func(t *testing.T, b *bench) func() {
		if _, err := b.groups.SuspendProcesses(t.Context(), &autoscaling.SuspendProcessesInput{AutoScalingGroupName: &b.stack.AutoScalingGroupName, ScalingProcesses: []string{process}}); err != nil {
			t.Fatal(err)
		}
		return func() {
			if _, err := b.groups.ResumeProcesses(t.Context(), &autoscaling.ResumeProcessesInput{AutoScalingGroupName: &b.stack.AutoScalingGroupName, ScalingProcesses: []string{process}}); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func groupBreakages() []breakage {
	in := func(f func(*autoscaling.UpdateAutoScalingGroupInput)) (u autoscaling.UpdateAutoScalingGroupInput) {
		f(&u)
		return u
	}
	return []breakage{
		{finding: "group.missing", how: "under that name", answers: func(_ *bench, c *doctor.Config) { c.AutoScalingGroupName = "nobody" }},
		// Only answered: the idle group's scale-in alarm would use a minimum of 0.
		{finding: "group.min", how: "of nothing", answers: group(func(g *astypes.AutoScalingGroup) { g.MinSize = aws.Int32(0) })},
		{finding: "group.at-max", how: "of one", cloud: update(
			in(func(u *autoscaling.UpdateAutoScalingGroupInput) { u.MaxSize = aws.Int32(1) }), in(func(u *autoscaling.UpdateAutoScalingGroupInput) { u.MaxSize = aws.Int32(2) }))},
		{finding: "group.desired", how: "two of three already", answers: group(func(g *astypes.AutoScalingGroup) {
			second := g.Instances[0]
			g.MaxSize, g.DesiredCapacity, g.Instances = aws.Int32(3), aws.Int32(2), append(g.Instances, second)
		})},
		{finding: "group.in-service", how: "not even the first", answers: group(func(g *astypes.AutoScalingGroup) { g.Instances[0].LifecycleState = astypes.LifecycleStatePending })},
		{finding: "group.suspended", how: "without Launch", cloud: suspend("Launch")},
		{finding: "group.suspended", how: "without AlarmNotification", cloud: suspend("AlarmNotification")},
		{finding: "group.suspended", how: "without AddToLoadBalancer", cloud: suspend("AddToLoadBalancer")},
		{finding: "group.suspended-other", how: "without Terminate", cloud: suspend("Terminate")},
		{finding: "group.protected", how: "the one instance", cloud: protect},
		{finding: "group.protected", how: "every new instance", answers: group(func(g *astypes.AutoScalingGroup) { g.NewInstancesProtectedFromScaleIn = aws.Bool(true) })},
		{finding: "group.grace", how: "of ten seconds", cloud: update(
			in(func(u *autoscaling.UpdateAutoScalingGroupInput) { u.HealthCheckGracePeriod = aws.Int32(10) }), in(func(u *autoscaling.UpdateAutoScalingGroupInput) { u.HealthCheckGracePeriod = aws.Int32(60) }))},
		{finding: "group.health-check-type", how: "of EC2 alone", cloud: update(
			in(func(u *autoscaling.UpdateAutoScalingGroupInput) { u.HealthCheckType = aws.String("EC2") }), in(func(u *autoscaling.UpdateAutoScalingGroupInput) { u.HealthCheckType = aws.String("ELB") }))},
		{finding: "group.zones", how: "one of them", answers: group(func(g *astypes.AutoScalingGroup) { g.AvailabilityZones = g.AvailabilityZones[:1] })},
	}
}

func protect(t *testing.T, b *bench) func() {
	out, err := b.groups.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{b.stack.AutoScalingGroupName}})
	if err != nil {
		t.Fatal(err)
	}
	set := func(on bool) {
		in := autoscaling.SetInstanceProtectionInput{AutoScalingGroupName: &b.stack.AutoScalingGroupName, InstanceIds: []string{*out.AutoScalingGroups[0].Instances[0].InstanceId}, ProtectedFromScaleIn: &on}
		if _, err := b.groups.SetInstanceProtection(t.Context(), &in); err != nil {
			t.Fatal(err)
		}
	}
	set(true)
	return func() { set(false) }
}

func interferences() []breakage {
	activities := func(change func(*astypes.Activity)) func(*bench, *doctor.Config) {
		return func(_ *bench, c *doctor.Config) {
			edit(c, func(out *autoscaling.DescribeScalingActivitiesOutput) { change(&out.Activities[0]) })
		}
	}
	scheduled := func(in time.Duration, cron *string) func(*bench, *doctor.Config) {
		return func(_ *bench, c *doctor.Config) {
			edit(c, func(out *autoscaling.DescribeScheduledActionsOutput) {
				out.ScheduledUpdateGroupActions = []astypes.ScheduledUpdateGroupAction{{ScheduledActionName: aws.String("to-zero"), StartTime: aws.Time(time.Now().Add(in)), Recurrence: cron}}
			})
		}
	}
	return []breakage{
		{finding: "group.launch-failed", how: "for want of capacity", answers: activities(func(a *astypes.Activity) {
			a.StatusCode, a.StatusMessage = astypes.ScalingActivityStatusCodeFailed, aws.String("We currently do not have sufficient t2.micro capacity.")
		})},
		{finding: "group.busy", how: "launching", answers: activities(func(a *astypes.Activity) { a.EndTime = nil })},
		{finding: "group.refresh", how: "half done", answers: func(_ *bench, c *doctor.Config) {
			edit(c, func(out *autoscaling.DescribeInstanceRefreshesOutput) {
				out.InstanceRefreshes = []astypes.InstanceRefresh{{InstanceRefreshId: aws.String("r-1"), Status: astypes.InstanceRefreshStatusInProgress}}
			})
		}},
		{finding: "group.schedule-due", how: "in ten minutes", answers: scheduled(10*time.Minute, nil)},
		{finding: "group.schedule-due", how: "every night", answers: scheduled(24*time.Hour, aws.String("0 20 * * *"))},
		{finding: "group.schedule-due", how: "in seven hours, with a hold of six", answers: func(b *bench, c *doctor.Config) {
			scheduled(7*time.Hour, nil)(b, c)
			credits(c, 1000)
			c.Hold = 6 * time.Hour
		}},
		{finding: "group.schedule", how: "tomorrow", answers: scheduled(24*time.Hour, nil)},
		{finding: "group.hook", how: "at launch", answers: func(_ *bench, c *doctor.Config) { hookAtLaunch(c) }},
		{finding: "group.warm-pool", how: "of stopped instances", answers: group(func(g *astypes.AutoScalingGroup) { g.WarmPoolConfiguration = &astypes.WarmPoolConfiguration{} })},
		{finding: "group.mixed", how: "of two types", answers: group(func(g *astypes.AutoScalingGroup) {
			g.MixedInstancesPolicy = &astypes.MixedInstancesPolicy{LaunchTemplate: &astypes.LaunchTemplate{LaunchTemplateSpecification: g.LaunchTemplate, Overrides: make([]astypes.LaunchTemplateOverrides, 2)}}
			g.LaunchTemplate = nil
		})},
		{finding: "group.lifetime", how: "of a day", answers: group(func(g *astypes.AutoScalingGroup) { g.MaxInstanceLifetime = aws.Int32(86400) })},
	}
}

func hookAtLaunch(c *doctor.Config) {
	edit(c, func(out *autoscaling.DescribeLifecycleHooksOutput) {
		out.LifecycleHooks = []astypes.LifecycleHook{{
			LifecycleHookName: aws.String("wait"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_LAUNCHING"),
			HeartbeatTimeout: aws.Int32(3600), DefaultResult: aws.String("ABANDON"),
		}}
	})
}

// launchConfiguration has the group launch from one, which the local cloud does
// not have.
func launchConfiguration(c *doctor.Config) {
	edit(c, func(out *autoscaling.DescribeAutoScalingGroupsOutput) {
		out.AutoScalingGroups[0].LaunchTemplate, out.AutoScalingGroups[0].LaunchConfigurationName = nil, aws.String("old")
	})
}

// xmlOf changes the bytes of an answer of EC2, which no client of the SDK reads.
func xmlOf(action, pattern, by string) func(*bench, *doctor.Config) {
	return func(_ *bench, c *doctor.Config) {
		rewrite(c, func(operation string, _ *http.Response, body []byte) []byte {
			if operation != action {
				return body
			}
			return regexp.MustCompile(pattern).ReplaceAll(body, []byte(by))
		})
	}
}

// started has the instances run since a while.
func started(c *doctor.Config, ago time.Duration) {
	xmlOf("ec2:DescribeInstances", "<launchTime>[^<]*</launchTime>", "<launchTime>"+time.Now().Add(-ago).UTC().Format(time.RFC3339)+"</launchTime>")(nil, c)
}

// sentences joins what is said about a finding.
func sentences(r doctor.Report, id string) string {
	var all []string
	for _, f := range r.Findings {
		if f.ID == id {
			all = append(all, f.What, f.Change)
		}
	}
	return strings.Join(all, " ")
}
