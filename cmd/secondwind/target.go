package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"
	"github.com/spf13/pflag"

	"secondwind/account/discover"
	"secondwind/account/ec2form"
	"secondwind/account/outputs"
	"secondwind/cmd/internal/awsconfig"
	"secondwind/verify/doctor"
)

// target is which group is meant: by its name, or by the outputs of a stack. Either way what a
// proof needs to know of it is then what was told or found.
type target struct {
	stack string
	told  outputs.Outputs // by flags; "": not
}

// targetFlags are those that say more about the group that --group or --stack names.
var targetFlags = []string{"url", "region", "alarm", "target-group"}

// flags are those of the commands that prove or examine a group.
func (t *target) flags(f *pflag.FlagSet) {
	f.StringVar(&t.told.AutoScalingGroupName, "group", "",
		"`name` of an Auto Scaling group on AWS; alarm, policy, target group and URL are found from it")
	stackFlag(f, &t.stack, "instead of --group, a deployed stack: ")
	f.StringVar(&t.told.LoadBalancerURL, "url", "", "`URL` by which requests reach the group (default: its load balancer's)")
	f.StringVar(&t.told.Region, "region", "", "AWS `Region` (default: the stack's, or that of the AWS configuration)")
	f.StringVar(&t.told.ScaleOutAlarmName, "alarm", "", "`name` of the alarm that scales the group out, where it has several")
	f.StringVar(&t.told.TargetGroupARN, "target-group", "", "`ARN` of the target group that is meant, where the group has several")
}

// named reports whether a group is meant that is there already.
func (t target) named() bool { return t.stack != "" || t.told.AutoScalingGroupName != "" }

func (t target) validate(f *pflag.FlagSet) error {
	if f.Changed("url") {
		if err := outputs.CheckURL(t.told.LoadBalancerURL); err != nil {
			return fmt.Errorf("--url %w", err)
		}
	}
	return cmp.Or(notWith(f, "stack", "group"), onlyWith(f, []string{"group", "stack"}, targetFlags...))
}

// read is what was told of the group: a flag counts more than the stack's output.
func (t target) read(ctx context.Context) (outputs.Outputs, error) {
	told := t.told
	if t.stack == "" {
		return told, nil
	}
	of, err := outputs.Read(ctx, t.stack)
	if err != nil {
		return of, misuse(err)
	}
	of.LoadBalancerURL = cmp.Or(told.LoadBalancerURL, of.LoadBalancerURL)
	of.Region = cmp.Or(told.Region, of.Region)
	of.ScaleOutAlarmName = cmp.Or(told.ScaleOutAlarmName, of.ScaleOutAlarmName)
	of.TargetGroupARN = cmp.Or(told.TargetGroupARN, of.TargetGroupARN)
	return of, nil
}

// find completes what was told by what AWS answers. What AWS does not answer stays unknown: the
// doctor asks the same, and reports why.
func find(ctx context.Context, told outputs.Outputs) (aws.Config, discover.Group, error) {
	cfg, err := awsconfig.Load(ctx, told.Region)
	if err != nil {
		return cfg, discover.Group{Outputs: told}, err
	}
	group, err := discover.Find(ctx, cfg, told)
	if _, open := errors.AsType[*discover.Choice](err); open {
		return cfg, group, misuse(err)
	}
	if _, failed := errors.AsType[*smithy.OperationError](err); failed && !ec2form.Denied(err) {
		group.Findings = append(group.Findings, doctor.Finding{
			ID: "api.failed", Severity: doctor.Warning, Where: group.AutoScalingGroupName,
			What: fmt.Sprintf("Not all of what belongs to it was found: %v.", err), Change: "Try again.",
		})
	}
	return cfg, group, ctx.Err()
}

// credentialed refuses a configuration without credentials: AWS could not be asked anything.
func credentialed(ctx context.Context, cfg aws.Config) error {
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil && ctx.Err() == nil {
		return misuse(fmt.Errorf("there are no AWS credentials: %w; log in (`aws sso login`), or set AWS_PROFILE, "+
			"or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", err))
	}
	return nil
}

// examining is what the doctor is to examine of a group.
func examining(cfg aws.Config, group discover.Group) doctor.Config {
	return doctor.Config{
		AWS: cfg, AutoScalingGroupName: group.AutoScalingGroupName, AlarmName: group.ScaleOutAlarmName,
		TargetGroupARN: group.TargetGroupARN, LoadBalancerURL: group.LoadBalancerURL, Terraform: group.RunID != "",
		Known: group.Findings,
	}
}
