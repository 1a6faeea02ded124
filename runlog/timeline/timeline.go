// Package timeline is the one reader of AWS's answers in a run folder: it takes
// cloud.jsonl apart by what was asked, so that judge and reports see the same
// series, transitions, activities and instances.
package timeline

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"secondwind/runlog"
)

// Seen is a value of an answer, and the observation that it came with.
type Seen[T any] struct {
	*runlog.Observation
	Value T
	// First is the observation that first reported it, where later ones report it
	// again: in Activities and History.
	First *runlog.Observation
}

// Timeline is what the answers about a subject say, in the order of arrival
// unless said otherwise.
type Timeline struct {
	Groups       []Seen[*runlog.AutoScalingGroup]
	Alarms       []Seen[*runlog.MetricAlarm] // every alarm of every answer, as of groups the same one where an answer repeats
	Policies     []Seen[[]runlog.ScalingPolicy]
	TargetGroups []Seen[runlog.TargetGroup]
	Health       []Seen[[]runlog.TargetHealthDescription]
	Routes       []Seen[runlog.ListenerAction] // of listeners and rules
	Templates    []Seen[runlog.TemplateVersion]
	Schedules    []Seen[[]runlog.ScheduledAction]
	Refreshes    []Seen[[]runlog.InstanceRefresh]
	Activities   []Seen[runlog.Activity]         // the last answer about each, by StartTime
	History      []Seen[runlog.AlarmHistoryItem] // the last answer about each item, by Timestamp
	Metric       Metric

	Pages []Seen[runlog.Answer] // answers that have a further page

	Asked    []*runlog.Observation            // all, errors too
	Answered map[string][]*runlog.Observation // by operation, without errors; of histories only the subject's alarm's
	Unread   []int64                          // seq of answers that do not decode

	alarmOf    map[string]string // by input
	activities newest[runlog.Activity]
	history    newest[runlog.AlarmHistoryItem]
}

// New reads what the answers say about the subject of a claim: its group, alarm,
// target group and metric. Answers about others are left out; what cannot be read
// is counted in Unread.
func New(cloud []runlog.Observation, of runlog.Hypothesis) *Timeline {
	t := &Timeline{
		Asked: arrived(cloud), alarmOf: map[string]string{}, Answered: map[string][]*runlog.Observation{},
		Metric:     Metric{period: of.Period(), points: map[string]map[time.Time]*Datapoint{}},
		activities: newest[runlog.Activity]{key: func(a runlog.Activity) string { return a.ActivityId }},
		history:    newest[runlog.AlarmHistoryItem]{key: itemKey},
	}
	memory := decoded{}
	answers := map[int64]*runlog.Observation{} // by seq
	for _, o := range t.Asked {
		switch {
		case o.Error != nil:
			continue
		case o.Snapshot != nil:
			t.repeat(o, answers, memory)
			continue
		case o.Unchanged == 0:
			answers[o.Seq] = o
		}
		if !t.take(o, of, memory) {
			t.Unread = append(t.Unread, o.Seq)
			continue
		}
		if o.Operation == runlog.OpDescribeAlarmHistory && t.HistoryOf(o) != of.AlarmName {
			continue // the other alarms' history is no watch over this one
		}
		t.Answered[o.Operation] = append(t.Answered[o.Operation], o)
	}
	t.Activities, t.History = t.activities.all, t.history.all
	slices.SortStableFunc(t.Activities, func(a, b Seen[runlog.Activity]) int {
		return a.Value.StartTime.Compare(b.Value.StartTime)
	})
	slices.SortStableFunc(t.History, func(a, b Seen[runlog.AlarmHistoryItem]) int {
		return cmp.Or(a.Value.Timestamp.Compare(b.Value.Timestamp), cmp.Compare(a.Seq, b.Seq))
	})
	return t
}

// repeat notes that the questions of a snapshot were answered as before. Routes, which nothing
// but snapshots asks for, are then what they were.
func (t *Timeline) repeat(snapshot *runlog.Observation, answers map[int64]*runlog.Observation, memory decoded) {
	for _, seq := range snapshot.Snapshot.Unchanged {
		o := answers[seq]
		if o == nil {
			o = &runlog.Observation{} // a record that is damaged
		}
		all := t.Answered[o.Operation]
		if n := len(all); n == 0 || all[n-1] != snapshot {
			t.Answered[o.Operation] = append(all, snapshot)
		}
		if o.Operation != runlog.OpDescribeListeners && o.Operation != runlog.OpDescribeRules {
			continue
		}
		if a := decode[runlog.Answer](o.Answer, memory); a != nil {
			keep(&t.Routes, snapshot, routes(a)...)
		}
	}
}

// routes are the actions of an answer's listeners and rules.
func routes(a *runlog.Answer) (all []runlog.ListenerAction) {
	for _, l := range a.Listeners {
		all = append(all, l.DefaultActions...)
	}
	for _, r := range a.Rules {
		all = append(all, r.Actions...)
	}
	return all
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

// decoded remembers inputs and answers by where they lie in memory: most come many times, and
// are then the same bytes.
type decoded map[*byte]any

// mostDecoded bounds what is remembered: far more than a round of polls has.
const mostDecoded = 256

// decode reads an input or an answer; nil if it cannot be read.
func decode[T any](raw json.RawMessage, memory decoded) *T {
	if len(raw) == 0 {
		return nil
	}
	if v, ok := memory[&raw[0]].(*T); ok {
		return v
	}
	v := new(T)
	if json.Unmarshal(raw, v) != nil {
		v = nil
	}
	if len(memory) >= mostDecoded {
		clear(memory)
	}
	memory[&raw[0]] = v
	return v
}

// needed are the operations that a timeline cannot do without; what others
// answer is recorded, but not read here.
var needed = []string{
	runlog.OpDescribeAutoScalingGroups, runlog.OpDescribeScalingActivities, runlog.OpDescribePolicies,
	runlog.OpDescribeScheduledActions, runlog.OpDescribeInstanceRefreshes, runlog.OpDescribeAlarms,
	runlog.OpDescribeAlarmHistory, runlog.OpGetMetricData, runlog.OpDescribeTargetGroups, runlog.OpDescribeTargetHealth,
}

// take adds what o answers; false if it cannot be read.
func (t *Timeline) take(o *runlog.Observation, of runlog.Hypothesis, memory decoded) bool {
	a := decode[runlog.Answer](o.Answer, memory)
	if a == nil {
		return !slices.Contains(needed, o.Operation)
	}
	if a.Next() != "" {
		keep(&t.Pages, o, *a)
	}
	switch o.Operation {
	case runlog.OpDescribeAutoScalingGroups:
		for i := range a.AutoScalingGroups {
			if g := &a.AutoScalingGroups[i]; g.AutoScalingGroupName == of.AutoScalingGroupName {
				keep(&t.Groups, o, g)
			}
		}
	case runlog.OpDescribeScalingActivities:
		t.activities.keep(o, a, a.Activities)
	case runlog.OpDescribePolicies:
		keep(&t.Policies, o, a.ScalingPolicies)
	case runlog.OpDescribeScheduledActions:
		keep(&t.Schedules, o, a.ScheduledUpdateGroupActions)
	case runlog.OpDescribeInstanceRefreshes:
		keep(&t.Refreshes, o, a.InstanceRefreshes)
	case runlog.OpDescribeAlarms:
		for i := range a.MetricAlarms {
			keep(&t.Alarms, o, &a.MetricAlarms[i])
		}
	case runlog.OpDescribeAlarmHistory:
		t.history.keep(o, a, a.AlarmHistoryItems)
	case runlog.OpGetMetricData:
		return t.Metric.take(o, *a, of, memory)
	case runlog.OpDescribeTargetGroups:
		keep(&t.TargetGroups, o, about(a.TargetGroups, func(g runlog.TargetGroup) bool {
			return g.TargetGroupArn == of.TargetGroupARN
		})...)
	case runlog.OpDescribeListeners, runlog.OpDescribeRules:
		keep(&t.Routes, o, routes(a)...)
	case runlog.OpDescribeTemplate:
		keep(&t.Templates, o, a.LaunchTemplateVersions...)
	case runlog.OpDescribeTargetHealth:
		if asked := targetGroup(o); asked == "" || of.TargetGroupARN == "" || asked == of.TargetGroupARN {
			keep(&t.Health, o, a.TargetHealthDescriptions)
		}
	}
	return true
}

func keep[T any](list *[]Seen[T], o *runlog.Observation, values ...T) {
	for _, v := range values {
		*list = append(*list, Seen[T]{o, v, o})
	}
}

// targetGroup is the target group that a question named; "" if none: the health of targets in
// another one says nothing of the claim's.
func targetGroup(o *runlog.Observation) string {
	var in struct{ TargetGroupArn string }
	if json.Unmarshal(o.Input, &in) != nil {
		return ""
	}
	return in.TargetGroupArn
}

// about are those of the values that are about the subject.
func about[T any](values []T, is func(T) bool) []T {
	return slices.DeleteFunc(slices.Clone(values), func(v T) bool { return !is(v) })
}

// itemKey is the identity of a history item, for which AWS has no id.
func itemKey(i runlog.AlarmHistoryItem) string {
	return i.AlarmName + "\x00" + i.Timestamp.UTC().String() + "\x00" + i.HistoryItemType + "\x00" + i.HistoryData + i.HistorySummary
}

// newest are the last answers about values that come again and again, in the order in which
// the values appeared.
type newest[T any] struct {
	all    []Seen[T]
	key    func(T) string
	index  map[string]int           // by key
	places map[*runlog.Answer][]int // of the values of an answer that was seen before
}

// keep adds the values of an answer, or notes that they were answered again.
func (n *newest[T]) keep(o *runlog.Observation, answer *runlog.Answer, values []T) {
	places, again := n.places[answer]
	if !again {
		places = n.find(o, values)
		if n.places == nil || len(n.places) >= mostDecoded {
			n.places = map[*runlog.Answer][]int{}
		}
		n.places[answer] = places
	}
	for i, place := range places {
		n.all[place].Observation, n.all[place].Value = o, values[i]
	}
}

func (n *newest[T]) find(o *runlog.Observation, values []T) (places []int) {
	if n.index == nil {
		n.index = map[string]int{}
	}
	for _, v := range values {
		key := n.key(v)
		place, known := n.index[key]
		if !known {
			place = len(n.all)
			n.index[key] = place
			n.all = append(n.all, Seen[T]{o, v, o})
		}
		places = append(places, place)
	}
	return places
}

// HistoryOf is the alarm whose history the observation asked for; "" if it asked
// for none.
func (t *Timeline) HistoryOf(o *runlog.Observation) string {
	if alarm, known := t.alarmOf[string(o.Input)]; known {
		return alarm
	}
	var in struct{ AlarmName string }
	_ = json.Unmarshal(o.Input, &in) // else it asked for none
	t.alarmOf[string(o.Input)] = in.AlarmName
	return in.AlarmName
}
