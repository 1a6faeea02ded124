package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/discover"
	"secondwind/account/outputs"
	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/scenario"
	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/verify/observe"
)

// soakGroup proves a group that is there, wherever the AWS configuration points to. Scenario,
// judge and report are those of a local soak; periods and deadlines are the group's own.
func soakGroup(ctx context.Context, out *output, r localRun) (none judge.Verdict, err error) {
	s := r.config.Scenario
	if s.Local.Policy != scenario.PolicyAttached || !s.Local.AlarmActions {
		return none, misuse(fmt.Errorf("scenario %q disconnects the scale-out alarm (local.policy, local.alarm_actions), "+
			"which is possible on the local cloud only; remove these keys, or leave --group and --stack out", s.Name))
	}
	told, err := r.target.read(ctx)
	if err != nil {
		return none, err
	}
	if err := lasting(told, r.config.Start, s.Hold); err != nil {
		return none, misuse(err)
	}
	cfg, group, err := find(ctx, told)
	if err != nil {
		return none, err
	}
	if group.LoadBalancerURL == "" && r.skipDoctor {
		return none, misuse(errors.New("it is not known how requests reach the group: give --url, or leave --skip-doctor out to be told why"))
	}
	if err := credentialed(ctx, cfg); err != nil {
		return none, err
	}
	found := &r.config
	found.AWS, found.Where, found.LoadBalancerURL = cfg, placeOf(cfg), group.LoadBalancerURL
	found.AutoScalingGroupName, found.AlarmName = group.AutoScalingGroupName, group.ScaleOutAlarmName
	found.TargetGroupARN = group.TargetGroupARN
	where := fmt.Sprintf(" of %s on %s", found.AutoScalingGroupName, found.Where)
	return recordRun(ctx, out, r, where, func(run live.Config) error {
		run.Progress.Event(time.Since(run.Start), "found "+foundOf(group))
		return proveDeployed(ctx, proof{Config: run, examine: examining(cfg, group), skipDoctor: r.skipDoctor, audit: r.audit})
	})
}

// foundOf is what a proof goes by, in a line.
func foundOf(g discover.Group) string {
	known := func(what, value string) string {
		if value == "" {
			return "no " + what
		}
		return what + " " + value
	}
	_, targets, _ := strings.Cut(g.TargetGroupARN, ":targetgroup/")
	return strings.Join([]string{
		known("alarm", g.ScaleOutAlarmName), known("policy", g.PolicyName), known("target group", targets), known("URL", g.LoadBalancerURL),
	}, ", ")
}

// lasting refuses a stack that expires before a proof of it could end, with what to do.
func lasting(deployed outputs.Outputs, now time.Time, hold time.Duration) error {
	switch ends := now.Add(hold); {
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
	if p.LoadBalancerURL == "" {
		return prove(ctx, p) // which ends with what the doctor says of that
	}
	reported := false
	err := observe.AwaitHealthy(ctx, p.AWS, p.AutoScalingGroupName, p.TargetGroupARN, func(limit time.Duration) {
		if !reported {
			p.Progress.Event(time.Since(p.Start), fmt.Sprintf("waiting for a healthy instance, at most %s", runlog.Words(limit)))
		}
		reported = true
		p.Progress.Status(progress.Status{Phase: runlog.PhaseSetup, Elapsed: time.Since(p.Start)})
	})
	if err != nil {
		return err
	}
	p.Drain = observe.DeregistrationDelay(ctx, p.AWS, p.TargetGroupARN)
	return prove(ctx, p)
}
