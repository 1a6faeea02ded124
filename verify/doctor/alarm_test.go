package doctor_test

import (
	"fmt"
	"math"
	"net/url"
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
	"secondwind/verify/doctor"
)

// put puts the scale-out alarm again, with a change.
func put(change func(*cloudwatch.PutMetricAlarmInput)) func(*world) {
	return func(w *world) { w.putAlarm(w.Stack.ScaleOutAlarm, change) }
}

func (w *world) putAlarm(name string, change func(*cloudwatch.PutMetricAlarmInput)) {
	out, err := w.alarms.DescribeAlarms(w.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{name}})
	w.must(err)
	a := out.MetricAlarms[0]
	in := cloudwatch.PutMetricAlarmInput{
		AlarmName: a.AlarmName, AlarmActions: a.AlarmActions, ActionsEnabled: a.ActionsEnabled,
		Namespace: a.Namespace, MetricName: a.MetricName, Statistic: a.Statistic, Dimensions: a.Dimensions,
		Period: a.Period, EvaluationPeriods: a.EvaluationPeriods, DatapointsToAlarm: a.DatapointsToAlarm,
		Threshold: a.Threshold, ComparisonOperator: a.ComparisonOperator, TreatMissingData: a.TreatMissingData,
	}
	change(&in)
	_, err = w.alarms.PutMetricAlarm(w.Context(), &in)
	w.must(err)
}

func (w *world) deleteAlarm(name string) {
	_, err := w.alarms.DeleteAlarms(w.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{name}})
	w.must(err)
}

// alarm changes the scale-out alarm as it is answered: in the cloud itself the
// change would scale the group.
func alarm(change func(*cwtypes.MetricAlarm)) func(*world) {
	return func(w *world) {
		edit(w, func(out *cloudwatch.DescribeAlarmsOutput) {
			for i := range out.MetricAlarms {
				if *out.MetricAlarms[i].AlarmName == w.Stack.ScaleOutAlarm {
					change(&out.MetricAlarms[i])
				}
			}
		})
	}
}

// action changes the ARN of the scale-out alarm's action as it is answered.
func action(was, is string) func(*world) {
	return alarm(func(a *cwtypes.MetricAlarm) { a.AlarmActions[0] = strings.Replace(a.AlarmActions[0], was, is, 1) })
}

// state is the scale-out alarm's as it is answered.
func state(s cwtypes.StateValue) func(*world) {
	return alarm(func(a *cwtypes.MetricAlarm) { a.StateValue = s })
}

func alarmBreakages() []breakage {
	type input = cloudwatch.PutMetricAlarmInput
	return []breakage{
		{"api.unreadable", "a threshold that is no number", alarm(func(a *cwtypes.MetricAlarm) { a.Threshold = aws.Float64(math.NaN()) })},
		{"api.unreadable", "a threshold without end", alarm(func(a *cwtypes.MetricAlarm) { a.Threshold = aws.Float64(math.Inf(1)) })},
		{"alarm.missing", "deleted", func(w *world) { w.deleteAlarm(w.Stack.ScaleOutAlarm) }},
		{"alarm.metric", "of NetworkIn", put(func(in *input) { in.MetricName = aws.String("NetworkIn") })},
		{"alarm.metric", "of another namespace", put(func(in *input) { in.Namespace = aws.String("Mine") })},
		{"alarm.metric", "of a metric math expression", alarm(func(a *cwtypes.MetricAlarm) {
			a.MetricName, a.Namespace, a.Dimensions, a.Statistic, a.Period = nil, nil, nil, "", nil
		})},
		{"alarm.unit", "in seconds", alarm(func(a *cwtypes.MetricAlarm) { a.Unit = cwtypes.StandardUnitSeconds })},
		{"alarm.unit", "in bytes, as of memory", alarm(func(a *cwtypes.MetricAlarm) { a.Unit = cwtypes.StandardUnitBytes })},
		{"alarm.statistic", "a percentile", alarm(func(a *cwtypes.MetricAlarm) { a.Statistic, a.ExtendedStatistic = "", aws.String("p90") })},
		{"alarm.missing", "where the stack names one that is gone", func(w *world) { w.cfg.AlarmName = "nobody" }},
		{"alarm.dimension", "of one instance", put(func(in *input) {
			in.Dimensions = []cwtypes.Dimension{{Name: aws.String("InstanceId"), Value: aws.String("i-0123456789abcdef0")}}
		})},
		{"alarm.dimension", "of the whole account", put(func(in *input) { in.Dimensions = nil })},
		{"alarm.statistic", "the maximum", put(func(in *input) { in.Statistic = cwtypes.StatisticMaximum })},
		{"alarm.comparison", "below the threshold", alarm(func(a *cwtypes.MetricAlarm) {
			a.ComparisonOperator = cwtypes.ComparisonOperatorLessThanThreshold
		})},
		{"alarm.threshold", "of 70 %", put(func(in *input) { in.Threshold = aws.Float64(70) })},
		{"alarm.actions-disabled", "by hand", func(w *world) {
			names := []string{w.Stack.ScaleOutAlarm}
			_, err := w.alarms.DisableAlarmActions(w.Context(), &cloudwatch.DisableAlarmActionsInput{AlarmNames: names})
			w.must(err)
		}},
		{"alarm.no-action", "at all", put(func(in *input) { in.AlarmActions = nil })},
		{"alarm.no-action", "but a message", put(func(in *input) { in.AlarmActions = []string{"arn:aws:sns:local-1:000000000000:people"} })},
		{"alarm.foreign-policy", "of a neighbour", action("autoScalingGroupName/", "autoScalingGroupName/neighbour-")},
		{"alarm.policy-gone", "made anew under another ARN", action(":scalingPolicy:", ":scalingPolicy:0")},
		{"alarm.in-alarm", "before any load", state(cwtypes.StateValueAlarm)},
		{"alarm.no-data", "in its first period", state(cwtypes.StateValueInsufficientData)},
		{"alarm.missing-data", "breaching", put(func(in *input) { in.TreatMissingData = aws.String("breaching") })},
		{"alarm.slow", "over forty periods", put(func(in *input) { in.EvaluationPeriods, in.DatapointsToAlarm = aws.Int32(40), aws.Int32(40) })},
		{"alarm.scale-in-missing", "deleted", func(w *world) { w.deleteAlarm(w.Stack.ScaleInAlarm) }},
		{"alarm.scale-in-disabled", "by hand", func(w *world) {
			names := []string{w.Stack.ScaleInAlarm}
			_, err := w.alarms.DisableAlarmActions(w.Context(), &cloudwatch.DisableAlarmActionsInput{AlarmNames: names})
			w.must(err)
		}},
		{"alarm.scale-in-no-policy", "at all", func(w *world) {
			w.putAlarm(w.Stack.ScaleInAlarm, func(in *input) { in.AlarmActions = nil })
		}},
		{"alarm.blind", "for an hour", func(w *world) {
			w.started(time.Hour)
			alarm(func(a *cwtypes.MetricAlarm) {
				a.StateValue, a.StateUpdatedTimestamp = cwtypes.StateValueInsufficientData, aws.Time(time.Now().Add(-time.Hour))
			})(w)
		}},
		{"alarm.unit", "in Percent, which no sample has", func(w *world) {
			alarm(func(a *cwtypes.MetricAlarm) { a.Unit = cwtypes.StandardUnitPercent })(w)
			w.datapoints("unit")
		}},
		{"alarm.scale-in-close", "at 15 %", func(w *world) {
			w.putAlarm(w.Stack.ScaleInAlarm, func(in *input) { in.Threshold = aws.Float64(15) })
		}},
	}
}

// scaleOut changes the scale-out policy as it is answered.
func scaleOut(change func(*astypes.ScalingPolicy)) func(*world) {
	return func(w *world) {
		edit(w, func(out *autoscaling.DescribePoliciesOutput) {
			for i := range out.ScalingPolicies {
				if *out.ScalingPolicies[i].PolicyName == w.Stack.ScaleOutPolicy {
					change(&out.ScalingPolicies[i])
				}
			}
		})
	}
}

// scaleIn changes the scale-in policy as it is answered.
func scaleIn(change func(*astypes.ScalingPolicy)) func(*world) {
	return func(w *world) {
		edit(w, func(out *autoscaling.DescribePoliciesOutput) {
			for i := range out.ScalingPolicies {
				if *out.ScalingPolicies[i].PolicyName != w.Stack.ScaleOutPolicy {
					change(&out.ScalingPolicies[i])
				}
			}
		})
	}
}

func policyBreakages() []breakage {
	return []breakage{
		{"policy.disabled", "by hand", scaleOut(func(p *astypes.ScalingPolicy) { p.Enabled = aws.Bool(false) })},
		{"policy.adds-nothing", "just above the threshold", scaleOut(func(p *astypes.ScalingPolicy) {
			p.StepAdjustments[0].MetricIntervalLowerBound = aws.Float64(50)
		})},
		{"policy.adds-nothing", "but one, exactly", scaleOut(func(p *astypes.ScalingPolicy) {
			p.PolicyType, p.AdjustmentType, p.ScalingAdjustment = aws.String("SimpleScaling"), aws.String("ExactCapacity"), aws.Int32(1)
		})},
		{"policy.scale-in-disabled", "by hand", scaleIn(func(p *astypes.ScalingPolicy) { p.Enabled = aws.Bool(false) })},
		{"policy.removes-nothing", "but adds", scaleIn(func(p *astypes.ScalingPolicy) {
			p.StepAdjustments[0].ScalingAdjustment = aws.Int32(1)
		})},
		{"policy.removes-nothing", "because its bound is on the wrong side", scaleIn(func(p *astypes.ScalingPolicy) {
			p.StepAdjustments[0].MetricIntervalLowerBound, p.StepAdjustments[0].MetricIntervalUpperBound = aws.Float64(0), nil
		})},
		{"claim.impossible", "under the scenario's load", func(w *world) { w.cfg.LoadCPUPercent = 50 }},
		{"policy.foreign", "tracking the same CPU", trackToo},
		{"policy.foreign", "predicting", edited(func(out *autoscaling.DescribePoliciesOutput) {
			out.ScalingPolicies = append(out.ScalingPolicies, astypes.ScalingPolicy{
				PolicyName: aws.String("seer"), PolicyARN: aws.String("arn:seer"), PolicyType: aws.String("PredictiveScaling"),
			})
		})},
	}
}

// trackToo gives the group another policy, which tracks the same CPU.
func trackToo(w *world) {
	w.cfg.AlarmName = w.Stack.ScaleOutAlarm
	cpu := &astypes.PredefinedMetricSpecification{PredefinedMetricType: astypes.MetricTypeASGAverageCPUUtilization}
	_, err := w.groups.PutScalingPolicy(w.Context(), &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: &w.Stack.AutoScalingGroupName, PolicyName: aws.String("neighbour"), PolicyType: aws.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: &astypes.TargetTrackingConfiguration{
			TargetValue: aws.Float64(90), DisableScaleIn: aws.Bool(true), PredefinedMetricSpecification: cpu,
		},
	})
	w.must(err)
}

// datapoints changes a series as it is answered; "cpu" is the group's CPU, "c…"
// an instance's credits.
func (w *world) datapoints(prefix string, values ...float64) {
	edit(w, func(out *cloudwatch.GetMetricDataOutput) {
		for i, r := range out.MetricDataResults {
			if strings.HasPrefix(*r.Id, prefix) && (prefix == "cpu") == (*r.Id == "cpu") {
				out.MetricDataResults[i].Values = values
				out.MetricDataResults[i].Timestamps = slices.Repeat([]time.Time{time.Now()}, len(values))
			}
		}
	})
}

// credits is what every instance has left.
func (w *world) credits(left ...float64) { w.datapoints("c", left...) }

func metricBreakages() []breakage {
	cpu := func(values ...float64) func(*world) {
		return func(w *world) {
			w.started(time.Hour)
			w.datapoints("cpu", values...)
		}
	}
	left := func(all ...float64) func(*world) { return func(w *world) { w.credits(all...) } }
	return []breakage{
		{"metric.none", "for an hour", cpu()},
		{"metric.sparse", "once in ten periods", cpu(1)},
		{"monitoring.basic", "in the launch template", basicMonitoring},
		{"monitoring.instance", "switched off by hand",
			xmlOf("ec2:DescribeInstances", "<monitoring><state>enabled", "<monitoring><state>disabled")},
		{"credits.low", "all spent", left(0.2)},
		{"credits.unknown", "in the first five minutes", left()},
		{"credits.unlimited", "by its specification",
			xmlOf("ec2:DescribeInstanceCreditSpecifications", "<cpuCredits>standard", "<cpuCredits>unlimited")},
		{"credits.baseline", "of a t2.large, 30 %", group(func(g *astypes.AutoScalingGroup) {
			g.Instances[0].InstanceType = aws.String("t2.large")
		})},
	}
}

// basicMonitoring makes a version of the launch template without detailed monitoring.
func basicMonitoring(w *world) {
	w.must(w.ec2.Call(w.Context(), "CreateLaunchTemplateVersion", url.Values{
		"LaunchTemplateId": {w.Stack.LaunchTemplateID}, "SourceVersion": {"1"}, "LaunchTemplateData.Monitoring.Enabled": {fmt.Sprint(false)},
	}, nil))
}

// TestCreditsAreHeldAgainstTheRun has the t2.micro that is held at 10 % and can
// never pass 20 %.
func TestCreditsAreHeldAgainstTheRun(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		left  float64
		hold  time.Duration
		want  []string // findings
		parts []string
	}{
		"none":                       {0, 0, []string{"credits.low"}, []string{"held at 10 %", "cannot cross 20 %", "unlimited"}},
		"five for minutes":           {5, 0, nil, nil},
		"five for eight whole hours": {5, 8 * time.Hour, []string{"credits.low"}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorld(t, stack.PolicyStep, func(w *world) {
				w.credits(test.left)
				w.cfg.Hold = test.hold
				checkReport(w, w.examine(), test.want, test.parts)
			})
		})
	}
}

func checkReport(w *world, report doctor.Report, want, parts []string) {
	if !slices.Equal(idsOf(report), want) {
		w.Errorf("found %v, want %v", idsOf(report), want)
	}
	for _, part := range parts {
		if !strings.Contains(text(report), part) {
			w.Errorf("findings:\n%s\nwant %q in them", text(report), part)
		}
	}
}
