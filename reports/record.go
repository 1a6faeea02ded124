package reports

import (
	"cmp"
	"fmt"
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

// readOrder reads what of it there is.
func readOrder(rec *runlog.Record) order {
	var o order
	if yaml.Unmarshal(rec.Scenario, &o) != nil {
		o = order{}
	}
	return o
}

// complete makes the page that of a load.
func (o order) complete(p *page, a *account) {
	var sum runlog.LoadSecond
	var intervals int
	for _, l := range a.Load {
		if l.Second != nil {
			intervals++
			sum.Add(*l.Second)
		}
	}
	p.name("Load on "+cmp.Or(o.Server, "an unknown server"), "No request is on record.")
	noFailure, noInstance := p.Lead, p.Lead
	if intervals > 0 {
		p.Lead = fmt.Sprintf("%d requests were offered; %d were answered as expected, %d failed, and %d were dropped.",
			sum.Offered, sum.Completed, sum.Failed, sum.Dropped)
		p.Numbers = loadNumbers(sum)
		noFailure, noInstance = "No request failed.", "No answer named the instance that gave it."
	}
	p.Lead += " A load claims nothing, so there is no verdict."
	for i, text := range []string{o.Server, o.Offered, o.Duration, o.Timeout} {
		name := []string{"sent to", "offered", "for", "time-out of a request"}[i]
		p.About = append(p.About, fact{name, cmp.Or(text, notAvailable)})
	}
	p.Tables = []table{
		latencyTable(a.latencies),
		rateTable("Failures of the requests sent", "cause", a.rates.errors, sum.Sent, noFailure),
		rateTable("Instances that completed the requests", "instance", a.rates.instances, sum.Completed, noInstance),
	}
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
	return lacks
}

// name gives a page that has no verdict its title.
func (p *page) name(heading, lead string) {
	p.Layout, p.Heading, p.Lead, p.Title, p.Numbers = "record", heading, lead, heading+" · "+p.Verdict.RunID, nil
}

// loadNumbers lists what became of the requests.
func loadNumbers(sum runlog.LoadSecond) []fact {
	throughput, lag := float64(sum.Completed)/sum.IntervalSeconds, sum.LagMaxSeconds*1000
	return []fact{
		{"requests offered", fmt.Sprint(sum.Offered)},
		{"requests sent", fmt.Sprint(sum.Sent)},
		{"requests completed", fmt.Sprint(sum.Completed)},
		{"requests failed", fmt.Sprint(sum.Failed)},
		{"requests dropped", fmt.Sprint(sum.Dropped)},
		{"throughput", number(&throughput, 1, "completed/s")},
		{"longest delay of sending", number(&lag, 1, "ms")},
		{"received", size(sum.BytesIn)},
		{"sent", size(sum.BytesOut)},
		{"time covered", number(&sum.IntervalSeconds, 1, "s")},
	}
}

// rateTable lists who or what had how many of the requests, the most first.
func rateTable(title, name string, of map[string]*rate, whole int64, none string) table {
	t := table{Title: title, Texts: 1, Head: []string{name, "requests", "share"}, None: none}
	for _, r := range busiest(of) {
		t.Rows = append(t.Rows, []string{r.Name, fmt.Sprint(r.total), share(r.total, whole)})
	}
	return t
}
