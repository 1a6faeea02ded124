package reports

import (
	"fmt"
	"slices"
	"strings"

	"secondwind/loadgen/summary"
	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/runlog/timeline"
	"secondwind/verify/judge"
)

// account is everything a report tells of a run besides the verdict.
type account struct {
	*runlog.Record
	at          timescale
	cloud       *timeline.Timeline
	rates       *loadRates
	run         figure.Run
	latencies   *latencies
	elasticity  []Elasticity
	interrupted string   // why the run ended early; "" if it did not
	warnings    []string // parts of the record that could not be read
	required    []summary.Requirement
}

// read gathers the account of a run. An empty record gives an empty account.
func read(rec *runlog.Record, v judge.Verdict) *account {
	h, load, subject := rec.Hypothesis, rec.Load, timeline.SubjectOf(rec)
	cloud := timeline.New(rec.Cloud, subject)
	at := newTimescale(rec, v)
	desired, inService, healthy := readCapacity(cloud, h, at)
	intervals := readIntervals(load, at)
	rates := readRates(intervals)
	a := &account{Record: rec, at: at, cloud: cloud, rates: rates, latencies: readLatencies(intervals, at)}
	a.run = figure.Run{
		ID: v.RunID, Where: v.Where, Start: at.start, End: at.end,
		Phases: phasesOf(rec, at), Marks: readMarks(cloud, at), Links: links(v, at),
		Alarms:     readAlarms(cloud, subject.AlarmName, at),
		CPU:        cpuFigures(cloud.Metric, subject.Metric.CountsRequests(), at),
		MetricName: subject.Metric.MetricName, PeriodSeconds: float64(subject.PeriodSeconds),
		Desired: desired, InService: inService, Healthy: healthy,
		Offered: rates.offered.named(), Completed: rates.completed.named(), Failed: rates.failed.named(), Dropped: rates.dropped.named(),
		Instances: named(rates.instances), Errors: named(rates.errors), Latency: a.latencies.overTime,
	}
	if !subject.Metric.CountsRequests() {
		a.run.Unit = "%"
	}
	if h != nil {
		a.run.Threshold = h.Threshold
		nameLinks(a.run.Links, *h, a.run.Unit)
	} else if rec.Manifest.Command == runlog.CommandObserve {
		a.run.Threshold = scaleOutThreshold(cloud.Alarms, subject.Metric.MetricName)
	}
	for _, p := range a.latencies.phases {
		if d := p.distribution(); len(d.Quantiles) > 0 {
			a.run.Distributions = append(a.run.Distributions, d)
		}
	}
	a.elasticity = measureElasticity(h, load, a.run)
	a.lacks(len(intervals), subject.PeriodSeconds)
	a.warn(len(cloud.Unread), a.latencies)
	return a
}

// lacks notes what the record of so many intervals of load does not hold.
func (a *account) lacks(intervals, period int) {
	for _, l := range a.Load {
		if l.Interrupted != nil {
			a.interrupted = l.Interrupted.Reason
		}
	}
	a.warnings = slices.Concat(gaps(a.Load), jumps(a.Record, period))
	if a.Manifest.Claims() && intervals == 0 {
		a.warnings = append(a.warnings, "load.jsonl holds no interval: what was sent, who answered and how fast is missing.")
	}
	if a.Manifest.Claims() && len(a.Cloud) == 0 {
		a.warnings = append(a.warnings, "cloud.jsonl holds no answer: CPU, alarms and capacity are missing.")
	}
	for _, name := range a.Torn {
		a.warnings = append(a.warnings, fmt.Sprintf("The last line of %s was cut short: the run was killed. All before it counts.", name))
	}
	if !a.Manifest.Claims() && !a.Manifest.Complete {
		a.warnings = append(a.warnings,
			"The record is not sealed: what made it was killed, or still runs. What came after its last line is missing.")
	}
}

// gaps says when a load did not run.
func gaps(load []runlog.LoadLine) (all []string) {
	for _, l := range load {
		if l.Gap != nil {
			all = append(all, "The run was killed and resumed: "+l.Gap.Describe(l.Time)+".")
		}
	}
	return all
}

// warn notes what could not be read, so that a figure never looks complete when
// it is not.
func (a *account) warn(answers int, l *latencies) {
	if answers > 0 {
		a.warnings = append(a.warnings, fmt.Sprintf("Answers in cloud.jsonl that could not be decoded: %d; the figures are drawn without them.",
			answers))
	}
	if l.unreadable > 0 {
		a.warnings = append(a.warnings,
			fmt.Sprintf("Latency histograms that could not be read: %d; latencies are reported without them. The first: %v.",
				l.unreadable, l.firstError))
	}
}

// links places the judge's chain on the axis of the run.
func links(v judge.Verdict, at timescale) []figure.Link {
	var all []figure.Link
	for _, l := range v.Chain {
		link := figure.Link{
			ID: l.ID.String(), Name: l.Name, Seen: !l.At.IsZero(),
			Held: l.Status == judge.Held, Broken: l.Status == judge.Broken, NotJudged: l.Status == judge.NotJudged,
		}
		if link.Seen {
			link.At = at.aws(l.At)
		}
		if n := len(all); n > 0 && all[n-1].Seen && l.DeadlineSeconds != nil {
			link.Bounded, link.Since, link.Allowed = true, all[n-1].At, *l.DeadlineSeconds
		}
		all = append(all, link)
	}
	return all
}

// nameLinks gives links the short names that a picture has for them.
func nameLinks(links []figure.Link, h runlog.Hypothesis, unit string) {
	crossed := fmt.Sprintf("%s crosses %g %s", strings.TrimSuffix(h.Metric.MetricName, "Utilization"), h.Threshold, unit)
	answers := "new instance answers"
	if h.From() == 1 {
		answers = "second instance answers"
	}
	names := map[string]string{
		runlog.LinkBreachingData.String(): strings.TrimSpace(crossed),
		runlog.LinkAlarm.String():         "alarm", runlog.LinkFirstRequest.String(): answers,
	}
	for i := range links {
		links[i].Short = names[links[i].ID]
	}
}
