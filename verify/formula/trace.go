package formula

import (
	"encoding/json"
	"slices"
	"time"

	"secondwind/runlog"
)

// sample is a value that an answer showed, with when it was asked for and when the answer
// came, by AWS's clock.
type sample[T any] struct {
	sent, received time.Time
	question       string
	value          T
}

// transition is a change of the claim's alarm.
type transition struct {
	at       time.Time
	from, to runlog.AlarmState
}

// Trace is a record, taken apart.
type Trace struct {
	record *runlog.Record
	h      runlog.Hypothesis
	// AWS's clock minus ours lies in [low, high].
	low, high     time.Duration
	unread        bool
	phases        map[runlog.Phase][2]time.Time // begin and end; in order of AWS's clock
	order         []runlog.Phase
	rates         map[runlog.Phase]float64
	seconds       []sample[*runlog.LoadSecond] // from when to when, by AWS's clock
	calibration   *runlog.Calibration
	interrupted   bool
	digestAt      time.Time
	digest        string
	groups        []sample[runlog.AutoScalingGroup]
	alarms        []sample[runlog.MetricAlarm] // all of them
	policies      []sample[[]runlog.ScalingPolicy]
	targetGroups  []sample[runlog.TargetGroup]
	health        []sample[[]runlog.TargetHealthDescription]
	schedules     []sample[[]runlog.ScheduledAction]
	refreshes     []sample[[]runlog.InstanceRefresh]
	routes        []sample[[]runlog.ListenerAction]
	activities    map[string]runlog.Activity
	history       map[string]runlog.AlarmHistoryItem // of all alarms
	metric        map[string]map[time.Time][]float64 // by series and start: every value that was read
	metricInError bool
	asked         time.Time                         // the earliest that the metric was asked for
	answered      map[string][]sample[string]       // answers to each question
	repeated      map[string][]sample[string]       // snapshots in which they were the same
	confirmed     []sample[runlog.AutoScalingGroup] // of the group, in snapshots in which it was the same
	questions     []sample[string]                  // that are asked in every round; its error, if it failed
	pages         []sample[runlog.Observation]
	reported      []event
}

// Read takes a record apart.
func Read(r *runlog.Record) *Trace {
	t := &Trace{
		record: r, phases: map[runlog.Phase][2]time.Time{}, rates: map[runlog.Phase]float64{},
		activities: map[string]runlog.Activity{},
		history:    map[string]runlog.AlarmHistoryItem{}, metric: map[string]map[time.Time][]float64{},
		answered: map[string][]sample[string]{}, repeated: map[string][]sample[string]{},
	}
	if r.Hypothesis != nil {
		t.h = *r.Hypothesis
	}
	t.clock()
	t.load()
	cloud := slices.Clone(r.Cloud)
	slices.SortStableFunc(cloud, func(a, b runlog.Observation) int { return a.Received.Compare(b.Received) })
	decoded := map[string]*runlog.Answer{}
	earlier := map[int64]runlog.Observation{}
	for _, o := range cloud {
		t.asks(o)
		switch {
		case o.Error != nil:
		case o.Snapshot != nil:
			for _, seq := range o.Snapshot.Unchanged {
				again := earlier[seq]
				sent, received := t.aws(o.Sent), t.aws(o.Received)
				t.repeated[again.Operation] = append(t.repeated[again.Operation], sample[string]{sent: sent, received: received})
				switch a := decoded[string(again.Answer)]; {
				case a == nil:
				case again.Operation == runlog.OpDescribeAutoScalingGroups:
					t.confirmed = append(t.confirmed, t.ours(a, sent, received, string(again.Input))...)
				case again.Operation == runlog.OpDescribeListeners || again.Operation == runlog.OpDescribeRules:
					t.sampled(again, a, sent, received)
				}
			}
		default:
			if o.Unchanged == 0 {
				earlier[o.Seq] = o
			}
			t.answer(o, decoded)
		}
	}
	return t
}

// event is something that an answer reports, for the first time.
type event struct {
	operation string
	received  time.Time
	at        time.Time
	polled    bool // it would have been in the answer before
}

// reports notes when the answers first report something.
func (t *Trace) reports(o runlog.Observation, key string, at time.Time, known, polled bool) {
	if !known {
		t.reported = append(t.reported, event{key, t.aws(o.Received), at, polled})
	}
}

// inRound are the operations that are asked in every round.
var inRound = []string{
	runlog.OpDescribeAutoScalingGroups, runlog.OpDescribeScalingActivities, runlog.OpDescribeAlarms, runlog.OpDescribeAlarmHistory,
	runlog.OpGetMetricData, runlog.OpDescribeTargetHealth,
}

// historyOf is the alarm whose history was asked for; "" for none.
func historyOf(o runlog.Observation) string {
	var in struct{ AlarmName string }
	_ = json.Unmarshal(o.Input, &in) // else it is of none
	return in.AlarmName
}

// asks notes that a question was asked, and whether it failed.
func (t *Trace) asks(o runlog.Observation) {
	if !slices.Contains(inRound, o.Operation) || o.Operation == runlog.OpDescribeTargetHealth && t.h.TargetGroupARN == "" {
		return
	}
	q := sample[string]{value: o.Operation}
	if o.Operation == runlog.OpDescribeAlarmHistory {
		q.value += historyOf(o)
	}
	if o.Error != nil {
		q.question = "failed"
	}
	t.questions = append(t.questions, q)
}

// clock bounds the offset by the answers' dates, which are whole seconds.
func (t *Trace) clock() {
	first := true
	for _, o := range t.record.Cloud {
		if o.Date.IsZero() {
			continue
		}
		low, high := o.Date.Sub(o.Received), o.Date.Add(time.Second).Sub(o.Sent)
		if first {
			t.low, t.high, first = low, high, false
		}
		t.low, t.high = max(t.low, low), min(t.high, high)
	}
	if first {
		t.low, t.high = 0, time.Hour // nothing is known
	}
}

// offset is AWS's clock minus ours; clocks that may agree are taken to.
func (t *Trace) offset() time.Duration {
	if t.low > 0 || t.high < 0 {
		return (t.low + t.high) / 2
	}
	return 0
}

// bound is by how much the offset may be wrong.
func (t *Trace) bound() time.Duration { return max(t.offset()-t.low, t.high-t.offset()) }

func (t *Trace) aws(at time.Time) time.Time {
	if at.IsZero() {
		return at
	}
	return at.Add(t.offset()).UTC()
}

// load reads the phases. One that is entered again with another rate is the same.
func (t *Trace) load() {
	for _, line := range t.record.Load {
		t.interrupted = t.interrupted || line.Interrupted != nil
		if line.Calibration != nil {
			t.calibration = line.Calibration
		}
		at := t.aws(line.Time)
		if s := line.Second; s != nil {
			t.seconds = append(t.seconds, sample[*runlog.LoadSecond]{sent: at.Add(-runlog.Seconds(s.IntervalSeconds)), received: at, value: s})
		}
		p := line.Phase
		if p == nil {
			continue
		}
		if n := len(t.order); n > 0 && t.order[n-1] != p.Phase {
			span := t.phases[t.order[n-1]]
			t.phases[t.order[n-1]] = [2]time.Time{span[0], at}
		}
		if n := len(t.order); n == 0 || t.order[n-1] != p.Phase {
			t.order = append(t.order, p.Phase)
			t.phases[p.Phase], t.rates[p.Phase] = [2]time.Time{at}, p.OfferedRate
		}
		if p.HypothesisSHA256 != "" && t.digest == "" {
			t.digest, t.digestAt = p.HypothesisSHA256, line.Time
		}
	}
	_, done := t.phases[runlog.PhaseDone]
	t.interrupted = t.interrupted || !done
}

func (t *Trace) begin(p runlog.Phase) time.Time { return t.phases[p][0] }
func (t *Trace) end(p runlog.Phase) time.Time   { return t.phases[p][1] }

// released is when the load ended.
func (t *Trace) released() time.Time {
	if end := t.end(runlog.PhaseHold); !end.IsZero() {
		return end
	}
	return t.end(runlog.PhaseLoad)
}

// read are the operations whose answers are read here.
var read = []string{
	runlog.OpDescribeAutoScalingGroups, runlog.OpDescribeAlarms, runlog.OpDescribePolicies, runlog.OpDescribeTargetGroups,
	runlog.OpDescribeTargetHealth, runlog.OpDescribeScheduledActions, runlog.OpDescribeInstanceRefreshes,
	runlog.OpDescribeScalingActivities, runlog.OpDescribeAlarmHistory, runlog.OpGetMetricData,
}

// under is from the baseline to the end of the load.
func (t *Trace) under(at time.Time) bool {
	return !at.Before(t.first().Add(-t.evaluationRange())) && at.Before(t.released())
}

// running is from the baseline to the end of the run.
func (t *Trace) running(at time.Time) bool {
	return !at.Before(t.first().Add(-t.evaluationRange())) && !at.After(t.begin(runlog.PhaseDone))
}

// answer reads what an observation answers.
func (t *Trace) answer(o runlog.Observation, decoded map[string]*runlog.Answer) {
	a := decoded[string(o.Answer)]
	if a == nil {
		a = new(runlog.Answer)
		if json.Unmarshal(o.Answer, a) != nil {
			t.unread = t.unread || slices.Contains(read, o.Operation)
			return
		}
		decoded[string(o.Answer)] = a
	}
	sent, received := t.aws(o.Sent), t.aws(o.Received)
	key := o.Operation
	if key == runlog.OpDescribeAlarmHistory && historyOf(o) != t.h.AlarmName {
		key = "another alarm's history"
	}
	t.answered[key] = append(t.answered[key], sample[string]{sent: sent, received: received})
	if a.Next() != "" && !a.Before(t.first().Add(-time.Hour)) {
		t.pages = append(t.pages, sample[runlog.Observation]{question: a.Next(), value: o})
	}
	switch o.Operation {
	case runlog.OpDescribeScalingActivities:
		for _, activity := range a.Activities {
			_, known := t.activities[activity.ActivityId]
			t.reports(o, key, activity.StartTime, known, true)
			t.reports(o, key, activity.EndTime, t.activities[activity.ActivityId].EndTime.Equal(activity.EndTime), false)
			t.activities[activity.ActivityId] = activity
		}
	case runlog.OpDescribeAlarmHistory:
		for _, item := range a.AlarmHistoryItems {
			id := item.AlarmName + item.Timestamp.UTC().String() + item.HistoryItemType + item.HistoryData + item.HistorySummary
			_, known := t.history[id]
			t.reports(o, key, item.Timestamp, known, item.AlarmName == t.h.AlarmName)
			t.history[id] = item
		}
	case runlog.OpGetMetricData:
		t.read(o, a.MetricDataResults)
	default:
		t.sampled(o, a, sent, received)
	}
}

// sampled reads an answer that says how something is.
func (t *Trace) sampled(o runlog.Observation, a *runlog.Answer, sent, received time.Time) {
	question := string(o.Input)
	switch o.Operation {
	case runlog.OpDescribeAutoScalingGroups:
		t.groups = append(t.groups, t.ours(a, sent, received, question)...)
	case runlog.OpDescribeAlarms:
		for _, m := range a.MetricAlarms {
			t.reports(o, o.Operation, m.StateUpdatedTimestamp, false, false)
			t.alarms = append(t.alarms, sample[runlog.MetricAlarm]{sent, received, question, m})
		}
	case runlog.OpDescribePolicies:
		t.policies = append(t.policies, sample[[]runlog.ScalingPolicy]{sent, received, question, a.ScalingPolicies})
	case runlog.OpDescribeTargetGroups:
		for _, g := range a.TargetGroups {
			if g.TargetGroupArn == t.h.TargetGroupARN {
				t.targetGroups = append(t.targetGroups, sample[runlog.TargetGroup]{sent, received, question, g})
			}
		}
	case runlog.OpDescribeTargetHealth:
		t.health = append(t.health, sample[[]runlog.TargetHealthDescription]{sent, received, question, a.TargetHealthDescriptions})
	case runlog.OpDescribeScheduledActions:
		t.schedules = append(t.schedules, sample[[]runlog.ScheduledAction]{sent, received, question, a.ScheduledUpdateGroupActions})
	case runlog.OpDescribeInstanceRefreshes:
		t.refreshes = append(t.refreshes, sample[[]runlog.InstanceRefresh]{sent, received, question, a.InstanceRefreshes})
	case runlog.OpDescribeListeners, runlog.OpDescribeRules:
		actions := []runlog.ListenerAction{}
		for _, l := range a.Listeners {
			actions = append(actions, l.DefaultActions...)
		}
		for _, r := range a.Rules {
			actions = append(actions, r.Actions...)
		}
		t.routes = append(t.routes, sample[[]runlog.ListenerAction]{sent, received, question, actions})
	}
}

// ours are the group's samples among those of an answer.
func (t *Trace) ours(a *runlog.Answer, sent, received time.Time, question string) (all []sample[runlog.AutoScalingGroup]) {
	for _, g := range a.AutoScalingGroups {
		if g.AutoScalingGroupName == t.h.AutoScalingGroupName {
			all = append(all, sample[runlog.AutoScalingGroup]{sent, received, question, g})
		}
	}
	return all
}

// read reads datapoints of the claim's metric.
func (t *Trace) read(o runlog.Observation, results []runlog.MetricDataResult) {
	var in runlog.GetMetricDataInput
	if json.Unmarshal(o.Input, &in) != nil {
		t.unread = true
		return
	}
	if t.asked.IsZero() || in.StartTime.Before(t.asked) {
		t.asked = in.StartTime
	}
	for _, q := range in.MetricDataQueries {
		series, ok := t.h.Series(q)
		for _, result := range results {
			if !ok || result.Id != q.Id {
				continue
			}
			t.unread = t.unread || len(result.Timestamps) != len(result.Values)
			t.metricInError = t.metricInError || result.StatusCode == "InternalError" || result.StatusCode == "Forbidden"
			if t.metric[series] == nil {
				t.metric[series] = map[time.Time][]float64{}
			}
			for _, p := range result.Datapoints() {
				t.reports(o, o.Operation, p.Timestamp, t.metric[series][p.Timestamp] != nil, false)
				was := slices.DeleteFunc(t.metric[series][p.Timestamp], func(v float64) bool { return v == p.Value })
				t.metric[series][p.Timestamp] = append(was, p.Value)
			}
		}
	}
}
