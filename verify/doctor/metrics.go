package doctor

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/account/burstable"
	"secondwind/runlog"
)

// series are datapoints, oldest first. Period is what they were asked with.
type series struct {
	period time.Duration
	times  []time.Time
	values []float64
}

// creditPeriod is how often EC2 publishes the credit metrics, whatever the monitoring.
const creditPeriod = 5 * time.Minute

// askMetrics asks for the group's CPU as its alarm does, and for the credits.
func (x *examination) askMetrics(ctx context.Context) {
	period := time.Minute
	if a, _, ok := x.facts.scaleOut(x.cfg.AlarmName); ok && a.Period > 0 {
		period = time.Duration(a.Period) * time.Second
	}
	queries := []cwtypes.MetricDataQuery{query("cpu", "CPUUtilization", "AutoScalingGroupName", x.cfg.AutoScalingGroupName, "Average", period)}
	x.facts.cpu.period = period
	if out, ok := x.data(ctx, queries, max(10*period, 5*time.Minute)); ok {
		x.facts.cpu.times, x.facts.cpu.values = points(out, "cpu")
	}
	if x.facts.group == nil {
		return
	}
	queries = nil
	for i, member := range x.facts.group.Instances[:min(len(x.facts.group.Instances), 100)] {
		if _, ok := burstable.Of(aws.ToString(member.InstanceType)); ok {
			queries = append(queries, query(fmt.Sprintf("c%d",
				i), "CPUCreditBalance", "InstanceId", aws.ToString(member.InstanceId), "Minimum", creditPeriod))
		}
	}
	if len(queries) == 0 {
		return
	}
	out, ok := x.data(ctx, queries, 4*creditPeriod)
	for _, q := range queries {
		if !ok {
			break
		}
		times, values := points(out, *q.Id)
		if n := len(values); n > 0 && (len(x.facts.balance.values) == 0 || values[n-1] < x.facts.balance.values[0]) {
			x.facts.balance = series{period: creditPeriod, times: times[n-1:], values: values[n-1:]}
		}
	}
}

func (x *examination) data(
	ctx context.Context, queries []cwtypes.MetricDataQuery, reach time.Duration,
) (*cloudwatch.GetMetricDataOutput, bool) {
	now := time.Now().UTC().Add(x.clock.Offset())
	return ask(ctx, x, runlog.OpGetMetricData, &cloudwatch.GetMetricDataInput{
		MetricDataQueries: queries, StartTime: aws.Time(now.Add(-reach)), EndTime: aws.Time(now), ScanBy: cwtypes.ScanByTimestampAscending,
	}, x.alarms.GetMetricData)
}

func query(id, metric, dimension, value, stat string, period time.Duration) cwtypes.MetricDataQuery {
	dimensions := []cwtypes.Dimension{{Name: &dimension, Value: &value}}
	return cwtypes.MetricDataQuery{Id: &id, MetricStat: &cwtypes.MetricStat{
		Metric: &cwtypes.Metric{Namespace: aws.String("AWS/EC2"), MetricName: &metric, Dimensions: dimensions},
		Period: aws.Int32(int32(period / time.Second)), Stat: &stat,
	}}
}

// points are those of one series.
func points(out *cloudwatch.GetMetricDataOutput, id string) ([]time.Time, []float64) {
	for _, r := range out.MetricDataResults {
		if aws.ToString(r.Id) == id && len(r.Timestamps) == len(r.Values) {
			return r.Timestamps, r.Values
		}
	}
	return nil, nil
}

// checkMetric reports whether CloudWatch has the CPU that the alarm asks for. An
// instance that has just come has none yet, which is nobody's fault.
func (x *examination) checkMetric(alarm runlog.MetricAlarm) {
	cpu, old := x.facts.cpu, x.oldest()
	if !x.facts.answered[runlog.OpGetMetricData] || old == 0 {
		return
	}
	due := int((old - metricLag) / cpu.period) // periods that must have been published
	switch n := len(cpu.values); {
	case due < 3:
	case n == 0:
		x.find("metric.none", "CPUUtilization of "+x.cfg.AutoScalingGroupName, fmt.Sprintf(
			"CloudWatch has no datapoint of it, although an instance has run for %s.", old.Round(time.Second)),
			"See whether the instance runs (aws ec2 describe-instances), and whether the group's name is the dimension.")
	case n < min(due, 5)/2:
		x.find("metric.sparse", "CPUUtilization of "+x.cfg.AutoScalingGroupName, fmt.Sprintf(
			"It has %d datapoints where the alarm, with its period of %d s, asks for %d.", n, alarm.Period, min(due, int(5*time.Minute/cpu.period))),
			"Set the alarm's period to 60 s with detailed monitoring, or to 300 s without: EC2 publishes no more often.")
	}
}

// metricLag is how late a datapoint of EC2 may be.
const metricLag = 3 * time.Minute

// oldest is how long the oldest instance has run; 0 if that is not known.
func (x *examination) oldest() time.Duration {
	var old time.Duration
	for _, i := range x.facts.instances {
		if !i.Launched.IsZero() {
			old = max(old, x.report.Examined.Add(x.clock.Offset()).Sub(i.Launched))
		}
	}
	return old
}
