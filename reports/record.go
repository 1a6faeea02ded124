package reports

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"secondwind/runlog"
)

// ordered is what a load was asked to send, as its scenario.yaml says: server, offered,
// duration and timeout; "" is not known.
func ordered(rec *runlog.Record) map[string]string {
	var s struct {
		Timeout  string `yaml:"timeout"`
		LoadOnly struct {
			URL      string `yaml:"url"`
			Targets  string `yaml:"targets"`
			Profile  string `yaml:"profile"`
			Replay   string `yaml:"replay"`
			Users    string `yaml:"users"`
			Duration string `yaml:"duration"`
			Phases   []struct {
				Name    string `yaml:"name"`
				Profile string `yaml:"profile"`
				Replay  string `yaml:"replay"`
				Users   string `yaml:"users"`
			} `yaml:"phases"`
		} `yaml:"load_only"`
	}
	if yaml.Unmarshal(rec.Scenario, &s) != nil {
		return nil
	}
	l := s.LoadOnly
	if rate, constant := strings.CutPrefix(l.Profile, "constant:"); constant {
		l.Profile = rate + "/s"
	}
	if l.Users != "" {
		l.Users += " users"
	}
	var phases []string
	for _, p := range l.Phases {
		phases = append(phases, p.Name+" "+cmp.Or(p.Users, p.Replay, p.Profile))
	}
	return map[string]string{
		"server":  cmp.Or(l.URL, l.Targets),
		"offered": cmp.Or(strings.Join(phases, ", "), l.Users, l.Replay, l.Profile), "duration": l.Duration, "timeout": s.Timeout,
	}
}

// completeLoad makes the page that of a load.
func completeLoad(p *page, a *account) {
	order := ordered(a.Record)
	var sum runlog.LoadSecond
	var intervals int
	for _, l := range a.Load {
		if l.Second != nil {
			intervals++
			sum.Add(*l.Second)
		}
	}
	p.name("Load on "+cmp.Or(order["server"], "an unknown server"), "No request is on record.")
	noFailure, noInstance := p.Lead, p.Lead
	if intervals > 0 {
		p.Lead = fmt.Sprintf("%d requests were offered; %d were answered as expected, %d failed, and %d were dropped.",
			sum.Offered, sum.Completed, sum.Failed, sum.Dropped)
		p.Numbers = loadNumbers(sum)
		noFailure, noInstance = "No request failed.", "No answer named the instance that gave it."
	}
	p.Lead += " A load claims nothing, so there is no verdict."
	for _, key := range []string{"server", "offered", "duration", "timeout"} {
		p.About = append(p.About, fact{key, cmp.Or(order[key], notAvailable)})
	}
	p.Tables = []table{
		latencyTable(a.latencies),
		rateTable("Failures of the requests sent", "cause", a.rates.errors, sum.Sent, noFailure),
		rateTable("Instances that completed the requests", "instance", a.rates.instances, sum.Completed, noInstance),
	}
	if len(a.run.Phases) > 0 {
		p.Tables = append(p.Tables, phaseTable(a))
	}
	p.Warnings = append(p.Warnings, missing(a, order, intervals, runlog.Seconds(sum.IntervalSeconds))...)
	p.Warnings = append(p.Warnings, limited(a.Load, intervals)...)
}

// phaseTable lists what became of the requests of each phase.
func phaseTable(a *account) table {
	t := table{
		Title: "Phases", Texts: 1, Head: []string{"phase", "seconds", "offered", "sent", "completed", "failed", "dropped"},
		Intro: "A request is offered in the phase in which it was due, and completed or failed in that in which it ended.",
	}
	for _, p := range a.run.Phases {
		var sum runlog.LoadSecond
		for _, l := range a.Load {
			if l.Second != nil && string(l.Second.Phase) == p.Name {
				sum.Add(*l.Second)
			}
		}
		row := []string{p.Name, fmt.Sprintf("%.1f", sum.IntervalSeconds)}
		for _, n := range []int64{sum.Offered, sum.Sent, sum.Completed, sum.Failed, sum.Dropped} {
			row = append(row, fmt.Sprint(n))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// limited says in how many intervals the load generator was the limit.
func limited(lines []runlog.LoadLine, intervals int) []string {
	var n int
	var first string
	for _, l := range lines {
		if l.Second != nil && l.Second.Generator != nil && l.Second.Generator.Limit != "" {
			n++
			first = cmp.Or(first, l.Second.Generator.Limit)
		}
	}
	if n == 0 {
		return nil
	}
	return []string{fmt.Sprintf("In %d of %s the load generator was the limit, so that their figures are not those of the service. "+
		"The first time: %s", n, runlog.Count(intervals, "interval"), first)}
}

// missing says what a record of a load lacks.
func missing(a *account, order map[string]string, intervals int, covered time.Duration) (lacks []string) {
	if a.Scenario == nil {
		lacks = append(lacks, "scenario.yaml is missing: what was to be sent, where and for how long is not on record.")
	}
	asked, _ := time.ParseDuration(order["duration"])
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
