package doctor_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"

	"secondwind/account/stack"
	"secondwind/runlog"
	"secondwind/verify/hypothesis"
	"secondwind/verify/observe"
)

// another adds an alarm on the group's CPU.
func another(name string, change func(*cloudwatch.PutMetricAlarmInput)) func(*world) {
	return func(w *world) {
		w.putAlarm(w.Stack.ScaleOutAlarm, func(in *cloudwatch.PutMetricAlarmInput) {
			in.AlarmName, in.AlarmActions, in.Threshold = &name, nil, aws.Float64(50)
			change(in)
		})
	}
}

// TestDoctorAndProofAreAboutTheSameAlarm has the doctor and what a proof declares look
// at one group: the same alarm, policy and deadlines, or none for either.
func TestDoctorAndProofAreAboutTheSameAlarm(t *testing.T) {
	t.Parallel()
	type input = cloudwatch.PutMetricAlarmInput
	for name, test := range map[string]struct {
		policy string
		change func(*world)
		want   func(*world) string // the alarm, "" is none
	}{
		"one that scales out, one that scales in":  {stack.PolicyStep, func(*world) {}, declaredOne},
		"a simple policy":                          {stack.PolicySimple, func(*world) {}, declaredOne},
		"target tracking":                          {stack.PolicyTargetTracking, func(*world) {}, declaredOne},
		"one before it that invokes nothing":       {stack.PolicyStep, another("aaa", func(*input) {}), declaredOne},
		"one after it that invokes nothing":        {stack.PolicyStep, another("zzz", func(*input) {}), declaredOne},
		"one that no alarm of the group is named":  {stack.PolicyStep, func(w *world) { w.cfg.AlarmName = "nobody" }, none},
		"one that is named, and invokes nothing":   {stack.PolicyStep, named("aaa"), func(*world) string { return "aaa" }},
		"the one that scales in, which was named":  {stack.PolicyStep, func(w *world) { w.cfg.AlarmName = w.Stack.ScaleInAlarm }, none},
		"none, since the one that did was deleted": {stack.PolicyStep, func(w *world) { w.deleteAlarm(w.Stack.ScaleOutAlarm) }, none},
		"more than a page of them":                 {stack.PolicyStep, manyAlarms, declaredOne},
		"one on another metric": {
			stack.PolicyStep, put(func(in *input) { in.MetricName = aws.String("NetworkIn") }), none,
		},
		"one that goes into ALARM below": {stack.PolicyStep, alarm(func(a *cwtypes.MetricAlarm) {
			a.ComparisonOperator = cwtypes.ComparisonOperatorLessThanThreshold
		}), none},
		"one of two minutes": {stack.PolicyStep, put(func(in *input) { in.Period = aws.Int32(120) }), declaredOne},
		"one without its policy": {stack.PolicyStep, func(w *world) {
			_, err := w.groups.DeletePolicy(w.Context(), &autoscaling.DeletePolicyInput{
				AutoScalingGroupName: &w.Stack.AutoScalingGroupName, PolicyName: &w.Stack.ScaleOutPolicy,
			})
			w.must(err)
		}, declaredOne},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, test.policy, func(w *world) {
				test.change(w)
				checkAgreement(w, test.want(w))
			})
		})
	}
}

func declaredOne(w *world) string { return w.Stack.ScaleOutAlarm }

func none(*world) string { return "" }

func named(name string) func(*world) {
	return func(w *world) {
		another(name, func(*cloudwatch.PutMetricAlarmInput) {})(w)
		w.cfg.AlarmName = name
	}
}

// manyAlarms are more than CloudWatch describes in a page, all before the stack's own.
func manyAlarms(w *world) {
	for i := range 70 {
		another(fmt.Sprintf("aaa-%02d", i), func(*cloudwatch.PutMetricAlarmInput) {})(w)
	}
}

func checkAgreement(w *world, want string) {
	w.Helper()
	observer := observe.New(observe.Config{
		AWS: w.cfg.AWS, AutoScalingGroupName: w.cfg.AutoScalingGroupName, AlarmName: w.cfg.AlarmName, Interval: time.Minute, Since: time.Now(),
		Sink: func(runlog.Observation) error { return nil },
	})
	configuration, err := observer.Configure(w.Context())
	w.must(err)
	declared, err := hypothesis.Declare(configuration, hypothesis.Intent{AlarmName: w.cfg.AlarmName}, time.Now())
	report := w.examine()
	switch {
	case want == "":
		if err == nil || report.Fit() {
			w.Errorf("declared %s (%v), and the doctor found %v; want no claim, and an error", declared.AlarmName, err, idsOf(report))
		}
	case err != nil || declared.AlarmName != want || report.AlarmName != want || declared.PolicyName != report.PolicyName:
		w.Errorf("declared %s and %s (%v), examined %s and %s; want %s",
			declared.AlarmName, declared.PolicyName, err, report.AlarmName, report.PolicyName, want)
	default:
		if diff := cmp.Diff(declared.Deadlines, report.Deadlines); diff != "" {
			w.Errorf("the deadlines that are declared are not those that were examined:\n%s", diff)
		}
	}
}
