package timeline_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// reported is what a timeline says, in words.
func reported(tl *timeline.Timeline) string {
	var b strings.Builder
	for _, g := range tl.Groups {
		fmt.Fprintln(&b, "desired", g.Value.DesiredCapacity)
	}
	for _, a := range tl.Activities {
		fmt.Fprintln(&b, "activity", a.Value.ActivityId, a.Value.StatusCode, "first reported in", a.First.Seq, "last in", a.Seq)
	}
	for _, tr := range tl.Transitions("") {
		fmt.Fprintln(&b, tr.AlarmName, tr.To.StateValue, tr.At, tr.Source.Seq)
	}
	for _, series := range tl.Metric.Series {
		for _, p := range tl.Metric.All(series) {
			fmt.Fprintln(&b, series, p.Start, p.Values, p.First.Seq, p.Last.Seq)
		}
	}
	for operation, all := range tl.Answered {
		if !slices.IsSortedFunc(all, func(a, b *runlog.Observation) int { return a.Received.Compare(b.Received) }) {
			fmt.Fprintln(&b, operation, "is not in the order of arrival")
		}
	}
	return b.String()
}

func (r *record) activities(seconds float64, all ...runlog.Activity) *runlog.Observation {
	return r.see(seconds, runlog.OpDescribeScalingActivities, nil, runlog.Answer{Activities: all})
}

// TestTheOrderInWhichAnswersAreWrittenChangesNothing: questions that are asked at
// once are written in whichever order their answers are taken in.
func TestTheOrderInWhichAnswersAreWrittenChangesNothing(t *testing.T) {
	r := record{t: t}
	r.group(1, "web", 1)
	r.series(2, 0, ofGroup, 10)
	r.series(3, 0, instance("i-1"), 10)
	r.activities(4, runlog.Activity{ActivityId: "a", StartTime: at(3), StatusCode: "InProgress"})
	r.history(5, "high",
		runlog.AlarmHistoryItem{Timestamp: at(4), HistoryItemType: "StateUpdate", HistorySummary: "Alarm updated from OK to ALARM"})
	r.series(12, 0, ofGroup, 30, 31)
	r.group(13, "web", 2)
	r.activities(14, runlog.Activity{ActivityId: "a", StartTime: at(3), StatusCode: "Successful"},
		runlog.Activity{ActivityId: "late", StartTime: at(2)})
	r.history(15, "high",
		runlog.AlarmHistoryItem{Timestamp: at(4), HistoryItemType: "StateUpdate", HistorySummary: "Alarm updated from OK to ALARM"},
		runlog.AlarmHistoryItem{Timestamp: at(14), HistoryItemType: "StateUpdate", HistorySummary: "Alarm updated from ALARM to OK"})
	r.series(22, 0, ofGroup, 10, 31, 12)
	want := reported(timeline.New(r.cloud, subject))
	for seed := range uint64(200) {
		shuffled := slices.Clone(r.cloud)
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if got := reported(timeline.New(shuffled, subject)); got != want {
			t.Fatalf("shuffled by seed %d the timeline says\n%s\nwant\n%s", seed, got, want)
		}
	}
}

func TestAnswersOfOneInstantStayInTheOrderOfTheRecord(t *testing.T) {
	r := record{t: t}
	for desired := range 5 {
		r.group(1, "web", desired)
	}
	for i, g := range timeline.New(r.cloud, subject).Groups {
		if g.Value.DesiredCapacity != i {
			t.Errorf("answer %d has desired capacity %d, want %d as written", i, g.Value.DesiredCapacity, i)
		}
	}
}

func TestAPeriodThatStandsTwiceInAnAnswerIsOneDatapoint(t *testing.T) {
	r := record{t: t}
	r.see(15, runlog.OpGetMetricData, string(r.series(14, 0, ofGroup).Input), `{"MetricDataResults":[{"Id":"q","StatusCode":"Complete",`+
		`"Timestamps":["2026-03-14T12:00:10Z","2026-03-14T12:00:00Z","2026-03-14T13:00:00+01:00"],"Values":[3,1,2]}]}`)
	tl := timeline.New(r.cloud, subject)
	if got := values(tl.Metric.All(runlog.GroupSeries)); !slices.Equal(got, []float64{2, 3}) {
		t.Errorf("values = %v, want the second of the period that stands twice, then 3", got)
	}
	if d := tl.Metric.At(runlog.GroupSeries, noon.Local()); d == nil || !slices.Equal(d.Values, []float64{1, 2}) {
		t.Errorf("the period of noon = %+v, want both of its values", d)
	}
}

func TestADatapointThatAppearsLateStandsInItsPeriod(t *testing.T) {
	r := record{t: t}
	r.series(11, 0, ofGroup, 1)
	r.series(31, 20, ofGroup, 3)
	early := timeline.New(r.cloud, subject)
	if gaps := early.Metric.Missing(at(0), at(30)); len(gaps) != 1 || !gaps[0].Equal(at(10)) {
		t.Errorf("Missing = %v before the datapoint appears, want the period from 10", gaps)
	}
	r.series(95, 10, ofGroup, 2)
	tl := timeline.New(r.cloud, subject)
	if got := values(tl.Metric.All(runlog.GroupSeries)); !slices.Equal(got, []float64{1, 2, 3}) {
		t.Errorf("values = %v, want them by their periods", got)
	}
	if gaps := tl.Metric.Missing(at(0), at(30)); gaps != nil {
		t.Errorf("Missing = %v once the datapoint appeared, want none", gaps)
	}
	if d := tl.Metric.At(runlog.GroupSeries, at(10)); d.First.Seq != 3 {
		t.Errorf("it was first reported by observation %d, want the late one, 3", d.First.Seq)
	}
}

// TestAPageThatIsMissingTakesNothingFromTheOthers: a list has pages, of which one
// may be throttled, and forgets what is old.
func TestAPageThatIsMissingTakesNothingFromTheOthers(t *testing.T) {
	r := record{t: t}
	old, young := runlog.Activity{ActivityId: "old", StartTime: at(1)}, runlog.Activity{ActivityId: "young", StartTime: at(8)}
	r.activities(10, young)
	r.activities(11, old)
	r.activities(20, young)
	r.activities(21).Error = &runlog.APIError{Code: "Throttling"}
	r.activities(30)
	tl := timeline.New(r.cloud, subject)
	if len(tl.Activities) != 2 || tl.Activities[0].Value.ActivityId != "old" || tl.Activities[0].Seq != 2 || tl.Activities[1].First.Seq != 1 {
		t.Errorf("activities = %+v, want old as observation 2 reported it, and young, first reported by 1", tl.Activities)
	}
	if len(tl.Answered[runlog.OpDescribeScalingActivities]) != 4 || len(tl.Asked) != 5 || len(tl.Unread) != 0 {
		t.Errorf("%d answers of %d asked, %d unread; want 4 of 5 and none", len(tl.Answered[runlog.OpDescribeScalingActivities]),
			len(tl.Asked), len(tl.Unread))
	}
}

// TestTheSameAnswerToAnotherQuestionIsAnotherSeries: answers that repeat are
// decoded once, but what they are about stands in the question.
func TestTheSameAnswerToAnotherQuestionIsAnotherSeries(t *testing.T) {
	r := record{t: t}
	r.series(1, 0, ofGroup, 7)
	r.series(2, 0, instance("i-1"), 7)
	r.see(3, runlog.OpGetMetricData, "{}", "{}") // as an input and as an answer
	tl := timeline.New(r.cloud, subject)
	if !slices.Equal(tl.Metric.Series, []string{runlog.GroupSeries, "i-1"}) || len(tl.Unread) != 0 {
		t.Errorf("series %q, unread %v; want the group's and the instance's, and none", tl.Metric.Series, tl.Unread)
	}
}
