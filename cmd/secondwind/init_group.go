package main

import (
	"cmp"
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/discover"
	"secondwind/verify/doctor"
	"secondwind/verify/observe"
)

// locate finds the URL of a group, and at what it scales.
func (e *examination) locate(ctx context.Context) error {
	told, err := e.o.target.read(ctx)
	if err != nil {
		return err
	}
	cfg, group, err := find(ctx, told)
	if err := cmp.Or(err, credentialed(ctx, cfg)); err != nil {
		return err
	}
	e.service.URL = group.LoadBalancerURL
	if e.service.URL == "" {
		return fmt.Errorf("no URL of group %s was found: it does not exist, or no load balancer forwards to it; "+
			"`secondwind doctor --group` says which, and --url says where requests reach it otherwise", group.AutoScalingGroupName)
	}
	e.report.add(wasFound, "group %s is reached by %s", group.AutoScalingGroupName, e.service.URL)
	c, err := observe.Read(ctx, observe.Config{
		AWS: cfg, AutoScalingGroupName: group.AutoScalingGroupName, AlarmName: group.ScaleOutAlarmName,
	})
	if err != nil {
		return err
	}
	e.draft.Instances = c.Group.MinSize
	if alarm, ok := c.ScaleOutAlarm(group.ScaleOutAlarmName); ok {
		e.report.add(wasFound, "alarm %s scales it out above %s", alarm.AlarmName, c.Metric(alarm).Amount(fmt.Sprint(alarm.Threshold)))
		if c.Metric(alarm).CountsRequests() {
			e.draft.RequestRate = alarm.Threshold / float64(max(1, alarm.Period))
		} else {
			e.draft.CPUThreshold = alarm.Threshold
		}
	}
	e.diagnose = func() error { return e.findings(ctx, cfg, group) }
	return nil
}

// findings lets the doctor examine the group with the draft's scenario, and reports the errors.
func (e *examination) findings(ctx context.Context, cfg aws.Config, group discover.Group) error {
	s, err := e.draft.scenario(e.o.out)
	planned := examining(cfg, group)
	if err == nil {
		err = plan(&planned, s)
	}
	if err != nil {
		return err
	}
	for _, f := range doctor.Examine(ctx, planned).Findings {
		if f.Severity == doctor.Error {
			e.report.add(isMissing, "doctor: %s: %s: %s %s", f.ID, f.Where, f.What, f.Change)
		}
	}
	return nil
}
