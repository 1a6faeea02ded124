package discover

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/outputs"
	"secondwind/runlog"
	"secondwind/verify/doctor"
	"secondwind/verify/hypothesis"
	"secondwind/verify/observe"
)

// Group is an Auto Scaling group with what was told and what was found of it. What is not known,
// because it is not there or AWS did not answer, is "".
type Group struct {
	outputs.Outputs
	PolicyName string // that the alarm invokes
	// Findings are what bears on a proof about the way of requests to the group.
	Findings []doctor.Finding
}

// Choice is several candidates of which only the user knows the one that is meant, or none that
// is taken without being asked for.
type Choice struct {
	What       string   // "group shop has 2 alarms that scale it out"
	Flag       string   // that chooses, without its hyphens
	Candidates []string // each: the flag's value, then what tells it from the others
}

// Error names the flag, and lists the candidates.
func (c *Choice) Error() string {
	return fmt.Sprintf("%s; choose with --%s:\n  %s", c.What, c.Flag, strings.Join(c.Candidates, "\n  "))
}

// Find completes what was told of a group by what AWS answers, in a handful of calls that only
// read. Where several candidates are equally good its error is a *Choice, or several joined; any
// other error is an API's. What was found before an error is returned with it.
func Find(ctx context.Context, cfg aws.Config, told outputs.Outputs) (Group, error) {
	g := Group{Outputs: told}
	g.Region = cmp.Or(told.Region, cfg.Region)
	c, err := observe.Read(ctx, observe.Config{AWS: cfg, AutoScalingGroupName: told.AutoScalingGroupName, AlarmName: told.ScaleOutAlarmName})
	if err != nil {
		return g, err
	}
	err = errors.Join(g.chooseAlarm(c), g.chooseTargetGroup(c))
	if alarm, ok := c.ScaleOutAlarm(g.ScaleOutAlarmName); ok && c.PolicyOf(alarm) != nil {
		g.PolicyName = c.PolicyOf(alarm).PolicyName
	}
	if tg, ok := targetGroup(c, g.TargetGroupARN); ok {
		err = errors.Join(err, g.chooseURL(ctx, cfg, tg))
	}
	return g, err
}

// chooseAlarm takes the alarm that scales the group out, if there is one only.
func (g *Group) chooseAlarm(c hypothesis.Configuration) error {
	all := c.ScaleOutAlarms()
	switch {
	case g.ScaleOutAlarmName != "" || len(all) == 0:
		return nil
	case len(all) == 1:
		g.ScaleOutAlarmName = all[0].AlarmName
		return nil
	}
	candidates := make([]string, len(all))
	for i, a := range all {
		p := c.PolicyOf(a)
		candidates[i] = fmt.Sprintf("%q (%s above %s, policy %s)", a.AlarmName, a.MetricName,
			c.Metric(a).Amount(fmt.Sprintf("%g", a.Threshold)), p.PolicyName)
	}
	return &Choice{What: fmt.Sprintf("group %s has %d alarms that scale it out", g.AutoScalingGroupName, len(all)), Flag: "alarm",
		Candidates: candidates}
}

// chooseTargetGroup takes the target group that the alarm counts requests of, else the only one
// that a load balancer forwards to, else the only one.
func (g *Group) chooseTargetGroup(c hypothesis.Configuration) error {
	if g.TargetGroupARN != "" {
		return nil
	}
	all := c.TargetGroups
	if alarm, ok := c.ScaleOutAlarm(g.ScaleOutAlarmName); ok && c.Metric(alarm).CountsRequests() {
		all = filter(all, func(tg runlog.TargetGroup) bool {
			return c.Metric(alarm) == runlog.RequestsPerTargetOf(tg.TargetGroupArn)
		})
	}
	if served := filter(all, func(tg runlog.TargetGroup) bool { return len(tg.LoadBalancerArns) > 0 }); len(served) > 0 {
		all = served
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		g.TargetGroupARN = all[0].TargetGroupArn
		return nil
	}
	choice := &Choice{What: fmt.Sprintf("group %s has %d target groups", g.AutoScalingGroupName, len(all)), Flag: "target-group"}
	for _, tg := range all {
		behind := "behind no load balancer"
		if len(tg.LoadBalancerArns) > 0 {
			behind = "behind " + strings.Join(names(tg.LoadBalancerArns), ", ")
		}
		choice.Candidates = append(choice.Candidates, tg.TargetGroupArn+" ("+behind+")")
	}
	return choice
}

func targetGroup(c hypothesis.Configuration, arn string) (runlog.TargetGroup, bool) {
	found := filter(c.TargetGroups, func(tg runlog.TargetGroup) bool { return tg.TargetGroupArn == arn })
	return append(found, runlog.TargetGroup{})[0], len(found) > 0
}

// names are the names of load balancers in their ARNs.
func names(arns []string) (all []string) {
	for _, arn := range arns {
		all = append(all, nameOf(arn))
	}
	return all
}

// nameOf is the name in an ARN of a load balancer or target group: …:loadbalancer/app/NAME/50dc6c495c0c9188.
func nameOf(arn string) string {
	parts := strings.Split(arn, "/")
	return parts[max(0, len(parts)-2)]
}

func filter[T any](all []T, keep func(T) bool) (kept []T) {
	for _, v := range all {
		if keep(v) {
			kept = append(kept, v)
		}
	}
	return kept
}
