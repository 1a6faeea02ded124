package judge_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"secondwind/runlog"
)

// What the AWS APIs answer about a world at x.

func (w *world) groupAt(x float64) runlog.AutoScalingGroup {
	g := w.group
	x -= w.lag
	for _, d := range w.desired {
		if d.x <= x {
			g.DesiredCapacity = d.value
		}
	}
	for _, m := range w.members {
		i := runlog.Instance{InstanceId: m.id, InstanceType: "t2.micro", LifecycleState: "InService", ProtectedFromScaleIn: m.id == w.protected,
			LaunchTemplate: runlog.LaunchTemplate{LaunchTemplateId: "lt-1", Version: "1"}}
		if m.id == newID && w.version != "" {
			i.LaunchTemplate.Version = w.version
		}
		switch {
		case x < m.pending || x >= m.gone:
			continue
		case x < m.inService:
			i.LifecycleState = "Pending"
		case x >= m.leaves:
			i.LifecycleState = "Terminating"
		}
		g.Instances = append(g.Instances, i)
	}
	return g
}

func (w *world) activitiesAt(x float64) []runlog.Activity {
	var all []runlog.Activity
	for _, a := range w.activities {
		if a.StartTime.After(aws(x)) {
			continue
		}
		if a.EndTime.After(aws(x)) {
			a.EndTime, a.StatusCode = time.Time{}, "InProgress"
		}
		all = append([]runlog.Activity{a}, all...)
	}
	return all
}

func (w *world) alarmsAt(x float64) []runlog.MetricAlarm {
	a := w.alarm
	a.StateValue = "OK"
	for _, c := range w.transitions {
		if c.alarm == alarmName && c.kind == "StateUpdate" && c.x <= x {
			a.StateValue = c.to.StateValue
		}
	}
	if w.inAlarm[0] <= x && x < w.inAlarm[1] {
		a.StateValue = "ALARM"
	}
	all := []runlog.MetricAlarm{a}
	if w.scaleIn != nil {
		all = append(all, *w.scaleIn)
	}
	return all
}

func (w *world) historyAt(t testing.TB, x float64) []runlog.AlarmHistoryItem {
	var all []runlog.AlarmHistoryItem
	for _, c := range slices.Concat(w.low, w.transitions) {
		if c.x > x {
			continue
		}
		data, err := json.Marshal(runlog.StateUpdateData{OldState: c.from, NewState: c.to})
		if err != nil {
			t.Fatal(err)
		}
		if c.kind == "Action" {
			data = marshalled(t, map[string]string{"actionState": "Succeeded", "notificationResource": c.to.StateValue,
				"publishedMessage": `{"NewStateValue":"ALARM"}`})
		}
		all = append([]runlog.AlarmHistoryItem{{
			AlarmName: c.alarm, Timestamp: aws(c.x), HistoryItemType: c.kind, HistoryData: string(data),
			HistorySummary: fmt.Sprintf("Alarm updated from %s to %s", c.from.StateValue, c.to.StateValue),
		}}, all...)
	}
	return all
}

func (w *world) healthAt(x float64) []runlog.TargetHealthDescription {
	var all []runlog.TargetHealthDescription
	for _, id := range w.foreign {
		var d runlog.TargetHealthDescription
		d.Target.Id, d.TargetHealth.State = id, "healthy"
		all = append(all, d)
	}
	for _, m := range w.members {
		if x < m.pending || x >= m.gone || m.id == newID && w.deregistered > 0 && x >= w.deregistered {
			continue
		}
		var d runlog.TargetHealthDescription
		d.Target.Id, d.TargetHealth.State = m.id, "healthy"
		if x < m.healthy {
			d.TargetHealth.State = "initial"
		} else if x >= m.leaves {
			d.TargetHealth.State = "draining"
		}
		all = append(all, d)
	}
	return all
}

func (w *world) metricAt(x float64) (runlog.GetMetricDataInput, runlog.Answer) {
	var in runlog.GetMetricDataInput
	var answer runlog.Answer
	end := int(x)/10*10 + 10
	in.StartTime, in.EndTime = aws(float64(end-60)), aws(float64(end))
	for i, series := range []string{"group", oldID, newID} {
		q := runlog.MetricDataQuery{Id: fmt.Sprintf("q%d", i)}
		q.MetricStat.Metric.Namespace, q.MetricStat.Metric.MetricName = "AWS/EC2", "CPUUtilization"
		q.MetricStat.Metric.Dimensions = []runlog.Dimension{{Name: "InstanceId", Value: series}}
		if i == 0 {
			q.MetricStat.Metric.Dimensions = []runlog.Dimension{{Name: "AutoScalingGroupName", Value: groupName}}
		}
		q.MetricStat.Period, q.MetricStat.Stat = 10, "Average"
		in.MetricDataQueries = append(in.MetricDataQueries, q)
		result := runlog.MetricDataResult{Id: q.Id, StatusCode: "Complete"}
		for at := end - 60; at < end; at += 10 {
			if v, there := w.cpu[series][at]; there && float64(at)+10.5 <= x {
				result.Timestamps, result.Values = append(result.Timestamps, aws(float64(at))), append(result.Values, v)
			}
		}
		answer.MetricDataResults = append(answer.MetricDataResults, result)
	}
	in.MetricDataQueries = append(in.MetricDataQueries, requestsQuery())
	counted := runlog.MetricDataResult{Id: "requests", StatusCode: "Complete"}
	for at := max(0, end-60); at < end && float64(at)+10.5 <= x; at += 10 {
		if n := w.counted(at); n > 0 {
			counted.Timestamps, counted.Values = append(counted.Timestamps, aws(float64(at))), append(counted.Values, n)
		}
	}
	answer.MetricDataResults = append(answer.MetricDataResults, counted)
	for id, q := range w.identityQueries() {
		in.MetricDataQueries = append(in.MetricDataQueries, q)
		result := runlog.MetricDataResult{Id: q.Id, StatusCode: "Complete"}
		for at := max(0, end-60); at < end && float64(at)+10.5 <= x; at += 10 {
			if n := w.countedOf(id, at); n > 0 {
				result.Timestamps, result.Values = append(result.Timestamps, aws(float64(at))), append(result.Values, n)
			}
		}
		answer.MetricDataResults = append(answer.MetricDataResults, result)
	}
	return in, answer
}

// identityQueries ask for what tells who answered, by instance; of "" for the mean over all.
func (w *world) identityQueries() map[string]runlog.MetricDataQuery {
	made := map[string]runlog.MetricDataQuery{}
	add := func(id string, m runlog.Metric, more ...runlog.Dimension) {
		q := runlog.MetricDataQuery{Id: "t" + id}
		q.MetricStat.Metric.Namespace, q.MetricStat.Metric.MetricName = m.Namespace, m.MetricName
		q.MetricStat.Metric.Dimensions = append([]runlog.Dimension{m.Dimension}, more...)
		q.MetricStat.Period, q.MetricStat.Stat = 10, m.Statistic
		made[id] = q
	}
	switch w.identity {
	case runlog.IdentityTarget:
		for _, id := range []string{oldID, newID} {
			add(id, runlog.RequestsOfTargets(targetARN), runlog.Dimension{Name: runlog.TargetDimension, Value: id})
		}
	case runlog.IdentityRequests:
		add("", runlog.RequestsPerTargetOf(targetARN))
	case runlog.IdentityAnswer:
	}
	return made
}

// countedOf is what an instance answers in the period from x on; of "" the mean over those that are healthy at its end.
func (w *world) countedOf(id string, x int) (n float64) {
	if id == "" {
		healthy := runlog.State{Targets: w.healthAt(float64(x + 10))}.Healthy()
		return w.counted(x) / float64(max(1, len(healthy)))
	}
	for s := float64(x); s < float64(x+10); s++ {
		n += w.rateAt(s) * w.share(s, id)
	}
	return n
}

// requestsQuery asks for the requests that the load balancer counted.
func requestsQuery() runlog.MetricDataQuery {
	requests := runlog.RequestsOf(targetARN)
	q := runlog.MetricDataQuery{Id: "requests"}
	q.MetricStat.Metric.Namespace, q.MetricStat.Metric.MetricName = requests.Namespace, requests.MetricName
	q.MetricStat.Metric.Dimensions = []runlog.Dimension{requests.Dimension, {Name: "LoadBalancer", Value: "app/sw/2"}}
	q.MetricStat.Period, q.MetricStat.Stat = 10, requests.Statistic
	return q
}

// counted is what the load balancer counts in the period from x on: what was sent, and others.
func (w *world) counted(x int) (n float64) {
	for s := x; s < x+10; s++ {
		n += w.rateAt(float64(s)) + w.others
	}
	return n
}

// watched is a question of a configuration snapshot, and its answer.
type watched struct {
	operation string
	answer    any
}

// watchedAt is a configuration snapshot.
func (w *world) watchedAt(x float64) []watched {
	attributes := []map[string]string{}
	for k, v := range w.attributes {
		attributes = append(attributes, map[string]string{"Key": k, "Value": v})
	}
	none := json.RawMessage(`{}`)
	var among []map[string]string
	for _, arn := range w.divided {
		among = append(among, map[string]string{"TargetGroupArn": arn})
	}
	forward := []map[string]any{{"Type": "forward", "TargetGroupArn": w.listener, "ForwardConfig": map[string]any{"TargetGroups": among}}}
	return []watched{
		{runlog.OpDescribeAutoScalingGroups, runlog.Answer{AutoScalingGroups: []runlog.AutoScalingGroup{w.groupAt(x)}}},
		{runlog.OpDescribePolicies, runlog.Answer{ScalingPolicies: w.policies}},
		{runlog.OpDescribeAlarmsForMetric, runlog.Answer{MetricAlarms: w.alarmsAt(x)}},
		{runlog.OpDescribeAlarms, runlog.Answer{MetricAlarms: w.alarmsAt(x)}},
		{runlog.OpDescribeTargetGroups, runlog.Answer{TargetGroups: []runlog.TargetGroup{w.targetGroup}}},
		{runlog.OpDescribeScheduledActions, runlog.Answer{ScheduledUpdateGroupActions: w.schedules}},
		{runlog.OpDescribeInstanceRefreshes, runlog.Answer{InstanceRefreshes: w.refreshes}},
		{runlog.OpDescribeLifecycleHooks, none}, {runlog.OpDescribeWarmPool, none},
		{runlog.OpDescribeTargetAttributes, map[string]any{"Attributes": attributes}},
		{runlog.OpDescribeListeners, map[string]any{"Listeners": []any{map[string]any{"ListenerArn": "arn:l", "DefaultActions": forward}}}},
		{runlog.OpDescribeRules, map[string]any{"Rules": []any{map[string]any{"RuleArn": "arn:r", "Actions": forward}}}},
	}
}
