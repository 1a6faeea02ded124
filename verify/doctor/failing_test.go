package doctor_test

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	astypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/account/stack"
	"secondwind/runlog"
)

// TestACallThatFailsIsReportedAndNothingIsConcludedFromIt has each operation fail in
// turn: what was not answered must not be taken for something that is not there.
func TestACallThatFailsIsReportedAndNothingIsConcludedFromIt(t *testing.T) {
	t.Parallel()
	operations := []string{
		"autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribePolicies", "autoscaling:DescribeScalingActivities",
		"autoscaling:DescribeScheduledActions", "autoscaling:DescribeInstanceRefreshes", "autoscaling:DescribeLifecycleHooks",
		"cloudwatch:DescribeAlarms", "cloudwatch:DescribeAlarmsForMetric", "cloudwatch:DescribeAlarmHistory", "cloudwatch:GetMetricData",
		"elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetHealth",
		"elasticloadbalancing:DescribeTargetGroupAttributes", "elasticloadbalancing:DescribeLoadBalancers",
		"elasticloadbalancing:DescribeListeners", "ec2:DescribeLaunchTemplateVersions", "ec2:DescribeInstances",
		"ec2:DescribeInstanceCreditSpecifications",
	}
	for _, operation := range operations {
		for code, status := range map[string]int{"Throttling": http.StatusBadRequest, "InternalFailure": http.StatusInternalServerError} {
			t.Run(operation+" "+code, func(t *testing.T) {
				t.Parallel()
				inWorld(t, stack.PolicyStep, func(w *world) {
					w.fail(operation, code, status)
					report := w.examine()
					if got := idsOf(report); !slices.Equal(got, []string{"api.failed"}) || report.Findings[0].Where != operation {
						w.Errorf("found %v, want api.failed of %s alone\n%s", got, operation, text(report))
					}
					if !strings.Contains(text(report), code) {
						w.Errorf("the report does not name %s:\n%s", code, text(report))
					}
					checkWords(w, report)
				})
			})
		}
	}
}

// TestOneOfTwoQuestionsForDatapointsMayFail has CloudWatch answer the question for the
// credits and not that for the CPU, and the other way round.
func TestOneOfTwoQuestionsForDatapointsMayFail(t *testing.T) {
	t.Parallel()
	for name, metric := range map[string]string{"the CPU": "cpu", "the credits": "c0"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, func(w *world) {
				w.started(time.Hour)
				w.failQuery(metric)
				if got := idsOf(w.examine()); !slices.Equal(got, []string{"api.failed"}) {
					w.Errorf("found %v, want api.failed alone: what was not answered is neither none nor unknown", got)
				}
			})
		})
	}
}

// TestAnAnswerThatNoRunCouldRecordIsAFinding has values that JSON cannot express in
// every answer that a run records.
func TestAnAnswerThatNoRunCouldRecordIsAFinding(t *testing.T) {
	t.Parallel()
	late := time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)
	threshold := func(value float64) func(*world) {
		return alarm(func(a *cwtypes.MetricAlarm) { a.Threshold = &value })
	}
	for name, test := range map[string]struct {
		operation string
		change    func(*world)
	}{
		"a threshold that is no number": {runlog.OpDescribeAlarms, threshold(math.NaN())},
		"a threshold without end":       {runlog.OpDescribeAlarms, threshold(math.Inf(-1))},
		"an alarm of the year 10000":    {runlog.OpDescribeAlarms, alarm(func(a *cwtypes.MetricAlarm) { a.StateUpdatedTimestamp = &late })},
		"a step without end": {runlog.OpDescribePolicies, scaleOut(func(p *astypes.ScalingPolicy) {
			p.StepAdjustments[0].MetricIntervalUpperBound = aws.Float64(math.Inf(1))
		})},
		"a step from no number": {runlog.OpDescribePolicies, scaleOut(func(p *astypes.ScalingPolicy) {
			p.StepAdjustments[0].MetricIntervalLowerBound = aws.Float64(math.NaN())
		})},
		"a target that is no number": {runlog.OpDescribePolicies, scaleOut(func(p *astypes.ScalingPolicy) {
			p.TargetTrackingConfiguration = &astypes.TargetTrackingConfiguration{TargetValue: aws.Float64(math.NaN())}
		})},
		"a group of the year 10000": {
			runlog.OpDescribeAutoScalingGroups, group(func(g *astypes.AutoScalingGroup) { g.CreatedTime = &late }),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, func(w *world) {
				test.change(w)
				report := w.examine()
				if !slices.Equal(idsOf(report), []string{"api.unreadable"}) || report.Findings[0].Where != test.operation {
					w.Errorf("found %v, want api.unreadable of %s alone\n%s", idsOf(report), test.operation, text(report))
				}
				checkWords(w, report)
			})
		})
	}
}

// TestAnEmptyAnswerDoesNotEndTheDoctor has AWS leave out everything that it may.
func TestAnEmptyAnswerDoesNotEndTheDoctor(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*world){
		"a group with nothing in it": group(func(g *astypes.AutoScalingGroup) {
			*g = astypes.AutoScalingGroup{AutoScalingGroupName: g.AutoScalingGroupName}
		}),
		"a mixed instances policy without a template": group(func(g *astypes.AutoScalingGroup) {
			g.LaunchTemplate, g.MixedInstancesPolicy = nil, &astypes.MixedInstancesPolicy{}
		}),
		"alarms without members": edited(func(out *cloudwatch.DescribeAlarmsOutput) {
			out.MetricAlarms = make([]cwtypes.MetricAlarm, 2)
		}),
		"policies without members": edited(func(out *autoscaling.DescribePoliciesOutput) {
			out.ScalingPolicies = make([]astypes.ScalingPolicy, 2)
		}),
		"activities without members": edited(func(out *autoscaling.DescribeScalingActivitiesOutput) {
			out.Activities = make([]astypes.Activity, 2)
		}),
		"scheduled actions without members": edited(func(out *autoscaling.DescribeScheduledActionsOutput) {
			out.ScheduledUpdateGroupActions = make([]astypes.ScheduledUpdateGroupAction, 2)
		}),
		"series without datapoints": edited(func(out *cloudwatch.GetMetricDataOutput) {
			out.MetricDataResults = make([]cwtypes.MetricDataResult, 2)
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, func(w *world) {
				change(w)
				report := w.examine()
				if slices.Contains(idsOf(report), "api.failed") {
					w.Errorf("found %v: that AWS says nothing is not that it failed", idsOf(report))
				}
			})
		})
	}
}

// TestAServiceThatNeverAnswersEndsTheExaminationInTime has every call hang.
func TestAServiceThatNeverAnswersEndsTheExaminationInTime(t *testing.T) {
	t.Parallel()
	inWorld(t, stack.PolicyStep, func(w *world) {
		w.cfg.AWS.HTTPClient = hanging{}
		began := time.Now() // of the bubble
		report := w.examine()
		if report.Fit() || len(report.Findings) == 0 || time.Since(began) > time.Minute {
			w.Errorf("found %v after %s, want that AWS cannot be asked, within a minute", idsOf(report), time.Since(began))
		}
		checkWords(w, report)
	})
}

type hanging struct{}

func (hanging) Do(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, fmt.Errorf("ask: %w", r.Context().Err())
}
