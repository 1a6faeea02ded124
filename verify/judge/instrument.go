package judge

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
)

// maxFailedShare is the share of failed requests above which the load was not
// the one that was declared.
const maxFailedShare = 0.01

// instrument is P4, the load generator: what was offered was sent, without a
// silence, and answered.
func (t *analysis) instrument() Finding {
	f := t.declared("premise.instrument", "P4: load generator",
		"at least %s %% of the offered requests sent, at most %s %% failed, no interval missing",
		number(100*t.h.MinAchieved), number(100*maxFailedShare))
	if l := t.load.disordered; l > 0 {
		return f.with(Broken, loadEvidence(l), "this line does not fit the order of the phases")
	}
	if l := t.load.overlap(); l > 0 {
		return f.with(Broken, loadEvidence(l), "this interval begins before the previous one ended")
	}
	from, to := t.load.firstLoad(), t.load.ended()
	if from.IsZero() || t.load.began().IsZero() {
		return f.open("%s", strings.TrimSuffix(beforeLoadStep+": "+t.load.note, ": "))
	}
	if at, silent := t.load.gap(from, to); silent > 0 {
		return f.open("load.jsonl has no line for %s s after %s", number(silent.Seconds()), clockTime(at))
	}
	if !(t.h.MinAchieved > 0 && t.h.MinAchieved <= 1) {
		return f.broken("the least share that must be sent is declared as %s, which is not between 0 and 1", number(t.h.MinAchieved))
	}
	var sums []string
	for _, part := range []struct {
		name   string
		phases []runlog.Phase
	}{{"control", []runlog.Phase{runlog.PhaseControl}}, {"load and hold", []runlog.Phase{runlog.PhaseLoad, runlog.PhaseHold}}} {
		sum := t.sum(part.phases...)
		if sum.Offered == 0 {
			return f.open("%s: no request was offered", part.name)
		}
		achieved, failed := float64(sum.Sent)/float64(sum.Offered), float64(sum.Failed)/float64(max(1, sum.Sent))
		sums = append(sums, fmt.Sprintf("%s: %d offered, %d not sent by its end, %d failed, %d dropped",
			part.name, sum.Offered, max(0, sum.Offered-sum.Sent), sum.Failed, sum.Dropped))
		if achieved < t.h.MinAchieved || failed > maxFailedShare {
			return f.broken("%s", sums[len(sums)-1])
		}
	}
	return f.held("%s", strings.Join(sums, "; "))
}

func (t *analysis) sum(phases ...runlog.Phase) runlog.LoadSecond {
	var sum runlog.LoadSecond
	for _, s := range t.load.seconds {
		if slices.Contains(phases, s.Phase) {
			sum.Add(*s.LoadSecond)
		}
	}
	return sum
}

// observation is P5, the observer: no line missing, no answer unreadable, and
// no silence longer than declared while the chain was watched.
func (t *analysis) observation() Finding {
	f := t.declared("premise.observation", "P5: observer", "no line missing, every answer readable, no silence longer than %s s",
		number(t.h.MaxPollGapSeconds))
	if s := t.missingSeq(); s > 0 {
		return f.broken("observation %d is missing or out of order", s)
	}
	if u := t.cloud.Unread; len(u) > 0 {
		return f.with(Broken, []Evidence{{File: runlog.CloudFile, Line: u[0]}}, "answers that cannot be read: %d", len(u))
	}
	if o, why := t.unreadPage(); o != nil {
		return f.with(Undetermined, evidence(o), "%s", why)
	}
	if o, why := t.implausible(); o != nil {
		return f.with(Broken, evidence(o), "%s", why)
	}
	premises, ok := t.load.phases[runlog.PhasePremises]
	switch {
	case t.ended.IsZero():
		return f.notJudged(beforeLoadStep)
	case !ok:
		return f.open("the record has no phase %s", runlog.PhasePremises)
	}
	longest := 0.0
	for _, operation := range t.watched() {
		at, silent := t.silence(operation, t.aws(premises.start), t.watchEnd())
		longest = math.Max(longest, silent)
		if silent > t.h.MaxPollGapSeconds {
			return f.broken("%s was not answered for %s s after %s", operation, number(silent), clockTime(at))
		}
	}
	if why := t.unwatched(t.aws(premises.start), t.watchEnd()); why != "" {
		return f.open("%s", why)
	}
	// After the end of the run the generator may still wait for answers.
	end := cmp.Or(t.load.done, t.load.last)
	if t.lastAnswer().Add(t.tail()).Before(end) {
		return f.broken("the last answer came at %s, but the run went on until %s", clockTime(t.lastAnswer()), clockTime(end))
	}
	return f.held("%s, longest silence %s s", runlog.Count(len(t.r.Cloud), "answer"), number(longest))
}

// missingSeq is the first seq that is missing or doubled; 0 if there is none.
func (t *analysis) missingSeq() int64 {
	for i, o := range t.r.Cloud {
		if want := int64(i + 1); o.Seq != want {
			return want
		}
	}
	return 0
}

// watched are the operations whose silence would hide something.
func (t *analysis) watched() []string {
	all := []string{
		runlog.OpDescribeAutoScalingGroups, runlog.OpDescribeScalingActivities, runlog.OpDescribeAlarms,
		runlog.OpDescribeAlarmHistory, runlog.OpGetMetricData,
	}
	if t.h.TargetGroupARN != "" {
		all = append(all, runlog.OpDescribeTargetHealth)
	}
	return all
}

// silence is the longest time in [from, to] without an answer.
func (t *analysis) silence(operation string, from, to time.Time) (at time.Time, seconds float64) {
	var answers []time.Time
	for _, o := range t.cloud.Answered[operation] {
		if received := t.aws(o.Received); received.After(from) && received.Before(to) {
			answers = append(answers, received)
		}
	}
	previous := from
	for _, next := range append(answers, to) {
		if d := next.Sub(previous).Seconds(); d > seconds {
			at, seconds = previous, d
		}
		previous = next
	}
	return at, seconds
}

func (t *analysis) lastAnswer() time.Time {
	for _, o := range slices.Backward(t.r.Cloud) {
		if o.Error == nil {
			return o.Received
		}
	}
	return time.Time{}
}

// tail is how much earlier than the run the observer may end: a few polls, which
// in a long hold are sparser than while the chain was watched.
func (t *analysis) tail() time.Duration {
	widest := t.h.MaxPollGapSeconds
	all := t.cloud.Answered[runlog.OpDescribeAutoScalingGroups]
	for i := 1; i < len(all); i++ {
		widest = max(widest, all[i].Received.Sub(all[i-1].Received).Seconds())
	}
	return runlog.Seconds(widest)
}

// data is P6, CloudWatch: every period of the group's CPU is there.
func (t *analysis) data() Finding {
	f := t.declared("premise.data", "P6: datapoints",
		"a datapoint of the group's %s for every period from the baseline to the end of the chain; those of its instances, and those that the "+
			"alarm was evaluated on, agree",
		t.h.Metric.MetricName)
	from, _, ok := t.baselineWindow()
	switch {
	case t.ended.IsZero():
		return f.notJudged(beforeLoadStep)
	case !ok:
		return f.open("%s", t.noBaseline())
	}
	if bad := t.cloud.Metric.Failed; len(bad) > 0 {
		return f.with(Broken, []Evidence{{File: runlog.CloudFile, Line: bad[0]}},
			"answers that CloudWatch itself reports as incomplete: %d", len(bad))
	}
	if t.h.Metric.CountsRequests() {
		from = t.firstLoad // before it there was nothing to count
	}
	lag := t.h.PublishLag()
	to := t.watchEnd()
	if visible := t.watchedUntil(runlog.OpGetMetricData).Add(-lag); visible.Before(to) {
		to = visible
	}
	if gaps := t.cloud.Metric.Missing(from, to); len(gaps) > 0 {
		return f.open("periods without a datapoint: %d, the first at %s", len(gaps), clockTime(gaps[0]))
	}
	n := len(t.cloud.Metric.Within(runlog.GroupSeries, from, to))
	if n == 0 {
		return f.open("there are no datapoints")
	}
	if p, why := t.disagreement(from, to); p != nil {
		return f.with(Broken, evidence(p.Last), "%s", why)
	}
	if tr, why := t.foreignDatapoint(); tr != nil {
		return f.with(Broken, evidence(tr.Source), "the alarm's transition at %s: %s", clockTime(tr.At), why)
	}
	return f.held("%s, none missing", runlog.Count(n, "datapoint"))
}
