package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"secondwind/loadgen/summary"
	"secondwind/runlog"
	"secondwind/runlog/threshold"
)

// ordered is what a load was asked to send, as its scenario.yaml says: server, offered,
// duration and timeout; "" is not known. It was required to meet the thresholds.
func ordered(rec *runlog.Record) (order map[string]string, required []string) {
	var s struct {
		Timeout  string `yaml:"timeout"`
		LoadOnly struct {
			URL      string   `yaml:"url"`
			Targets  string   `yaml:"targets"`
			Profile  string   `yaml:"profile"`
			Replay   string   `yaml:"replay"`
			Users    string   `yaml:"users"`
			Duration string   `yaml:"duration"`
			Require  []string `yaml:"require"`
			Phases   []struct {
				Name    string `yaml:"name"`
				Profile string `yaml:"profile"`
				Replay  string `yaml:"replay"`
				Users   string `yaml:"users"`
			} `yaml:"phases"`
		} `yaml:"load_only"`
	}
	if yaml.Unmarshal(rec.Scenario, &s) != nil {
		return nil, nil
	}
	l := s.LoadOnly
	rate, _, _ := strings.Cut(strings.TrimPrefix(l.Profile, "constant:"), "/") // the duration has a line of its own
	if _, err := strconv.ParseFloat(rate, 64); err == nil {
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
	}, l.Require
}

// completeLoad makes the page that of a load.
func completeLoad(p *page, a *account) {
	order, required := ordered(a.Record)
	var sum summary.Summary
	var intervals int
	for _, l := range a.Load {
		if l.Second != nil {
			intervals++
		}
		if err := sum.AddLine(l); err != nil {
			p.Warnings = append(p.Warnings, "The figures lack part of the load: "+err.Error())
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
	if intervals > 0 {
		p.About = append(p.About, fact{"load generator", sum.Generator.String()})
	}
	p.Tables = loadTables(a, &sum, required, noFailure, noInstance)
	p.Warnings = append(p.Warnings, missing(a, order, intervals, runlog.Seconds(sum.Seconds))...)
	if sum.Generator.Invalid {
		p.Warnings = append(p.Warnings, "The load generator was the limit, so that the figures are not those of the service.")
	}
}

// loadTables are the tables of a load; the last two texts are what stands where there are no rows.
func loadTables(a *account, sum *summary.Summary, required []string, noFailure, noInstance string) (all []table) {
	if len(required) > 0 {
		all = append(all, requiredTable(requirements(sum, summary.Measures, required)))
	}
	all = append(all, latencyTable(a.latencies))
	if sum.Requests != nil {
		all = append(all, kindTable(sum.Requests))
	}
	named := maps.Clone(sum.Instances)
	delete(named, "") // who did not say
	all = append(all, failureTable(sum, noFailure),
		countTable("Instances that completed the requests", []string{"instance", "requests", "share"}, named, sum.Completed, noInstance))
	if len(sum.Opened) > 1 {
		all = append(all, countTable("Connections by the address of the server", []string{"address", "opened", "share"},
			sum.Opened, sum.Connections(), ""))
	}
	if len(sum.Phases) > 0 {
		all = append(all, phaseTable(sum.Phases))
	}
	return all
}

// phaseTable lists what became of the requests of each phase.
func phaseTable(phases []*summary.Phase) table {
	t := table{
		Title: "Phases", Texts: 1, Head: []string{"phase", "seconds", "offered", "sent", "completed", "failed", "dropped"},
		Intro: "A request is offered in the phase in which it was due, and completed or failed in that in which it ended.",
	}
	for _, p := range phases {
		row := []string{string(p.Name), fmt.Sprintf("%.1f", p.Seconds)}
		for _, n := range []int64{p.Offered, p.Sent, p.Completed, p.Failed, p.Dropped} {
			row = append(row, fmt.Sprint(n))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
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
func loadNumbers(sum summary.Summary) []fact {
	lag := sum.LagMaxSeconds * 1000
	return []fact{
		{"requests offered", fmt.Sprint(sum.Offered)},
		{"requests sent", fmt.Sprint(sum.Sent)},
		{"requests completed", fmt.Sprint(sum.Completed)},
		{"requests failed", fmt.Sprint(sum.Failed)},
		{"requests dropped", fmt.Sprint(sum.Dropped)},
		{"throughput", number(&sum.Throughput, 1, "completed/s")},
		{"longest delay of sending", number(&lag, 1, "ms")},
		{"received", size(sum.BytesIn)},
		{"sent", size(sum.BytesOut)},
		{"time covered", number(&sum.Seconds, 1, "s")},
		{"connections opened", fmt.Sprint(sum.Connections())},
		{"requests that reused one", fmt.Sprint(sum.Reused)},
		{"time to connect, p50 and p99", both(sum.Connect)},
		{"TLS handshake, p50 and p99", both(sum.TLS)},
		{"time to first byte, p50 and p99", both(sum.FirstByte)},
	}
}

// both are the median and the 99th percentile in milliseconds.
func both(l summary.Latency) string {
	if l == (summary.Latency{}) {
		return notAvailable
	}
	return fmt.Sprintf("%.2f and %.2f ms", l.P50*1000, l.P99*1000)
}

// requirements judges the thresholds on one of the measures.
func requirements(sum *summary.Summary, measures threshold.Measures, texts []string) (all []summary.Requirement) {
	for _, text := range texts {
		th, err := measures.Parse(text)
		if err != nil {
			all = append(all, summary.Requirement{Threshold: text, Shown: err.Error()})
			continue
		}
		of := *sum
		of.Kind = th.Argument // which is that of all requests where there is one kind only
		value, ok := of.Value(th)
		all = append(all, summary.Judge(th, value, ok))
	}
	return all
}

// requiredTable tells whether what was required was met.
func requiredTable(all []summary.Requirement) table {
	t := table{Title: "What was required", Texts: 3, Head: []string{"threshold", "status", "measured"}}
	words := map[string]string{"✓": "met", "✗": "not met", "?": "undetermined"}
	for _, r := range all {
		t.Rows = append(t.Rows, []string{r.Threshold, r.Symbol() + " " + words[r.Symbol()], r.Shown})
	}
	return t
}

// kindTable lists what became of each kind of requests.
func kindTable(kinds map[string]*summary.Request) table {
	t := table{
		Title: "Kinds of requests", Texts: 1, Head: []string{"request", "completed", "failed", "p50", "p90", "p99", "p99.9", "max"},
		Intro: "Latencies in milliseconds, from when a request was due.",
	}
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		r := kinds[kind]
		row := []string{kind, fmt.Sprint(r.Completed), fmt.Sprint(r.Failed)}
		l := r.FromSchedule
		for _, seconds := range []float64{l.P50, l.P90, l.P99, l.P999, l.Max} {
			text := notAvailable
			if r.Completed > 0 {
				text = fmt.Sprintf("%.2f", seconds*1000)
			}
			row = append(row, text)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// failureTable lists the failures by their cause, the most frequent first, with the first of each.
func failureTable(sum *summary.Summary, none string) table {
	t := table{
		Title: "Failures of the requests sent", Texts: 2, Head: []string{"cause", "the first one", "requests", "share"}, None: none,
	}
	for _, cause := range summary.MostFirst(sum.Errors) {
		first := notAvailable
		if e, ok := sum.Examples[cause]; ok {
			first = e.Request + ": " + e.Error
		}
		t.Rows = append(t.Rows, []string{cause, first, fmt.Sprint(sum.Errors[cause]), share(sum.Errors[cause], sum.Sent)})
	}
	return t
}

// countTable lists who or what had how many, the most first.
func countTable(title string, head []string, of map[string]int64, whole int64, none string) table {
	t := table{Title: title, Texts: 1, Head: head, None: none}
	for _, name := range summary.MostFirst(of) {
		t.Rows = append(t.Rows, []string{name, fmt.Sprint(of[name]), share(of[name], whole)})
	}
	return t
}
