package virtual_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// TestInterferedSoaks: somebody else acts through the cloud's own API while a soak goes
// on. None may be proved, and each must say why.
func TestInterferedSoaks(t *testing.T) {
	for _, group := range [][]soak{alarmsSetByHand()} {
		runSoaks(t, group)
	}
}

// beside lets somebody act from when a phase begins, while the run goes on.
func beside(phase runlog.Phase, act func(context.Context, *virtual.Acting)) func(*virtual.Config) {
	return during(phase, func(ctx context.Context, a *virtual.Acting) {
		go func() {
			defer func() {
				if ctx.Err() != nil { // the run has ended
					_ = recover()
				}
			}()
			act(ctx, a)
		}()
	})
}

// must is the outcome of a call that is right, in a world where nothing fails by itself.
func must[T any](out T, err error) T {
	if err != nil {
		panic(err)
	}
	return out
}

func alarmsSetByHand() []soak {
	return []soak{
		{"the alarm is set by hand, in CloudWatch's words, just before it is evaluated", beside(runlog.PhaseLoad,
			func(ctx context.Context, a *virtual.Acting) {
				forgeNext(ctx, a, cwtypes.StateValueAlarm, 800*time.Millisecond)
			}),
			judge.Inconclusive, "confounder.set-alarm-state"},
		{"the alarm is set to OK by hand, in CloudWatch's words, as the effect", beside(runlog.PhaseLoad,
			func(ctx context.Context, a *virtual.Acting) {
				forgeNext(ctx, a, cwtypes.StateValueOk, 300*time.Millisecond)
			}),
			judge.Inconclusive, "confounder.set-alarm-state"},
		{"the alarm is set to ALARM by hand, with one datapoint listed three times", func(c *virtual.Config) {
			c.Variables.EvaluationPeriods, c.Variables.DatapointsToAlarm = 3, 3
			beside(runlog.PhaseLoad, func(ctx context.Context, a *virtual.Acting) {
				forgeNext(ctx, a, cwtypes.StateValueAlarm, time.Second)
			})(c)
		}, judge.Inconclusive, "confounder.set-alarm-state"},
	}
}

// forgeNext sets the scale-out alarm as soon as a datapoint is there that would put it
// into the state, so long after the end of its period, with the words and the data that
// CloudWatch would write.
func forgeNext(ctx context.Context, a *virtual.Acting, state cwtypes.StateValue, after time.Duration) {
	client := cloudwatch.NewFromConfig(a.AWS)
	for ctx.Err() == nil {
		now := time.Now()
		time.Sleep(now.Truncate(10 * time.Second).Add(10*time.Second + after).Sub(now))
		alarm := must(client.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{a.Stack.ScaleOutAlarm}})).MetricAlarms[0]
		end := time.Now().UTC().Truncate(10 * time.Second)
		data := must(client.GetMetricData(ctx, &cloudwatch.GetMetricDataInput{
			StartTime: aws.Time(end.Add(-10 * time.Second)), EndTime: &end,
			MetricDataQueries: []cwtypes.MetricDataQuery{{Id: aws.String("m"), MetricStat: &cwtypes.MetricStat{
				Metric: &cwtypes.Metric{Namespace: alarm.Namespace, MetricName: alarm.MetricName, Dimensions: alarm.Dimensions},
				Period: alarm.Period, Stat: aws.String("Average"),
			}}},
		})).MetricDataResults[0]
		if alarm.StateValue != state && len(data.Values) == 1 && (data.Values[0] > *alarm.Threshold) == (state == cwtypes.StateValueAlarm) {
			setState(ctx, client, alarm, state, data.Timestamps[0], data.Values[0])
			return
		}
	}
}

func setState(ctx context.Context, client *cloudwatch.Client, alarm cwtypes.MetricAlarm, state cwtypes.StateValue,
	at time.Time, value float64) {
	n, was := int(*alarm.EvaluationPeriods), map[bool]string{true: "was", false: "was not"}[state == cwtypes.StateValueAlarm]
	const stamp = "2006-01-02T15:04:05.000-0700"
	points := make([]map[string]any, n)
	recent := make([]float64, n)
	for i := range points {
		points[i], recent[i] = map[string]any{"timestamp": at.UTC().Format(stamp), "sampleCount": 1.0, "value": value}, value
	}
	reasonData := must(json.Marshal(map[string]any{
		"version": "1.0", "queryDate": time.Now().UTC().Format(stamp), "startDate": at.UTC().Format(stamp), "statistic": "Average",
		"period": *alarm.Period, "recentDatapoints": recent, "threshold": *alarm.Threshold, "evaluatedDatapoints": points,
	}))
	must(client.SetAlarmState(ctx, &cloudwatch.SetAlarmStateInput{
		AlarmName: alarm.AlarmName, StateValue: state, StateReasonData: aws.String(string(reasonData)),
		StateReason: aws.String(fmt.Sprintf("Threshold Crossed: %d out of the last %d datapoints [%s] %s greater than the threshold (%.1f).",
			n, n, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("%v (%s), ", value, at.UTC().Format("02/01/06 15:04:05")), n), ", "), was,
			*alarm.Threshold)),
	}))
}
