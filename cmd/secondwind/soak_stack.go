package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/account/outputs"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
)

// onlyLocal are soak's flags that set up the local cloud: a stack that is
// deployed is as it is.
var onlyLocal = []string{"calculator", "scaling-variables", "metrics-period", "exports"}

// soakStack proves the stack that Terraform deployed, wherever the AWS
// configuration points to. Scenario, judge and report are those of a local soak;
// periods and deadlines are those of what is deployed.
func soakStack(ctx context.Context, out *output, o soakOptions, s scenario.Scenario, start time.Time) error {
	if s.Local.Policy != scenario.PolicyWired || !s.Local.AlarmActions {
		return fmt.Errorf("scenario %q unwires the scale-out alarm (local.policy, local.alarm_actions), which is for the local cloud: a deployed stack is as it is; leave these keys out, or leave out --stack", s.Name)
	}
	deployed, err := outputs.Read(ctx, o.stack)
	if err != nil {
		return err
	}
	if err := provable(deployed, start, s.Hold); err != nil {
		return err
	}
	cfg, err := loadAWS(ctx, deployed.Region)
	if err != nil {
		return err
	}
	reporter := out.reporter()
	defer reporter.Close()
	record, err := newRun(o.runs, s, start)
	if err != nil {
		return err
	}
	p := proof{
		aws: cfg, where: placeOf(cfg), group: deployed.AutoScalingGroupName, alarm: deployed.ScaleOutAlarmName, url: deployed.LoadBalancerURL,
		scenario: s, writer: record, progress: reporter, start: start, skipDoctor: o.skipDoctor,
	}
	reporter.Event(0, fmt.Sprintf("soak %q of %s on %s: the record grows in %s", s.Name, p.group, p.where, record.Dir()))
	return finish(ctx, out, reporter, record, proveDeployed(ctx, p, deployed.TargetGroupARN), start)
}

// provable refuses a stack that a proof could not be made of, with what to do.
func provable(deployed outputs.Outputs, now time.Time, hold time.Duration) error {
	switch ends := now.Add(hold); {
	case deployed.LoadBalancerURL == "":
		return errors.New("output load_balancer_url is missing: without a load balancer no request can reach a second instance; this is not the stack of terraform/, or its deploy was interrupted: run `make deploy` again")
	case deployed.Expires.IsZero() || deployed.Expires.After(ends):
		return nil
	case deployed.Expires.After(now):
		return fmt.Errorf("run %s expires at %s, when its group is scaled to zero, which is before a hold of %s ends: shorten --hold, or give a longer ttl_hours and run `make deploy` again", deployed.RunID, deployed.Expires.Format(time.RFC3339), hold)
	}
	return fmt.Errorf("run %s expired at %s, when its group was scaled to zero: run `make deploy` again, or `make destroy`", deployed.RunID, deployed.Expires.Format(time.RFC3339))
}

// placeOf names where the API is, for the verdict.
func placeOf(cfg aws.Config) string {
	if cfg.BaseEndpoint != nil && *cfg.BaseEndpoint != "" {
		return fmt.Sprintf("the endpoint %s (%s)", strings.TrimSuffix(*cfg.BaseEndpoint, "/"), cfg.Region)
	}
	return "AWS " + cfg.Region
}

// proveDeployed waits for the first instance, examines the group, and proves it.
func proveDeployed(ctx context.Context, p proof, targetGroupARN string) error {
	if err := awaitTarget(ctx, p, targetGroupARN); err != nil {
		return err
	}
	if err := examineFirst(ctx, p); err != nil {
		return err
	}
	p.drain = deregistrationDelay(ctx, p.aws, targetGroupARN)
	return prove(ctx, p)
}

// pollTarget is how often awaitTarget asks.
const pollTarget = 2 * time.Second

// awaitTarget waits until a target is healthy: right after a deploy the first
// instance still starts. What else there is to say, it leaves to the doctor. Its
// only error is that of ctx.
func awaitTarget(ctx context.Context, p proof, targetGroupARN string) error {
	patience, targets := healthyDeadline(ctx, p, targetGroupARN), elb.NewFromConfig(p.aws)
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(pollTarget)
	defer ticker.Stop()
	for told := false; ; told = true {
		out, err := targets.DescribeTargetHealth(waiting, &elb.DescribeTargetHealthInput{TargetGroupArn: &targetGroupARN})
		if err != nil || slices.ContainsFunc(out.TargetHealthDescriptions, healthy) {
			return ctx.Err()
		}
		if !told {
			p.progress.Event(time.Since(p.start), fmt.Sprintf("waiting for a healthy instance, at most %s", patience))
		}
		p.progress.Status(progress.Status{Phase: runlog.PhaseSetup, Elapsed: time.Since(p.start)})
		select {
		case <-waiting.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

func healthy(d elbtypes.TargetHealthDescription) bool {
	return d.TargetHealth != nil && d.TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy
}

// healthyDeadline is how long a first instance may take: the group's grace, the
// checks that make a target healthy, and a minute. 0 if they cannot be read.
func healthyDeadline(ctx context.Context, p proof, targetGroupARN string) time.Duration {
	groups, err := autoscaling.NewFromConfig(p.aws).DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{p.group}})
	if err != nil || len(groups.AutoScalingGroups) != 1 || targetGroupARN == "" {
		return 0
	}
	targets, err := elb.NewFromConfig(p.aws).DescribeTargetGroups(ctx, &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{targetGroupARN}})
	if err != nil || len(targets.TargetGroups) != 1 {
		return 0
	}
	t := targets.TargetGroups[0]
	checks := aws.ToInt32(t.HealthCheckIntervalSeconds) * aws.ToInt32(t.HealthyThresholdCount)
	return time.Duration(aws.ToInt32(groups.AutoScalingGroups[0].HealthCheckGracePeriod)+checks)*time.Second + time.Minute
}

// awsDeregistrationDelay is what a target group has that nobody configured.
const awsDeregistrationDelay = 300 * time.Second

// deregistrationDelay is how long the target group lets an instance drain. It only
// makes the wait for scaling in longer: where it cannot be read, AWS's default does.
func deregistrationDelay(ctx context.Context, cfg aws.Config, targetGroupARN string) time.Duration {
	out, err := elb.NewFromConfig(cfg).DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &targetGroupARN})
	if err != nil {
		return awsDeregistrationDelay
	}
	for _, a := range out.Attributes {
		if aws.ToString(a.Key) != "deregistration_delay.timeout_seconds" {
			continue
		}
		if seconds, err := strconv.Atoi(aws.ToString(a.Value)); err == nil {
			return time.Duration(seconds) * time.Second
		}
	}
	return awsDeregistrationDelay
}
