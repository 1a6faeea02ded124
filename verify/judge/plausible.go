package judge

import (
	"fmt"
	"slices"
	"time"

	"secondwind/runlog"
)

// implausible finds what an honest observer's record cannot hold: an answer that
// stands twice, that reports the future, that shows late what earlier answers
// should have shown, a question left out of a round, or a state that another API denies. It names the observation
// and says why; nil if there is none.
func (t *analysis) implausible() (*runlog.Observation, string) {
	for _, look := range []func() (*runlog.Observation, string){t.duplicateRequestID, t.futureDated, t.lateAppearing, t.missedPoll,
		t.contradicted} {
		if o, why := look(); o != nil {
			return o, why
		}
	}
	return nil, ""
}

// duplicateRequestID: AWS gives every answer a request id of its own.
func (t *analysis) duplicateRequestID() (*runlog.Observation, string) {
	first := make(map[string]int64, len(t.r.Cloud))
	for i := range t.r.Cloud {
		o := &t.r.Cloud[i]
		if was := first[o.RequestID]; was > 0 && o.RequestID != "" {
			return o, fmt.Sprintf("observation %d has the request id of observation %d", o.Seq, was)
		}
		first[o.RequestID] = o.Seq
	}
	return nil, ""
}

// dated is a time that an answer reports.
type dated struct {
	by *runlog.Observation
	at time.Time
}

// futureDated: an answer cannot hold what happened after it was received.
func (t *analysis) futureDated() (*runlog.Observation, string) {
	for d := range t.reported {
		if d.at.After(t.aws(d.by.Received).Add(t.clock.bound + staleness)) {
			return d.by, fmt.Sprintf("%s reports an event of %s, later than the answer itself", d.by.Operation, clockTime(d.at))
		}
	}
	return nil, ""
}

// reported hands over all times that answers report.
func (t *analysis) reported(each func(dated) bool) {
	for _, a := range t.cloud.Activities {
		if !each(dated{a.First, a.Value.StartTime}) || !each(dated{a.Observation, a.Value.EndTime}) {
			return
		}
	}
	for _, i := range t.cloud.History {
		if !each(dated{i.First, i.Value.Timestamp}) {
			return
		}
	}
	for _, a := range t.cloud.Alarms {
		if !each(dated{a.Observation, a.Value.StateUpdatedTimestamp}) {
			return
		}
	}
	for _, series := range t.cloud.Metric.Series {
		for _, p := range t.cloud.Metric.All(series) {
			if !each(dated{p.First, p.Start}) {
				return
			}
		}
	}
}

// lateAppearing: once something happened, answers show it within the silence that the
// observer itself is allowed. AWS's lists are eventually consistent, but one that
// lags longer cannot be distinguished from one that was added to.
func (t *analysis) lateAppearing() (*runlog.Observation, string) {
	limit := runlog.Seconds(t.h.MaxPollGapSeconds) + t.clock.bound + staleness
	var all []dated
	for _, a := range t.cloud.Activities {
		all = append(all, dated{a.First, a.Value.StartTime})
	}
	for _, i := range t.cloud.History {
		if i.Value.AlarmName == t.h.AlarmName { // only this one's answers are kept
			all = append(all, dated{i.First, i.Value.Timestamp})
		}
	}
	for _, d := range all {
		if slices.ContainsFunc(t.cloud.Answered[d.by.Operation], func(o *runlog.Observation) bool {
			return o.Received.Before(d.by.Received) && t.aws(o.Sent).Sub(d.at) > limit
		}) {
			return d.by, fmt.Sprintf("%s reports an event of %s only here, although earlier answers came well after it", d.by.Operation,
				clockTime(d.at))
		}
	}
	return nil, ""
}

// missedPoll: an observer asks all its questions in every round, so between two
// answers to one question every other was asked too. Where a question failed it
// may have given the round up.
func (t *analysis) missedPoll() (*runlog.Observation, string) {
	watched := map[string]bool{}
	for _, operation := range t.watched() {
		watched[operation] = true
	}
	rounds := make([]asking, 0, len(t.cloud.Asked))
	for _, o := range t.cloud.Asked {
		if watched[o.Operation] {
			rounds = append(rounds, asking{t.question(o), o})
		}
	}
	for _, reference := range []string{runlog.OpDescribeScalingActivities, runlog.OpGetMetricData} {
		if o, missing := leftOut(rounds, reference); o != nil {
			return o, fmt.Sprintf("%s was not asked in the round that ends with observation %d", missing, o.Seq)
		}
	}
	return nil, ""
}

// asking is an observation and the question that it asks again and again.
type asking struct {
	question string
	*runlog.Observation
}

// question distinguishes the histories of two alarms; the rest is known by its
// operation.
func (t *analysis) question(o *runlog.Observation) string {
	if o.Operation == runlog.OpDescribeAlarmHistory {
		return o.Operation + " of " + t.cloud.HistoryOf(o)
	}
	return o.Operation
}

// leftOut finds two neighbouring askings of the reference without one of another
// question between, though that was asked both before and after.
func leftOut(all []asking, reference string) (*runlog.Observation, string) {
	last := map[string]int{}
	for i, a := range all {
		last[a.question] = i
	}
	begun, asked := []string{}, map[string]bool{} // begun is sorted
	failed, before := true, false                 // the first round may have begun before its reference
	for i, a := range all {
		failed = failed || a.Error != nil
		asked[a.question] = true
		if a.question != reference {
			continue
		}
		if before && !failed {
			for _, q := range begun {
				if !asked[q] && last[q] > i {
					return a.Observation, q
				}
			}
		}
		for q := range asked {
			if place, known := slices.BinarySearch(begun, q); !known {
				begun = slices.Insert(begun, place, q)
			}
		}
		before, failed = true, a.Error != nil
		clear(asked)
		asked[reference] = true
	}
	return nil, ""
}
