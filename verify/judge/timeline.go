package judge

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"secondwind/runlog"
)

// seen is an answer and the observation it came with.
type seen[T any] struct {
	*runlog.Observation
	value T
}

// timeline is cloud.jsonl, taken apart by what was asked.
type timeline struct {
	clock      clock
	groups     []seen[runlog.AutoScalingGroup]
	alarms     []seen[runlog.MetricAlarm] // every alarm of every answer
	policies   []seen[[]runlog.ScalingPolicy]
	targets    []seen[runlog.TargetGroup]
	health     []seen[[]runlog.TargetHealthDescription]
	schedules  []seen[[]runlog.ScheduledAction]
	refreshes  []seen[[]runlog.InstanceRefresh]
	activities []seen[runlog.Activity] // the last answer about each, by StartTime
	history    []seen[runlog.AlarmHistoryItem]
	cpu        cpu
	asked      []*runlog.Observation            // all, errors too, in the order of arrival
	answered   map[string][]*runlog.Observation // by operation, in order, without errors
	// The first answers about each activity and each history item.
	firstActivity map[string]*runlog.Observation
	firstItem     map[string]*runlog.Observation
	// Read once and kept: transitions by alarm, alarm names by input.
	changes   map[string][]transition
	histories map[string]string
	unread    []int64 // seq of answers that do not decode
	gapSeq    int64   // the first seq that is missing or doubled; 0: none
}

// newTimeline reads what the record says about the group and its alarms.
func newTimeline(r *runlog.Record, h runlog.Hypothesis) *timeline {
	t := &timeline{clock: newClock(r.Cloud), answered: map[string][]*runlog.Observation{}, cpu: newCPU(), changes: map[string][]transition{}, histories: map[string]string{}}
	memory := decoded{}
	for i, o := range r.Cloud {
		if want := int64(i + 1); o.Seq != want && t.gapSeq == 0 {
			t.gapSeq = want
		}
	}
	t.asked = arrived(r.Cloud)
	for _, o := range t.asked {
		if o.Error != nil {
			continue
		}
		if !t.take(o, h, memory) {
			t.unread = append(t.unread, o.Seq)
			continue
		}
		key := o.Operation
		if key == runlog.OpDescribeAlarmHistory && t.historyOf(o) != h.AlarmName {
			continue // the other alarms' history is no watch over this one
		}
		t.answered[key] = append(t.answered[key], o)
	}
	activityKey := func(a runlog.Activity) string { return a.ActivityId }
	t.firstActivity, t.firstItem = firstOfEach(t.activities, activityKey), firstOfEach(t.history, itemKey)
	t.activities = lastOfEach(t.activities, activityKey)
	slices.SortStableFunc(t.activities, func(a, b seen[runlog.Activity]) int {
		return a.value.StartTime.Compare(b.value.StartTime)
	})
	t.history = lastOfEach(t.history, itemKey)
	slices.SortStableFunc(t.history, func(a, b seen[runlog.AlarmHistoryItem]) int {
		return cmp.Or(a.value.Timestamp.Compare(b.value.Timestamp), cmp.Compare(a.Seq, b.Seq))
	})
	return t
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
func (t *timeline) take(o *runlog.Observation, h runlog.Hypothesis, m decoded) bool {
	switch o.Operation {
	case runlog.OpDescribeAutoScalingGroups:
		a, ok := decode[runlog.DescribeAutoScalingGroupsAnswer](o, m)
		return ok && each(a.AutoScalingGroups, func(g runlog.AutoScalingGroup) {
			if g.AutoScalingGroupName == h.AutoScalingGroupName {
				t.groups = append(t.groups, seen[runlog.AutoScalingGroup]{o, g})
			}
		})
	case runlog.OpDescribeAlarms:
		a, ok := decode[runlog.DescribeAlarmsAnswer](o, m)
		return ok && each(a.MetricAlarms, func(v runlog.MetricAlarm) { t.alarms = append(t.alarms, seen[runlog.MetricAlarm]{o, v}) })
	case runlog.OpDescribeAlarmHistory:
		a, ok := decode[runlog.DescribeAlarmHistoryAnswer](o, m)
		return ok && each(a.AlarmHistoryItems, func(v runlog.AlarmHistoryItem) {
			t.history = append(t.history, seen[runlog.AlarmHistoryItem]{o, v})
		})
	case runlog.OpDescribeScalingActivities:
		a, ok := decode[runlog.DescribeScalingActivitiesAnswer](o, m)
		return ok && each(a.Activities, func(v runlog.Activity) { t.activities = append(t.activities, seen[runlog.Activity]{o, v}) })
	case runlog.OpGetMetricData:
		return t.cpu.take(o, h, m)
	}
	return t.takeConfiguration(o, h, m)
}

func (t *timeline) takeConfiguration(o *runlog.Observation, h runlog.Hypothesis, m decoded) bool {
	switch o.Operation {
	case runlog.OpDescribePolicies:
		a, ok := decode[runlog.DescribePoliciesAnswer](o, m)
		return ok && keep(&t.policies, o, &a.ScalingPolicies)
	case runlog.OpDescribeScheduledActions:
		a, ok := decode[runlog.DescribeScheduledActionsAnswer](o, m)
		return ok && keep(&t.schedules, o, &a.ScheduledUpdateGroupActions)
	case runlog.OpDescribeInstanceRefreshes:
		a, ok := decode[runlog.DescribeInstanceRefreshesAnswer](o, m)
		return ok && keep(&t.refreshes, o, &a.InstanceRefreshes)
	case runlog.OpDescribeTargetHealth:
		a, ok := decode[runlog.DescribeTargetHealthAnswer](o, m)
		return ok && keep(&t.health, o, &a.TargetHealthDescriptions)
	case runlog.OpDescribeTargetGroups:
		a, ok := decode[runlog.DescribeTargetGroupsAnswer](o, m)
		return ok && each(a.TargetGroups, func(v runlog.TargetGroup) {
			if v.TargetGroupArn == h.TargetGroupARN {
				t.targets = append(t.targets, seen[runlog.TargetGroup]{o, v})
			}
		})
	}
	return true // recorded, but not needed here
}

func keep[T any](list *[]seen[T], o *runlog.Observation, value *T) bool {
	*list = append(*list, seen[T]{o, *value})
	return true
}

func each[T any](list []T, do func(T)) bool {
	for _, v := range list {
		do(v)
	}
	return true
}

// itemKey is the identity of a history item, for which AWS has no id.
func itemKey(i runlog.AlarmHistoryItem) string {
	return i.AlarmName + "\x00" + i.Timestamp.UTC().String() + "\x00" + i.HistoryItemType + "\x00" + i.HistoryData + i.HistorySummary
}

func firstOfEach[T any](all []seen[T], key func(T) string) map[string]*runlog.Observation {
	first := map[string]*runlog.Observation{}
	for _, s := range all {
		if k := key(s.value); first[k] == nil {
			first[k] = s.Observation
		}
	}
	return first
}

func lastOfEach[T any](all []seen[T], key func(T) string) []seen[T] {
	index := map[string]int{}
	var kept []seen[T]
	for _, s := range all {
		k := key(s.value)
		if i, ok := index[k]; ok {
			kept[i] = s
			continue
		}
		index[k] = len(kept)
		kept = append(kept, s)
	}
	return kept
}

// historyOf is the alarm whose history was asked for.
func (t *timeline) historyOf(o *runlog.Observation) string {
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

// last returns the newest value that was received no later than at; nil if none was.
func last[T any](all []seen[T], at time.Time) *seen[T] {
	var found *seen[T]
	for i := range all {
		if all[i].Received.After(at) {
			break
		}
		found = &all[i]
	}
	return found
}

// alarm returns the newest answer about the named alarm until at, nil if none.
func (t *timeline) alarm(name string, at time.Time) *seen[runlog.MetricAlarm] {
	var found *seen[runlog.MetricAlarm]
	for i := range t.alarms {
		if t.alarms[i].value.AlarmName == name && !t.alarms[i].Received.After(at) {
			found = &t.alarms[i]
		}
	}
	return found
}

// watchedUntil is when the operation was last answered, by AWS's clock: what had
// not happened by then is known not to have.
func (t *timeline) watchedUntil(operation string) time.Time {
	all := t.answered[operation]
	if len(all) == 0 {
		return time.Time{}
	}
	return t.clock.aws(all[len(all)-1].Sent).Add(-t.clock.bound)
}

func evidence(o *runlog.Observation) Evidence {
	return Evidence{File: runlog.CloudFile, Line: o.Seq, RequestID: o.RequestID}
}

func loadEvidence(line int64) Evidence { return Evidence{File: runlog.LoadFile, Line: line} }
