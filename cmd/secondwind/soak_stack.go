package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/outputs"
	"secondwind/cmd/internal/awsconfig"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/observe"
)

// onlyLocal are soak's flags that set up the local cloud: a stack that is
// deployed is as it is.
var onlyLocal = []string{"calculator", "scaling-variables", "metrics-period", "exports"}

// soakStack proves the stack that Terraform deployed, wherever the AWS
// configuration points to. Scenario, judge and report are those of a local soak;
// periods and deadlines are those of what is deployed.
func soakStack(ctx context.Context, out *output, o soakOptions, s scenario.Scenario, start time.Time) error {
	if s.Local.Policy != scenario.PolicyWired || !s.Local.AlarmActions {
		return fmt.Errorf("scenario %q disconnects the scale-out alarm (local.policy, local.alarm_actions), which only the local cloud does: "+
			"a deployed stack is as it is; leave these keys out, or leave out --stack", s.Name)
	}
	deployed, err := outputs.Read(ctx, o.stack)
	if err != nil {
		return err
	}
	if err := provable(deployed, start, s.Hold); err != nil {
		return err
	}
	cfg, err := awsconfig.Load(ctx, deployed.Region)
	if err != nil {
		return err
	}
	reporter := out.reporter()
	defer reporter.Close()
	record, err := newRun(o.runs, s, start)
	if err != nil {
		return err
	}
	p := proof{Config: newConfig(out, s, record, reporter, start), skipDoctor: o.skipDoctor}
	p.AWS, p.Where, p.LoadBalancerURL = cfg, placeOf(cfg), deployed.LoadBalancerURL
	p.AutoScalingGroupName, p.AlarmName = deployed.AutoScalingGroupName, deployed.ScaleOutAlarmName
	reporter.Event(0, fmt.Sprintf("soak %q of %s on %s: the record grows in %s", s.Name, p.AutoScalingGroupName, p.Where, record.Dir()))
	return finish(ctx, out, reporter, record, proveDeployed(ctx, p, deployed.TargetGroupARN), start)
}

// provable refuses a stack that a proof could not be made of, with what to do.
func provable(deployed outputs.Outputs, now time.Time, hold time.Duration) error {
	switch ends := now.Add(hold); {
	case deployed.LoadBalancerURL == "":
		return errors.New("output load_balancer_url is missing: without a load balancer no request can reach a second instance; " +
			"this is not the stack of terraform/, or its deploy was interrupted: run `make deploy` again")
	case deployed.Expires.IsZero() || deployed.Expires.After(ends):
		return nil
	case deployed.Expires.After(now):
		return fmt.Errorf("run %s expires at %s, when its group is scaled to zero, which is before a hold of %s ends: "+
			"shorten --hold, or give a longer ttl_hours and run `make deploy` again",
			deployed.RunID, deployed.Expires.Format(time.RFC3339), hold)
	}
	return fmt.Errorf("run %s expired at %s, when its group was scaled to zero: run `make deploy` again, or `make destroy`",
		deployed.RunID, deployed.Expires.Format(time.RFC3339))
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
	reported := false
	err := observe.AwaitHealthy(ctx, p.AWS, p.AutoScalingGroupName, targetGroupARN, func(limit time.Duration) {
		if !reported {
			p.Progress.Event(time.Since(p.Start), fmt.Sprintf("waiting for a healthy instance, at most %s", limit))
		}
		reported = true
		p.Progress.Status(progress.Status{Phase: runlog.PhaseSetup, Elapsed: time.Since(p.Start)})
	})
	if err != nil {
		return err
	}
	p.Drain = observe.DeregistrationDelay(ctx, p.AWS, targetGroupARN)
	return prove(ctx, p)
}
