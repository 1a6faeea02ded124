// Package timeline is the one reader of AWS's answers in a run folder: it takes
// cloud.jsonl apart by what was asked, so that judge and reports see the same
// series, transitions, activities and instances.
package timeline

import (
	"cmp"
	"encoding/json"
	"slices"

	"secondwind/runlog"
)

// Seen is a value of an answer, and the observation that it came with.
type Seen[T any] struct {
	*runlog.Observation
	Value T
}

// Timeline is what the answers about a subject say, in the order of arrival
// unless said otherwise.
type Timeline struct {
	Groups       []Seen[runlog.AutoScalingGroup]
	Alarms       []Seen[runlog.MetricAlarm] // every alarm of every answer
	Policies     []Seen[[]runlog.ScalingPolicy]
	TargetGroups []Seen[runlog.TargetGroup]
	Health       []Seen[[]runlog.TargetHealthDescription]
	Schedules    []Seen[[]runlog.ScheduledAction]
	Refreshes    []Seen[[]runlog.InstanceRefresh]
	Activities   []Seen[runlog.Activity]         // the last answer about each, by StartTime
	History      []Seen[runlog.AlarmHistoryItem] // the last answer about each item, by Timestamp
	Metric       Metric

	Asked    []*runlog.Observation            // all, errors too
	Answered map[string][]*runlog.Observation // by operation, without errors; of histories only the subject's alarm's
	Unread   []int64                          // seq of answers that do not decode

	subject       Subject
	firstActivity map[string]*runlog.Observation
	firstItem     map[string]*runlog.Observation
	changes       map[string][]Transition // by alarm
	histories     map[string]string       // alarm, by input
}

// New reads what the answers say about a subject. Answers about others are left
// out; what cannot be read is counted in Unread.
func New(cloud []runlog.Observation, of Subject) *Timeline {
	t := &Timeline{
		Answered: map[string][]*runlog.Observation{}, Metric: newMetric(), subject: of,
		changes: map[string][]Transition{}, histories: map[string]string{},
	}
	memory := decoded{}
	t.Asked = arrived(cloud)
	for _, o := range t.Asked {
		if o.Error != nil {
			continue
		}
		if !t.take(o, memory) {
			t.Unread = append(t.Unread, o.Seq)
			continue
		}
		if o.Operation == runlog.OpDescribeAlarmHistory && t.HistoryOf(o) != of.AlarmName {
			continue // the other alarms' history is no watch over this one
		}
		t.Answered[o.Operation] = append(t.Answered[o.Operation], o)
	}
	t.Activities, t.firstActivity = distinct(t.Activities, func(a runlog.Activity) string { return a.ActivityId })
	t.History, t.firstItem = distinct(t.History, itemKey)
	slices.SortStableFunc(t.Activities, func(a, b Seen[runlog.Activity]) int {
		return a.Value.StartTime.Compare(b.Value.StartTime)
	})
	slices.SortStableFunc(t.History, func(a, b Seen[runlog.AlarmHistoryItem]) int {
		return cmp.Or(a.Value.Timestamp.Compare(b.Value.Timestamp), cmp.Compare(a.Seq, b.Seq))
	})
	return t
}

// FirstActivity is the first answer that told of the activity.
func (t *Timeline) FirstActivity(a runlog.Activity) *runlog.Observation {
	return t.firstActivity[a.ActivityId]
}

// FirstItem is the first answer that told of the history item.
func (t *Timeline) FirstItem(i runlog.AlarmHistoryItem) *runlog.Observation {
	return t.firstItem[itemKey(i)]
}

// arrived orders observations by when they were received: two questions that are
// asked at once may be answered, and written, in either order.
func arrived(cloud []runlog.Observation) []*runlog.Observation {
	all := make([]*runlog.Observation, len(cloud))
	for i := range cloud {
		all[i] = &cloud[i]
	}
	slices.SortStableFunc(all, func(a, b *runlog.Observation) int { return a.Received.Compare(b.Received) })
	return all
}

// decoded remembers an answer that several observations share.
type decoded map[*byte]any

func decode[T any](o *runlog.Observation, memory decoded) (*T, bool) {
	if len(o.Answer) == 0 {
		return nil, false
	}
	if v, ok := memory[&o.Answer[0]].(*T); ok {
		return v, v != nil
	}
	v := new(T)
	if err := json.Unmarshal(o.Answer, v); err != nil {
		v = nil
	}
	memory[&o.Answer[0]] = v
	return v, v != nil
}

// take adds what o answers; false if it cannot be read.
func (t *Timeline) take(o *runlog.Observation, m decoded) bool {
	switch o.Operation {
	case runlog.OpDescribeAutoScalingGroups:
		a, ok := decode[runlog.DescribeAutoScalingGroupsAnswer](o, m)
		return ok && each(&t.Groups, o, a.AutoScalingGroups, func(g runlog.AutoScalingGroup) bool {
			return g.AutoScalingGroupName == t.subject.AutoScalingGroupName
		})
	case runlog.OpDescribeAlarms:
		a, ok := decode[runlog.DescribeAlarmsAnswer](o, m)
		return ok && each(&t.Alarms, o, a.MetricAlarms, nil)
	case runlog.OpDescribeAlarmHistory:
		a, ok := decode[runlog.DescribeAlarmHistoryAnswer](o, m)
		return ok && each(&t.History, o, a.AlarmHistoryItems, nil)
	case runlog.OpDescribeScalingActivities:
		a, ok := decode[runlog.DescribeScalingActivitiesAnswer](o, m)
		return ok && each(&t.Activities, o, a.Activities, nil)
	case runlog.OpGetMetricData:
		return t.Metric.take(o, t.subject, m)
	}
	return t.takeConfiguration(o, m)
}

func (t *Timeline) takeConfiguration(o *runlog.Observation, m decoded) bool {
	switch o.Operation {
	case runlog.OpDescribePolicies:
		a, ok := decode[runlog.DescribePoliciesAnswer](o, m)
		return ok && each(&t.Policies, o, [][]runlog.ScalingPolicy{a.ScalingPolicies}, nil)
	case runlog.OpDescribeScheduledActions:
		a, ok := decode[runlog.DescribeScheduledActionsAnswer](o, m)
		return ok && each(&t.Schedules, o, [][]runlog.ScheduledAction{a.ScheduledUpdateGroupActions}, nil)
	case runlog.OpDescribeInstanceRefreshes:
		a, ok := decode[runlog.DescribeInstanceRefreshesAnswer](o, m)
		return ok && each(&t.Refreshes, o, [][]runlog.InstanceRefresh{a.InstanceRefreshes}, nil)
	case runlog.OpDescribeTargetHealth:
		a, ok := decode[runlog.DescribeTargetHealthAnswer](o, m)
		return ok && each(&t.Health, o, [][]runlog.TargetHealthDescription{a.TargetHealthDescriptions}, nil)
	case runlog.OpDescribeTargetGroups:
		a, ok := decode[runlog.DescribeTargetGroupsAnswer](o, m)
		return ok && each(&t.TargetGroups, o, a.TargetGroups, func(v runlog.TargetGroup) bool {
			return v.TargetGroupArn == t.subject.TargetGroupARN
		})
	}
	return true // recorded, but not needed here
}

// each keeps those of the values that are about the subject; about nil: all.
func each[T any](list *[]Seen[T], o *runlog.Observation, values []T, about func(T) bool) bool {
	for _, v := range values {
		if about == nil || about(v) {
			*list = append(*list, Seen[T]{o, v})
		}
	}
	return true
}

// itemKey is the identity of a history item, for which AWS has no id.
func itemKey(i runlog.AlarmHistoryItem) string {
	return i.AlarmName + "\x00" + i.Timestamp.UTC().String() + "\x00" + i.HistoryItemType + "\x00" + i.HistoryData + i.HistorySummary
}

// distinct returns the last answer about each value, in the order in which they
// appeared, and the observation that first told of it, by key.
func distinct[T any](all []Seen[T], key func(T) string) (last []Seen[T], first map[string]*runlog.Observation) {
	first = map[string]*runlog.Observation{}
	index := map[string]int{}
	for _, s := range all {
		k := key(s.Value)
		if first[k] == nil {
			first[k], index[k] = s.Observation, len(last)
			last = append(last, s)
		}
		last[index[k]] = s
	}
	return last, first
}

// HistoryOf is the alarm whose history the observation asked for.
func (t *Timeline) HistoryOf(o *runlog.Observation) string {
	if known, ok := t.histories[string(o.Input)]; ok {
		return known
	}
	var in struct{ AlarmName string }
	if json.Unmarshal(o.Input, &in) != nil {
		in.AlarmName = ""
	}
	t.histories[string(o.Input)] = in.AlarmName
	return in.AlarmName
}
