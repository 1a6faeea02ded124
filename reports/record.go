package reports

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// kind is what the reports of a kind of record are made of.
type kind struct {
	verdict  judge.Verdict // without an outcome where nothing is claimed
	figures  func(figure.Run) []*figure.Figure
	complete func(*page, *account)
}

func kindOf(rec *runlog.Record) kind {
	k := kind{figures: figure.All, complete: func(*page, *account) {}}
	switch rec.Manifest.Command {
	case runlog.CommandLoad:
		o := readOrder(rec)
		k.verdict.Where, k.figures, k.complete = o.Server, figure.Load, o.complete
	case runlog.CommandObserve:
		k.figures, k.complete = figure.Group, completeObserved
	}
	k.verdict.RunID = rec.Manifest.RunID
	return k
}

// order is what a load was asked to send, as its scenario.yaml says.
type order struct{ Server, Offered, Duration, Timeout string }

// readOrder reads what of it there is; the rest is n/a.
func readOrder(rec *runlog.Record) order {
	var o order
	if yaml.Unmarshal(rec.Scenario, &o) != nil {
		o = order{}
	}
	for _, text := range []*string{&o.Server, &o.Offered, &o.Duration, &o.Timeout} {
		*text = cmp.Or(*text, notAvailable)
	}
	return o
}

// complete makes the page that of a load.
func (o order) complete(p *page, a *account) {
	var sum runlog.LoadSecond
	var intervals int
	answers := map[string]runlog.InstanceSecond{}
	for _, l := range a.Load {
		if l.Second == nil {
			continue
		}
		intervals++
		sum.Add(*l.Second)
		for id, i := range l.Second.Instances {
			answers[id] = runlog.InstanceSecond{Completed: answers[id].Completed + i.Completed, Failed: answers[id].Failed + i.Failed}
		}
	}
	p.name("Load on "+o.Server, "No request was sent.")
	if intervals > 0 {
		p.Lead = fmt.Sprintf("%d requests were offered; %d were answered as expected, %d failed, and %d were dropped.",
			sum.Offered, sum.Completed, sum.Failed, sum.Dropped)
		p.Numbers = loadNumbers(sum)
	}
	p.Lead += " A load claims nothing, so there is no verdict."
	p.About = []fact{{"sent to", o.Server}, {"offered", o.Offered}, {"for", o.Duration}, {"time-out of a request", o.Timeout}}
	p.Tables = []table{latencyTable(a.latencies), causeTable(sum), instanceTable(answers, sum.Completed)}
	p.Warnings = append(p.Warnings, o.missing(a, intervals, seconds(sum.IntervalSeconds))...)
}

// missing says what a record of a load lacks.
func (o order) missing(a *account, intervals int, covered time.Duration) (lacks []string) {
	if a.Scenario == nil {
		lacks = append(lacks, "scenario.yaml is missing: what was to be sent, where and for how long is not on record.")
	}
	asked, _ := time.ParseDuration(o.Duration)
	switch {
	case intervals == 0:
		lacks = append(lacks, "load.jsonl holds no interval: the load ended before its first second was written. "+
			"There are no numbers, no latencies, and nothing to draw.")
	case covered < asked-time.Second:
		lacks = append(lacks, fmt.Sprintf("The load was to last %s, but the record ends after %s: the rest was not sent, or not written.",
			asked, covered.Round(100*time.Millisecond)))
	}
	if intervals == 1 {
		lacks = append(lacks, "load.jsonl holds a single interval: figures over time have one point.")
	}
	return append(lacks, unsealed(a.Manifest)...)
}

func unsealed(m runlog.Manifest) []string {
	if m.Complete {
		return nil
	}
	return []string{"The record is not sealed: what made it was killed, or still runs. What came after its last line is missing."}
}

// name gives a page that has no verdict its title.
func (p *page) name(heading, lead string) {
	p.Layout, p.Heading, p.Lead, p.Title = "record", heading, lead, heading+" · "+p.Verdict.RunID
}

// loadNumbers lists what became of the requests.
func loadNumbers(sum runlog.LoadSecond) []fact {
	throughput, lag := float64(sum.Completed)/sum.IntervalSeconds, sum.LagMaxSeconds*1000
	return []fact{
		{"requests offered", fmt.Sprint(sum.Offered)},
		{"requests sent", fmt.Sprint(sum.Sent)},
		{"requests completed", fmt.Sprint(sum.Completed)},
		{"requests failed", fmt.Sprintf("%d, %s of those sent", sum.Failed, share(sum.Failed, sum.Sent))},
		{"requests dropped", fmt.Sprintf("%d, %s of those offered", sum.Dropped, share(sum.Dropped, sum.Offered))},
		{"throughput", number(&throughput, 1, "completed/s")},
		{"longest delay of sending", number(&lag, 1, "ms")},
		{"bytes received", size(sum.BytesIn)},
		{"bytes sent", size(sum.BytesOut)},
		{"time covered", number(&sum.IntervalSeconds, 1, "s")},
	}
}

// causeTable lists the causes of failures, the most frequent first.
func causeTable(sum runlog.LoadSecond) table {
	t := table{Title: "Failures", Texts: 1, Head: []string{"cause", "requests", "of those sent"}, None: "No request failed."}
	if sum.Sent == 0 {
		t.None = "No request was sent that could have failed."
	}
	for _, cause := range most(sum.Errors, func(n int64) int64 { return n }) {
		t.Rows = append(t.Rows, []string{cause, fmt.Sprint(sum.Errors[cause]), share(sum.Errors[cause], sum.Sent)})
	}
	return t
}

// instanceTable lists who answered, the busiest first.
func instanceTable(answers map[string]runlog.InstanceSecond, completed int64) table {
	t := table{
		Title: "Instances", Texts: 1, Head: []string{"answered by", "completed", "of all completed", "failed"},
		None: "No answer named the instance that gave it.",
	}
	for _, id := range most(answers, func(i runlog.InstanceSecond) int64 { return i.Completed }) {
		if id == "" && len(answers) == 1 {
			break
		}
		t.Rows = append(t.Rows, []string{cmp.Or(id, "no answer, or none that named its instance"),
			fmt.Sprint(answers[id].Completed), share(answers[id].Completed, completed), fmt.Sprint(answers[id].Failed)})
	}
	return t
}

// most returns the keys, those of the highest count first.
func most[V any](all map[string]V, count func(V) int64) (keys []string) {
	for key := range all {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b string) int { return cmp.Or(cmp.Compare(count(all[b]), count(all[a])), cmp.Compare(a, b)) })
	return keys
}
