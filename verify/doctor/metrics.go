package doctor

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"secondwind/runlog"
	"secondwind/verify/terminal"
)

// How often EC2 publishes an instance's CPU without detailed monitoring, and its CPU
// credits whatever the monitoring.
const (
	basicPeriod  = 5 * time.Minute
	creditPeriod = 5 * time.Minute
)

// askMetric asks for the claim's metric as the alarm does.
func (x *examination) askMetric(ctx context.Context) {
	alarm, _ := x.facts.configuration.ScaleOutAlarm(x.cfg.AlarmName)
	period := cmp.Or(time.Duration(alarm.Period)*time.Second, time.Minute)
	queries := []cwtypes.MetricDataQuery{query("cpu", x.facts.configuration.Metric(alarm), period)}
	if series, ok := x.data(ctx, queries, max(10*period, 5*time.Minute)); ok {
		x.facts.cpu = append([]float64{}, slices.Concat(series...)...)
	}
}

// askBalance asks for the CPU credits of each instance that earns some.
func (x *examination) askBalance(ctx context.Context) {
	if x.facts.group == nil {
		return
	}
	var queries []cwtypes.MetricDataQuery
	credits := runlog.Metric{Namespace: x.facts.configuration.Metrics()[0].Namespace, MetricName: "CPUCreditBalance", Statistic: "Minimum"}
	for i, id := range x.burstable() {
		queries = append(queries, query(fmt.Sprintf("c%d", i), credits.OfInstance(id), creditPeriod))
	}
	series, ok := [][]float64{}, true
	if len(queries) > 0 {
		series, ok = x.data(ctx, queries, 4*creditPeriod)
	}
	if ok {
		x.facts.balances = []float64{}
		for _, values := range series {
			x.facts.balances = append(x.facts.balances, values[len(values)-1])
		}
	}
}

// data asks for the datapoints of the last while, and returns each series that has any.
func (x *examination) data(ctx context.Context, queries []cwtypes.MetricDataQuery, reach time.Duration) (all [][]float64, ok bool) {
	now := time.Now().UTC().Add(x.clock.Offset())
	out, ok := ask(ctx, x, runlog.OpGetMetricData, &cloudwatch.GetMetricDataInput{
		MetricDataQueries: queries, StartTime: aws.Time(now.Add(-reach)), EndTime: aws.Time(now), ScanBy: cwtypes.ScanByTimestampAscending,
	}, x.alarms.GetMetricData)
	if !ok {
		return nil, false
	}
	for _, r := range out.MetricDataResults {
		if len(r.Values) > 0 {
			all = append(all, r.Values)
		}
	}
	return all, true
}

func query(id string, m runlog.Metric, period time.Duration) cwtypes.MetricDataQuery {
	dimensions := []cwtypes.Dimension{{Name: &m.Dimension.Name, Value: &m.Dimension.Value}}
	return cwtypes.MetricDataQuery{Id: &id, MetricStat: &cwtypes.MetricStat{
		Metric: &cwtypes.Metric{Namespace: &m.Namespace, MetricName: &m.MetricName, Dimensions: dimensions},
		Period: aws.Int32(int32(period / time.Second)), Stat: &m.Statistic,
	}}
}

// checkMetric reports whether CloudWatch has the CPU that the alarm asks for. An
// instance that has just come has none yet, which is nobody's fault.
func (x *examination) checkMetric(alarm runlog.MetricAlarm) {
	old, period := x.oldest(), time.Duration(alarm.Period)*time.Second
	if x.facts.cpu == nil || old == 0 || period == 0 {
		return
	}
	where := x.facts.configuration.Metric(alarm).MetricName + " of " + x.cfg.AutoScalingGroupName
	due := int((old - metricLag) / period) // periods that must have been published
	switch n := len(x.facts.cpu); {
	case due < 3:
	case n == 0:
		x.find(Error, "metric.none", where,
			fmt.Sprintf("CloudWatch has no datapoint of it, although an instance has been running for %s.", runlog.Words(old)),
			"Check that the instance runs (`aws ec2 describe-instances`), and that its metrics carry the group's name as a dimension.")
	case n < min(due, 5)/2:
		x.find(Error, "metric.sparse", where,
			fmt.Sprintf("CloudWatch has %s of it where the alarm, with its period of %s, expects %d.",
				terminal.Plural(n, "datapoint"), runlog.Words(period), min(due, int(5*time.Minute/period))),
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

// checkMonitoring compares the alarm's period with how often EC2 publishes.
func (x *examination) checkMonitoring(a runlog.MetricAlarm) {
	period := time.Duration(a.Period) * time.Second
	if period >= basicPeriod {
		return // both kinds of monitoring are enough
	}
	if t := x.facts.template; t != nil && !t.Monitoring {
		x.find(Error, "monitoring.basic", t.name,
			fmt.Sprintf("Detailed monitoring is off: EC2 publishes CPU every 5 minutes, so most of the alarm's periods of %s have no data.",
				runlog.Words(period)),
			"Set Monitoring.Enabled to true in a new version of the template, and replace the instance.")
	}
	for _, i := range x.facts.instances {
		x.findIf(i.Monitoring == "disabled" || i.Monitoring == "disabling", Warning, "monitoring.instance", "instance "+i.ID,
			"It runs with basic monitoring: EC2 publishes its CPU only every 5 minutes.",
			fmt.Sprintf("Run `aws ec2 monitor-instances --instance-ids %s`.", i.ID))
	}
}
