package localcloud_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"secondwind/account/stack"
	"secondwind/localcloud"
)

const imageID = "ami-0123456789abcdef0"

// The whole way with real processes: an alarm's transition launches a second
// instance, requests reach both, and scaling in loses none of them.
func TestAnAlarmScalesOutAndScalingInLosesNoRequest(t *testing.T) {
	c := start(t)
	s := buildHealthy(t, c)
	first := inService(group(t, c, s))
	if len(first) != 1 {
		t.Fatalf("InService at first = %v, want one instance", first)
	}
	alarms := cloudwatch.NewFromConfig(c.AWSConfig())
	// The group is idle: its scale-in alarm would undo at the next period's end
	// what this test sets off.
	if _, err := alarms.DisableAlarmActions(bounded(t), &cloudwatch.DisableAlarmActionsInput{
		AlarmNames: []string{s.ScaleInAlarm},
	}); err != nil {
		t.Fatal(err)
	}
	_, err := alarms.SetAlarmState(bounded(t), &cloudwatch.SetAlarmStateInput{
		AlarmName: &s.ScaleOutAlarm, StateValue: "ALARM", StateReason: aws.String("a test"),
		StateReasonData: aws.String(
			`{"version":"1.0","queryDate":"2026-01-01T00:00:00.000+0000","statistic":"Average","period":10,"recentDatapoints":[33.0],` +
				`"threshold":20.0}`,
		),
	})
	if err != nil {
		t.Fatal(err)
	}
	until(t, "two healthy targets", func(context.Context) bool { return len(healthyTargets(t, c, s)) == 2 })
	if g := group(t, c, s); *g.DesiredCapacity != 2 || len(inService(g)) != 2 {
		t.Errorf("group = desired %d, InService %v, want 2 of both", *g.DesiredCapacity, inService(g))
	}

	lost, seen, stop := traffic(t, s.LoadBalancerURL)
	until(t, "requests served by both instances", func(context.Context) bool { return len(seen()) == 2 })
	if want := inService(group(t, c, s)); !slices.Equal(seen(), slices.Sorted(slices.Values(want))) {
		t.Errorf("requests were served by %v, want %v", seen(), want)
	}
	groups := autoscaling.NewFromConfig(c.AWSConfig())
	if _, err := groups.SetDesiredCapacity(bounded(t), &autoscaling.SetDesiredCapacityInput{
		AutoScalingGroupName: &s.AutoScalingGroupName, DesiredCapacity: aws.Int32(1),
	}); err != nil {
		t.Fatal(err)
	}
	until(t, "one instance left", func(context.Context) bool { return len(group(t, c, s).Instances) == 1 })
	if sent := stop(); lost.Load() > 0 || sent == 0 {
		t.Errorf("while scaling in, %d of %d requests were lost, want none of many", lost.Load(), sent)
	}
	assertCauses(t, groups, s)
}

// traffic sends requests until stopped, and tells which instances answered.
func traffic(t *testing.T, url string) (lost *atomic.Int64, seen func() []string, stop func() int64) {
	ctx, cancel := context.WithCancel(bounded(t))
	lost = &atomic.Int64{}
	var sent atomic.Int64
	var by sync.Map
	var workers sync.WaitGroup
	for range 4 {
		workers.Go(func() {
			for ctx.Err() == nil {
				id, err := get(t.Context(), url+"/?burn=1ms") // not ctx: what is begun must be answered
				sent.Add(1)
				if err != nil {
					lost.Add(1)
					t.Log("lost:", err)
					continue
				}
				by.Store(id, true)
			}
		})
	}
	seen = func() []string {
		var ids []string
		by.Range(func(id, _ any) bool { ids = append(ids, id.(string)); return true })
		slices.Sort(ids)
		return ids
	}
	return lost, seen, func() int64 { cancel(); workers.Wait(); return sent.Load() }
}

// assertCauses holds the activities against what a judge looks for.
func assertCauses(t *testing.T, groups *autoscaling.Client, s stack.Stack) {
	t.Helper()
	out, err := groups.DescribeScalingActivities(t.Context(), &autoscaling.DescribeScalingActivitiesInput{
		AutoScalingGroupName: &s.AutoScalingGroupName,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"a user request explicitly set group desired capacity changing the desired capacity from 2 to 1",
		fmt.Sprintf(
			"a monitor alarm %s in state ALARM triggered policy %s changing the desired capacity from 1 to 2", s.ScaleOutAlarm,
			s.ScaleOutPolicy,
		),
		"a user request created an AutoScalingGroup changing the desired capacity from 0 to 1",
	}
	if len(out.Activities) != len(want) {
		t.Fatalf("%d activities, want %d: %v", len(out.Activities), len(want), out.Activities)
	}
	for i, activity := range out.Activities {
		if !strings.Contains(*activity.Cause, want[i]) || activity.StatusCode != astypes.ScalingActivityStatusCodeSuccessful {
			t.Errorf("activity %d = %s %q, want Successful and …%q…", i, activity.StatusCode, *activity.Cause, want[i])
		}
	}
}

func TestAnInstanceThatExitsByItselfIsReplaced(t *testing.T) {
	c := start(t)
	s := buildHealthy(t, c)
	before := inService(group(t, c, s))
	_, _ = get(bounded(t), s.LoadBalancerURL+"/exit") // no answer: the process is gone
	until(t, "another healthy instance", func(context.Context) bool {
		now := healthyTargets(t, c, s)
		return len(now) == 1 && now[0] != before[0]
	})
	if g := group(t, c, s); *g.DesiredCapacity != 1 {
		t.Errorf("desired capacity = %d, want 1 as before", *g.DesiredCapacity)
	}
}

func TestTheControlsAreConfiguredAsAskedFor(t *testing.T) {
	for name, test := range map[string]struct {
		o       stack.Options
		actions int
		enabled bool
	}{
		"the whole stack":      {stack.Options{}, 1, true},
		"without a policy":     {stack.Options{WithoutPolicy: true}, 0, true},
		"actions switched off": {stack.Options{ActionsDisabled: true}, 1, false},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t)
			test.o.Variables = variables(t)
			s := build(t, c, test.o)
			out, err := cloudwatch.NewFromConfig(c.AWSConfig()).DescribeAlarms(bounded(t), &cloudwatch.DescribeAlarmsInput{
				AlarmNames: []string{s.ScaleOutAlarm},
			})
			if err != nil || len(out.MetricAlarms) != 1 {
				t.Fatalf("DescribeAlarms(%s) = %v, %v, want one alarm", s.ScaleOutAlarm, out, err)
			}
			a := out.MetricAlarms[0]
			if len(a.AlarmActions) != test.actions || *a.ActionsEnabled != test.enabled || *a.Period != 10 || *a.Threshold != 20 {
				t.Errorf(
					"alarm = %d actions, enabled %t, period %d, threshold %g; want %d, %t, 10, 20", len(a.AlarmActions), *a.ActionsEnabled,
					*a.Period, *a.Threshold, test.actions, test.enabled,
				)
			}
		})
	}
}

func TestEveryKindOfPolicyCanBeBuilt(t *testing.T) {
	for _, kind := range []string{stack.PolicyStep, stack.PolicySimple, stack.PolicyTargetTracking} {
		t.Run(kind, func(t *testing.T) {
			c := start(t)
			n := variables(t)
			n.Policy = kind
			s := build(t, c, stack.Options{Variables: n})
			out, err := autoscaling.NewFromConfig(c.AWSConfig()).DescribePolicies(bounded(t), &autoscaling.DescribePoliciesInput{
				PolicyNames: []string{s.ScaleOutPolicy},
			})
			if err != nil || len(out.ScalingPolicies) != 1 {
				t.Fatalf("DescribePolicies(%s) = %v, %v, want one policy", s.ScaleOutPolicy, out, err)
			}
			if !slices.ContainsFunc(out.ScalingPolicies[0].Alarms, func(a astypes.Alarm) bool { return *a.AlarmName == s.ScaleOutAlarm }) {
				t.Errorf("policy's alarms = %v, want %s among them", out.ScalingPolicies[0].Alarms, s.ScaleOutAlarm)
			}
		})
	}
}

func TestOnlySignedRequestsAreAnswered(t *testing.T) {
	c := start(t)
	response, err := http.Post(
		c.Endpoint(), "application/x-www-form-urlencoded", strings.NewReader("Action=GetCallerIdentity&Version=2011-06-15"),
	)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Errorf("unsigned request = %s, want 403", response.Status)
	}
	if text, err := get(bounded(t), c.Endpoint()+"/_localcloud/health"); err != nil || !strings.Contains(text, `"metricsPeriod":"10s"`) {
		t.Errorf("health = %q, %v, want the metrics period in it", text, err)
	}
	out, err := sts.NewFromConfig(c.AWSConfig()).GetCallerIdentity(bounded(t), &sts.GetCallerIdentityInput{})
	if err != nil || *out.Account != localcloud.AccountID {
		t.Errorf("GetCallerIdentity() = %v, %v, want account %s", out, err, localcloud.AccountID)
	}
}

func TestCredentialsAreMadeForEachRun(t *testing.T) {
	a, b := start(t).Credentials(), launch(t).Credentials()
	if a.AccessKeyID == b.AccessKeyID || a.SecretAccessKey == b.SecretAccessKey || len(a.AccessKeyID) != 20 || len(a.SecretAccessKey) != 40 {
		t.Errorf(
			"two clouds of one seed have credentials of %d and %d characters, equal %t; want 20 and 40, different", len(a.AccessKeyID),
			len(a.SecretAccessKey), a == b,
		)
	}
}

func TestCloseMayBeCalledTwiceAndEndsEverything(t *testing.T) {
	c := start(t)
	urls := []string{c.Endpoint() + "/_localcloud/health", buildHealthy(t, c).LoadBalancerURL}
	answers := map[string]string{}
	for _, url := range urls {
		text, err := get(bounded(t), url)
		if err != nil {
			t.Fatal(err)
		}
		answers[url] = text
	}
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatalf("Close() = %v, want nil", err)
		}
	}
	for _, url := range urls {
		// Another cloud of this machine may have the address by now, and other instances.
		if text, err := get(bounded(t), url); err == nil && text == answers[url] {
			t.Errorf("%s still answers %q", url, text)
		}
	}
}

func TestStartSaysWhatIsWrong(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("no program"), 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	good := map[string]localcloud.Image{imageID: {Program: self}}
	for name, test := range map[string]struct {
		cfg  localcloud.Config
		want string
	}{
		"the port is taken":              {localcloud.Config{Listen: taken.Addr().String(), Images: good}, "is in use"},
		"another machine could reach it": {localcloud.Config{Listen: "0.0.0.0:0", Images: good}, "loopback only"},
		"no port":                        {localcloud.Config{Listen: "127.0.0.1", Images: good}, "give host:port"},
		"no image":                       {localcloud.Config{}, "no image"},
		"a made-up period":               {localcloud.Config{Images: good, MetricsPeriod: 7 * time.Second}, "metrics period 7s"},
		"an event before its call":       {localcloud.Config{Images: good, EventDelay: -time.Second}, "event delay -1s"},
		"an image id that is none":       {localcloud.Config{Images: map[string]localcloud.Image{"x": {Program: self}}}, `begins with "ami-"`},
		"the program is missing": {
			localcloud.Config{Images: map[string]localcloud.Image{imageID: {Program: plain + "-not"}}}, "does not exist",
		},
		"the program is a folder": {
			localcloud.Config{Images: map[string]localcloud.Image{imageID: {Program: t.TempDir()}}}, "is a folder",
		},
		"the program cannot be run": {localcloud.Config{Images: map[string]localcloud.Image{imageID: {Program: plain}}}, "not executable"},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := localcloud.Start(t.Context(), test.cfg)
			if err == nil {
				_ = c.Close()
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Start() = %v, want …%q…", err, test.want)
			}
		})
	}
}
