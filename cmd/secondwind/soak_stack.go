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
	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/verify/observe"
)

// soakStack proves the stack that Terraform deployed, wherever the AWS
// configuration points to. Scenario, judge and report are those of a local soak;
// periods and deadlines are those of what is deployed.
func soakStack(ctx context.Context, out *output, r localRun) (none judge.Verdict, err error) {
	found := &r.config
	s := found.Scenario
	if s.Local.Policy != scenario.PolicyAttached || !s.Local.AlarmActions {
		return none, misuse(fmt.Errorf("scenario %q disconnects the scale-out alarm (local.policy, local.alarm_actions), "+
			"which is possible on the local cloud only; remove these keys, or leave --stack out", s.Name))
	}
	deployed, err := outputs.Read(ctx, r.stack)
	if err != nil {
		return none, misuse(err)
	}
	if err := provable(deployed, found.Start, s.Hold); err != nil {
		return none, misuse(err)
	}
	cfg, err := awsconfig.Load(ctx, deployed.Region)
	if err != nil {
		return none, err
	}
	found.AWS, found.Where, found.LoadBalancerURL = cfg, placeOf(cfg), deployed.LoadBalancerURL
	found.AutoScalingGroupName, found.AlarmName = deployed.AutoScalingGroupName, deployed.ScaleOutAlarmName
	where := fmt.Sprintf(" of %s on %s", found.AutoScalingGroupName, found.Where)
	return recordRun(ctx, out, r, where, func(cfg live.Config) error {
		return proveDeployed(ctx, proof{
			Config: cfg, skipDoctor: r.skipDoctor, audit: r.audit, targetGroupARN: deployed.TargetGroupARN,
		})
	})
}

// provable refuses a stack that a proof could not be made of, with what to do.
func provable(deployed outputs.Outputs, now time.Time, hold time.Duration) error {
	switch ends := now.Add(hold); {
	case deployed.LoadBalancerURL == "":
		return errors.New("output load_balancer_url is missing: without a load balancer no request can reach a second instance; " +
			"this is not the stack of terraform/, or its deployment was interrupted; run `make deploy` again")
	case deployed.Expires.IsZero() || deployed.Expires.After(ends):
		return nil
	case deployed.Expires.After(now):
		return fmt.Errorf("run %s expires at %s, before a hold of %s ends, and its group is then scaled to zero; "+
			"shorten --hold, or raise ttl_hours and run `make deploy` again",
			deployed.RunID, deployed.Expires.Format(time.RFC3339), runlog.Words(hold))
	}
	return fmt.Errorf("run %s expired at %s, and its group was scaled to zero; run `make deploy` again, or `make destroy`",
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
func proveDeployed(ctx context.Context, p proof) error {
	reported := false
	err := observe.AwaitHealthy(ctx, p.AWS, p.AutoScalingGroupName, p.targetGroupARN, func(limit time.Duration) {
		if !reported {
			p.Progress.Event(time.Since(p.Start), fmt.Sprintf("waiting for a healthy instance, at most %s", runlog.Words(limit)))
		}
		reported = true
		p.Progress.Status(progress.Status{Phase: runlog.PhaseSetup, Elapsed: time.Since(p.Start)})
	})
	if err != nil {
		return err
	}
	p.Drain = observe.DeregistrationDelay(ctx, p.AWS, p.targetGroupARN)
	return prove(ctx, p)
}
