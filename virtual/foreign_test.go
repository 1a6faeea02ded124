package virtual_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"secondwind/account/discover"
	"secondwind/account/outputs"
	"secondwind/verify/doctor"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// foreign is a group that was not made by the stack of terraform/: it shares the account with
// that, and has names, a port and a health check of its own.
type foreign struct {
	*virtual.Acting
	groups  *autoscaling.Client
	alarms  *cloudwatch.Client
	elb     *elb.Client
	delay   int    // of deregistration, in seconds
	targets string // ARN
	label   string // of the load balancer and the target group, as target tracking names them
}

const theShop = "shop-blue"

// build makes the load balancer and a group of 3 to 10 instances, and waits for their health.
func (f *foreign) build(ctx context.Context) error {
	group, err := f.groups.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{})
	if err != nil {
		return err
	}
	ours := group.AutoScalingGroups[0]
	if err := f.balance(ctx, strings.Split(*ours.VPCZoneIdentifier, ",")); err != nil {
		return err
	}
	_, err = f.groups.CreateAutoScalingGroup(ctx, &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(theShop), MinSize: aws.Int32(3), MaxSize: aws.Int32(10), DesiredCapacity: aws.Int32(3),
		VPCZoneIdentifier: ours.VPCZoneIdentifier, TargetGroupARNs: []string{f.targets}, HealthCheckType: aws.String("ELB"),
		HealthCheckGracePeriod: aws.Int32(60), DefaultCooldown: aws.Int32(10), DefaultInstanceWarmup: aws.Int32(10),
		LaunchTemplate: &astypes.LaunchTemplateSpecification{LaunchTemplateId: ours.LaunchTemplate.LaunchTemplateId},
	})
	if err != nil {
		return err
	}
	return f.awaitHealthy(ctx, 3)
}

// balance makes the target group and the load balancer in front of it.
func (f *foreign) balance(ctx context.Context, subnets []string) error {
	made, err := f.elb.CreateTargetGroup(ctx, &elb.CreateTargetGroupInput{
		Name: aws.String("shop-3000"), Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(3000), VpcId: aws.String("vpc-1"),
		HealthCheckPath: aws.String("/ready"), HealthCheckIntervalSeconds: aws.Int32(5), HealthCheckTimeoutSeconds: aws.Int32(2),
		HealthyThresholdCount: aws.Int32(2), Matcher: &elbtypes.Matcher{HttpCode: aws.String("200-299")},
	})
	if err != nil {
		return err
	}
	f.targets = *made.TargetGroups[0].TargetGroupArn
	delay := elbtypes.TargetGroupAttribute{
		Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String(fmt.Sprint(f.delay)),
	}
	_, err = f.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{
		TargetGroupArn: &f.targets, Attributes: []elbtypes.TargetGroupAttribute{delay},
	})
	if err != nil {
		return err
	}
	balancer, err := f.elb.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{Name: aws.String("edge"), Subnets: subnets})
	if err != nil {
		return err
	}
	_, name, _ := strings.Cut(*balancer.LoadBalancers[0].LoadBalancerArn, ":loadbalancer/")
	_, targets, _ := strings.Cut(f.targets, ":targetgroup/")
	f.label = name + "/targetgroup/" + targets
	_, err = f.elb.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: balancer.LoadBalancers[0].LoadBalancerArn, Protocol: elbtypes.ProtocolEnumHttp, Port: aws.Int32(8000),
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: &f.targets}},
	})
	return err
}

func (f *foreign) awaitHealthy(ctx context.Context, n int) error {
	for range 60 {
		out, err := f.elb.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &f.targets})
		if err != nil {
			return err
		}
		healthy := 0
		for _, d := range out.TargetHealthDescriptions {
			if d.TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy {
				healthy++
			}
		}
		if healthy == n {
			return nil
		}
		time.Sleep(time.Second)
	}
	return fmt.Errorf("the shop has not %d healthy instances after a minute", n)
}

// track puts a target tracking policy on the group.
func (f *foreign) track(ctx context.Context, metric astypes.MetricType, target float64) error {
	spec := &astypes.PredefinedMetricSpecification{PredefinedMetricType: metric}
	if metric == astypes.MetricTypeALBRequestCountPerTarget {
		spec.ResourceLabel = &f.label
	}
	_, err := f.groups.PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: aws.String(theShop), PolicyName: aws.String("follow"), PolicyType: aws.String("TargetTrackingScaling"),
		EstimatedInstanceWarmup:     aws.Int32(10),
		TargetTrackingConfiguration: &astypes.TargetTrackingConfiguration{TargetValue: &target, PredefinedMetricSpecification: spec},
	})
	return err
}

// alarm puts one on the group's CPU that invokes a simple policy by so many instances; 0: none.
func (f *foreign) alarm(ctx context.Context, name string, operator cwtypes.ComparisonOperator, threshold float64, by int32) error {
	var actions []string
	if by != 0 {
		in := simple("ChangeInCapacity", by)
		in.AutoScalingGroupName, in.PolicyName = aws.String(theShop), aws.String("on-"+name)
		made, err := f.groups.PutScalingPolicy(ctx, &in)
		if err != nil {
			return err
		}
		actions = []string{*made.PolicyARN}
	}
	_, err := f.alarms.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: &name, AlarmActions: actions, Namespace: aws.String("AWS/EC2"), MetricName: aws.String("CPUUtilization"),
		Statistic: cwtypes.StatisticAverage, Period: aws.Int32(10), EvaluationPeriods: aws.Int32(1), Threshold: &threshold,
		ComparisonOperator: operator, Dimensions: []cwtypes.Dimension{{Name: aws.String("AutoScalingGroupName"), Value: aws.String(theShop)}},
	})
	return err
}

// byHand are alarms and policies that somebody made: two beside each other, and one of neither.
func (f *foreign) byHand(ctx context.Context) error {
	for _, a := range []struct {
		name      string
		operator  cwtypes.ComparisonOperator
		threshold float64
		by        int32
	}{
		{"page-me", cwtypes.ComparisonOperatorGreaterThanThreshold, 95, 0},
		{"shop is busy", cwtypes.ComparisonOperatorGreaterThanOrEqualToThreshold, 50, 3},
		{"shop is idle", cwtypes.ComparisonOperatorLessThanThreshold, 20, -1},
	} {
		if err := f.alarm(ctx, a.name, a.operator, a.threshold, a.by); err != nil {
			return err
		}
	}
	return nil
}

// foreignSoak is a soak of a group that was not made for it.
type foreignSoak struct {
	name     string
	scale    func(*foreign, context.Context) error
	change   func(*testing.T, *virtual.Config) // nil: nothing
	told     outputs.Outputs                   // beyond the group's name
	findings []string                          // errors and warnings of the doctor
	to       int                               // instances, of 3
	want     judge.Outcome
	reason   string
	links    int // that hold, of e0 to e7
}

func foreignSoaks() []foreignSoak {
	cpu := func(f *foreign, ctx context.Context) error {
		return f.track(ctx, astypes.MetricTypeASGAverageCPUUtilization, 50)
	}
	requests := func(f *foreign, ctx context.Context) error {
		return f.track(ctx, astypes.MetricTypeALBRequestCountPerTarget, 120)
	}
	slowly := func(_ *testing.T, cfg *virtual.Config) { cfg.Variables.DeregistrationDelay = 60 }
	named := outputs.Outputs{LoadBalancerURL: "https://shop.example.com:8000"}
	return []foreignSoak{
		{"CPU tracked at 50 %, by HTTPS and a name of its own", cpu, withTLS, named, nil, 4, judge.Proved, "", 8},
		{"requests per target tracked", requests, nil, outputs.Outputs{}, nil, 4, judge.Proved, "", 8},
		{"requests per target tracked, and the alarms' actions disabled", disabled(requests), nil, outputs.Outputs{},
			[]string{"alarm.actions-disabled", "alarm.scale-in-disabled"}, 4, judge.Refuted, "link.scaling-activity", 3},
		{"alarms by hand, an unrelated one, and long draining", (*foreign).byHand, slowly, outputs.Outputs{}, nil, 6, judge.Proved, "", 8},
		{"no target group", func(f *foreign, ctx context.Context) error { return errors.Join(f.byHand(ctx), f.detach(ctx)) }, nil,
			outputs.Outputs{LoadBalancerURL: "http://shop.example.com:8000"}, []string{"targets.none"}, 6, judge.Inconclusive,
			"link.target-healthy", 5},
	}
}

// disabled disables the actions of the alarms that a policy made.
func disabled(scale func(*foreign, context.Context) error) func(*foreign, context.Context) error {
	return func(f *foreign, ctx context.Context) error {
		if err := scale(f, ctx); err != nil {
			return err
		}
		out, err := f.groups.DescribePolicies(ctx, &autoscaling.DescribePoliciesInput{AutoScalingGroupName: aws.String(theShop)})
		if err != nil {
			return err
		}
		var names []string
		for _, a := range out.ScalingPolicies[0].Alarms {
			names = append(names, *a.AlarmName)
		}
		_, err = f.alarms.DisableAlarmActions(ctx, &cloudwatch.DisableAlarmActionsInput{AlarmNames: names})
		return err
	}
}

// detach takes the target group from the group; its instances are registered there by hand, as
// with a load balancer of the group's owner.
func (f *foreign) detach(ctx context.Context) error {
	byName := &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{theShop}}
	group, err := f.groups.DescribeAutoScalingGroups(ctx, byName)
	if err != nil {
		return err
	}
	_, err = f.groups.DetachLoadBalancerTargetGroups(ctx, &autoscaling.DetachLoadBalancerTargetGroupsInput{
		AutoScalingGroupName: aws.String(theShop), TargetGroupARNs: []string{f.targets},
	})
	if err != nil {
		return err
	}
	time.Sleep(10 * time.Second) // until they have drained
	in := &elb.RegisterTargetsInput{TargetGroupArn: &f.targets}
	for _, i := range group.AutoScalingGroups[0].Instances {
		in.Targets = append(in.Targets, elbtypes.TargetDescription{Id: i.InstanceId})
	}
	if _, err = f.elb.RegisterTargets(ctx, in); err != nil {
		return err
	}
	return f.awaitHealthy(ctx, 3)
}

// withTLS is a world whose listeners have a certificate of the shop's name, which the scenario trusts.
func withTLS(t *testing.T, cfg *virtual.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	began := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) // before a bubble's time
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"shop.example.com"}, NotBefore: began, NotAfter: began.AddDate(100, 0, 0),
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cfg.TLS = &tls.Config{
		Certificates:           []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}},
		SessionTicketsDisabled: true, // a pipe holds no ticket that nobody reads yet
	}
	cfg.Scenario.Dir, cfg.Scenario.TLS.RootCerts = t.TempDir(), "roots.pem"
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(filepath.Join(cfg.Scenario.Dir, "roots.pem"), text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAGroupOfAnothersMakingIsFoundExaminedAndProved goes the whole way of soak --group.
func TestAGroupOfAnothersMakingIsFoundExaminedAndProved(t *testing.T) {
	withoutRace(t)
	for _, tt := range foreignSoaks() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			cfg := virtual.Default(t)
			cfg.Variables.HealthCheckPath, cfg.Variables.DeregistrationDelay, cfg.Service.CPU = "/ready", 5, 50*time.Millisecond
			cfg.Scenario.Calibration.StartRate, cfg.Scenario.Hold, cfg.Scenario.Users = 3, time.Second, 20
			if tt.change != nil {
				tt.change(t, &cfg)
			}
			cfg.Interval = 2 * time.Second
			cfg.Configure = func(ctx context.Context, a *virtual.Acting) error { return tt.configure(ctx, t, cfg, a) }
			r := virtual.Soak(t, cfg)
			held := 0
			for _, l := range r.Verdict.Chain {
				if l.Status == judge.Held {
					held++
				}
			}
			if r.Verdict.Outcome != tt.want || r.Verdict.Reason != tt.reason || held != tt.links {
				t.Fatalf("verdict = %s %q, %d links, want %s %q, %d (%v)\n%s\n%s", r.Verdict.Outcome, r.Verdict.Reason, held, tt.want, tt.reason,
					tt.links, r.Err, r.Verdict.Summary, strings.Join(r.Events, "\n"))
			}
			if h := r.Record.Hypothesis; h.AutoScalingGroupName != theShop || h.From() != 3 || h.To() != tt.to {
				t.Errorf("claim = %s, from %d to %d; want %s from 3 to %d", h.Claim, h.From(), h.To(), theShop, tt.to)
			}
		})
	}
}

// configure makes the group, and finds and examines it.
func (tt foreignSoak) configure(ctx context.Context, t *testing.T, cfg virtual.Config, a *virtual.Acting) error {
	f := &foreign{
		Acting: a, groups: autoscaling.NewFromConfig(a.AWS), alarms: cloudwatch.NewFromConfig(a.AWS), elb: elb.NewFromConfig(a.AWS),
		delay: cfg.Variables.DeregistrationDelay,
	}
	if err := f.build(ctx); err != nil {
		return err
	}
	if err := tt.scale(f, ctx); err != nil {
		return err
	}
	time.Sleep(90 * time.Second) // until the alarms have data
	told := tt.told
	told.AutoScalingGroupName = theShop
	found, err := discover.Find(ctx, a.AWS, told)
	if err != nil {
		return err
	}
	trust, err := cfg.Scenario.TLSConfig()
	if err != nil {
		return err
	}
	a.Transport.TLSClientConfig = trust
	report := doctor.Examine(ctx, doctor.Config{
		AWS: a.AWS, AutoScalingGroupName: theShop, AlarmName: found.ScaleOutAlarmName, TargetGroupARN: found.TargetGroupARN,
		LoadBalancerURL: found.LoadBalancerURL, InstanceHeader: "X-Instance-Id", Known: found.Findings, Transport: a.Transport,
	})
	tt.checkExamined(t, report)
	a.Group = found.Outputs
	return nil
}

// checkExamined holds the doctor's report against what is to be found, and its words against whose group it is.
func (tt foreignSoak) checkExamined(t *testing.T, report doctor.Report) {
	t.Helper()
	var ids []string
	for _, finding := range report.Findings {
		if finding.Severity != doctor.Note {
			ids = append(ids, finding.ID)
		}
		for _, ours := range []string{"calculator", "terraform", "tfvars", "make deploy"} {
			if strings.Contains(finding.What+finding.Change, ours) {
				t.Errorf("the doctor speaks of %s to a foreign group: %s: %s %s", ours, finding.ID, finding.What, finding.Change)
			}
		}
	}
	if !slices.Equal(ids, tt.findings) {
		t.Errorf("the doctor found %v, want %v: %+v", ids, tt.findings, report.Findings)
	}
}
