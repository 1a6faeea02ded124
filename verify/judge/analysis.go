package judge

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// analysis is a run under judgement: the record taken apart, and what was found so
// far. The steps of Judge read it and add to it in a fixed order.
type analysis struct {
	r      *runlog.Record
	h      runlog.Hypothesis // zero if none was declared
	load   load
	cloud  *timeline.Timeline
	clock  clock
	period time.Duration
	// By AWS's clock; zero if the run ended before.
	firstLoad, began, ended time.Time

	alarms  []timeline.Seen[*runlog.MetricAlarm] // the declared alarm in every answer
	alarm   *timeline.Seen[runlog.MetricAlarm]   // as it was configured when the load began
	policy  *runlog.ScalingPolicy                // nil if the alarm invokes none
	initial map[string]bool                      // instances the group had before the load

	events map[runlog.Link]interval          // e0 … e7 as far as they were seen
	breach *timeline.Datapoint               // e1
	fired  *timeline.Transition              // e2
	acted  []*timeline.Seen[runlog.Activity] // e3: one for each instance that was launched
	oldIDs []string                          // that the load began with
	newIDs []string                          // that the activities launched
	effect *float64                          // mean CPU per instance after e6, of the busiest one
}

func newAnalysis(r *runlog.Record) *analysis {
	t := &analysis{r: r, load: newLoad(r.Load), initial: map[string]bool{}, events: map[runlog.Link]interval{}}
	if r.Hypothesis != nil {
		t.h = *r.Hypothesis
	}
	subject := timeline.SubjectOf(r)
	t.cloud, t.clock, t.period = timeline.New(r.Cloud, subject), newClock(r.Cloud), subject.Period()
	t.firstLoad, t.began, t.ended = t.aws(t.load.firstLoad()), t.aws(t.load.began()), t.aws(t.load.ended())
	t.findConfiguration()
	return t
}

// aws is a time of our clock by AWS's; zero stays zero.
func (t *analysis) aws(at time.Time) time.Time { return t.clock.aws(at) }

// findConfiguration reads how group, alarm and policy were configured before the load;
// where the load never began, as they were last.
func (t *analysis) findConfiguration() {
	before := t.load.began()
	if before.IsZero() {
		before = forever
	}
	for _, a := range t.cloud.Alarms {
		if a.Value.AlarmName == t.h.AlarmName {
			t.alarms = append(t.alarms, a)
		}
	}
	if a := last(t.alarms, before); a != nil {
		t.alarm = &timeline.Seen[runlog.MetricAlarm]{Observation: a.Observation, Value: *a.Value, First: a.First}
	}
	if p := last(t.cloud.Policies, before); p != nil && t.h.PolicyName != "" {
		for i := range p.Value {
			if p.Value[i].PolicyName == t.h.PolicyName {
				t.policy = &p.Value[i]
			}
		}
	}
	for _, g := range t.cloud.Groups {
		if g.Received.After(before) {
			break
		}
		for _, i := range g.Value.Instances {
			t.initial[i.InstanceId] = true
		}
		if ids := g.Value.InService(); len(ids) > 0 {
			t.oldIDs = ids
		}
	}
}

func (t *analysis) breaches(value float64) bool {
	if t.alarm != nil && t.alarm.Value.ComparisonOperator == "GreaterThanOrEqualToThreshold" {
		return value >= t.h.Threshold
	}
	return value > t.h.Threshold
}

// watchEnd is until when the whole chain is watched: its end, or the load's.
func (t *analysis) watchEnd() time.Time {
	if m, ok := t.events[runlog.LinkLoadShared]; ok && m.hi.Before(t.ended) {
		return m.hi
	}
	return t.ended
}

// expect begins a finding that nothing was found of yet.
func expect(id, name, expected string, args ...any) Finding {
	return Finding{ID: id, Name: name, Status: Undetermined, Expected: fmt.Sprintf(expected, args...)}
}

// declared is expect with what the hypothesis declares.
func (t *analysis) declared(id, name, expected string, args ...any) Finding {
	if t.r.Hypothesis == nil {
		return expect(id, name, wouldDeclare)
	}
	return expect(id, name, expected, args...)
}

// wouldDeclare is what is expected where nothing was declared.
const wouldDeclare = "what a hypothesis would declare"

// forever is later than any time in a record.
var forever = time.Unix(1<<40, 0)

// Why something is not judged.
const (
	undeclared     = "no hypothesis was declared"
	beforeAnyLoad  = "the run ended before any load was offered"
	beforeLoadStep = "the run ended before the load step"
	beforeRelease  = "the run ended before the load was released"
	duringRelease  = "the run ended before the group had scaled in"
)

func (f Finding) with(status Status, evidence []Evidence, seen string, args ...any) Finding {
	f.Status, f.Evidence, f.Seen = status, evidence, fmt.Sprintf(seen, args...)
	return f
}

func (f Finding) held(seen string, args ...any) Finding {
	return f.with(Held, f.Evidence, seen, args...)
}
func (f Finding) broken(seen string, args ...any) Finding {
	return f.with(Broken, f.Evidence, seen, args...)
}
func (f Finding) notJudged(seen string, args ...any) Finding {
	return f.with(NotJudged, f.Evidence, seen, args...)
}
func (f Finding) open(seen string, args ...any) Finding {
	return f.with(Undetermined, f.Evidence, seen, args...)
}

// list names instances in a sentence.
func list(ids []string) string { return strings.Join(ids, ", ") }

// amount is a value of the claim's metric in words.
func (t *analysis) amount(v float64) string { return t.h.Metric.Amount(number(v)) }

// number prints a value with at most three decimals and no needless zeros.
func number(v float64) string {
	s := strings.TrimRight(strings.TrimRight(strconv.FormatFloat(v, 'f', 3, 64), "0"), ".")
	if s == "-0" {
		return "0"
	}
	return s
}

func clockTime(at time.Time) string { return at.UTC().Format("15:04:05.000Z") }
