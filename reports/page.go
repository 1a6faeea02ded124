package reports

import (
	"cmp"
	"fmt"
	"html/template"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// page is what report.html and report.md say, in the order in which they say it.
type page struct {
	Verdict     judge.Verdict
	Symbol      string
	Started     string
	Duration    string
	Declared    string
	Revision    string
	Machine     string
	Interrupted string
	Warnings    []string
	Chain       []linkRow
	Groups      []group
	Numbers     []fact
	Latencies   []latencyRow
	Elasticity  []elasticityRow
	AtRest      *atRest // nil without a history
	Figures     []pageFigure
}

// linkRow is a row of the chain's table.
type linkRow struct {
	judge.Link
	Symbol, AtClock, Since, Deadline, Slack, TermsText, JoinText string
	Places                                                       []string
}

// group is a table of findings.
type group struct {
	Title, Intro string
	Findings     []findingRow
}

// findingRow is a row of a group.
type findingRow struct {
	judge.Finding
	Symbol string
	Places []string
}

// fact is a named number.
type fact struct{ Name, Value string }

// latencyRow is the latencies of a phase, from schedule and from sending.
type latencyRow struct {
	Phase, From, Count       string
	P50, P90, P99, P999, Max string
}

// elasticityRow is one metric for each demand.
type elasticityRow struct {
	Name   string
	Values []string
}

// pageFigure is a figure with its drawing; SVG is made by figure, which escapes
// the text in it.
type pageFigure struct {
	Name, Title, Caption string
	SVG                  template.HTML
}

// newPage lays out a run's account and verdict.
func newPage(a *account, v judge.Verdict, figures []pageFigure) page {
	p := page{
		Verdict: v, Symbol: statusSymbol(statusOf(v.Outcome)),
		Started: date(a.at.start), Duration: duration(a.at.end),
		Declared: "no hypothesis on record", Revision: cmp.Or(a.Manifest.Revision, notAvailable), Machine: machine(a.Manifest.Machine),
		Interrupted: a.interrupted, Warnings: a.warnings, Figures: figures,
		Chain:   chainRows(v.Chain),
		Numbers: numbers(v.Figures), Latencies: latencyRows(a.latencies), Elasticity: elasticityRows(a.elasticity), AtRest: readAtRest(a.History),
		Groups: []group{
			{"Premises", "Without these the run decides nothing: one that does not hold makes it INCONCLUSIVE.", findingRows(v.Premises)},
			{"Controls", "What must not happen when the cause is absent, and what must be put back afterwards.", findingRows(v.Controls)},
			{"Confounders", "Other causes that could have brought a second instance; held means excluded.", findingRows(v.Confounders)},
		},
	}
	if h := a.Hypothesis; h != nil {
		p.Declared, p.Revision = date(h.Declared), cmp.Or(a.Manifest.Revision, h.Revision, notAvailable)
	}
	return p
}

// machine tells where the run's own processes ran.
func machine(m runlog.Machine) string {
	if m == (runlog.Machine{}) {
		return notAvailable
	}
	return fmt.Sprintf("%s/%s, %d CPUs, %s", m.OS, m.Arch, m.CPUs, m.GoVersion)
}

// duration formats a run's length.
func duration(s float64) string {
	if s <= 0 {
		return "nothing was recorded"
	}
	if s < 600 {
		return fmt.Sprintf("%.0f s", s)
	}
	return runlog.Seconds(s).Round(time.Second).String()
}

func chainRows(chain []judge.Link) []linkRow {
	rows := make([]linkRow, len(chain))
	for i, l := range chain {
		rows[i] = linkRow{
			Link: l, Symbol: statusSymbol(l.Status), AtClock: clock(l.At),
			Since: signed(l.SinceSeconds), Slack: signed(l.SlackSeconds),
			TermsText: terms(l.Terms), JoinText: join(l.Join), Places: evidence(l.Evidence),
		}
		if l.DeadlineSeconds != nil {
			rows[i].Deadline = number(l.DeadlineSeconds, 1, "s")
		}
	}
	return rows
}

func findingRows(findings []judge.Finding) []findingRow {
	rows := make([]findingRow, len(findings))
	for i, f := range findings {
		rows[i] = findingRow{Finding: f, Symbol: statusSymbol(f.Status), Places: evidence(f.Evidence)}
	}
	return rows
}

// numbers lists the figures of a verdict with their units.
func numbers(f judge.Figures) []fact {
	facts := []fact{
		{"requests offered", fmt.Sprint(f.Offered)},
		{"requests sent", fmt.Sprint(f.Sent)},
		{"requests completed", fmt.Sprint(f.Completed)},
		{"requests failed", fmt.Sprint(f.Failed)},
		{"requests failed while draining", fmt.Sprint(f.FailedWhileDraining)},
		{"requests served by the new instance", fmt.Sprint(f.RequestsByNewInstance)},
		{"CPU when idle", number(f.IdleCPUPercent, 2, "%")},
		{"CPU time of a request", number(f.CPUMillisPerRequest, 3, "ms")},
		{"rate chosen for the load", number(f.LoadRate, 1, "requests/s")},
		{"CPU predicted for one instance", number(f.PredictedCPUPercent, 1, "%")},
		{"CPU that crossed the threshold", number(f.BreachingCPUPercent, 1, "%")},
		{"CPU of each instance afterwards", number(f.AfterCPUPercent, 1, "%")},
		{"time to alarm", number(f.SecondsToAlarm, 1, "s")},
		{"time to desired capacity", number(f.SecondsToDesired, 1, "s")},
		{"time to InService", number(f.SecondsToInService, 1, "s")},
		{"time to healthy", number(f.SecondsToHealthy, 1, "s")},
		{"time to first request served", number(f.SecondsToFirstRequest, 1, "s")},
		{"instance-seconds of the group", number(&f.InstanceSecondsOfGroup, 0, "s")},
		{"AWS's clock minus ours", clockOffset(f)},
		{"old instance", cmp.Or(f.OldInstanceID, notAvailable)},
		{"new instance", cmp.Or(f.NewInstanceID, notAvailable)},
		{"scaling activity", cmp.Or(f.ActivityID, notAvailable)},
		{"back at the minimum", yesNo(f.ScaledIn)},
	}
	if f.HoldSeconds != nil && f.HoldRequestedSeconds != nil { // older records do not have it
		facts = append(facts, fact{"hold", number(f.HoldSeconds, 0, "s")},
			fact{"hold that was asked for", number(f.HoldRequestedSeconds, 0, "s")},
			fact{"hold ended on request", yesNo(f.HoldEndedOnRequest)})
	}
	return facts
}

func clockOffset(f judge.Figures) string {
	if f.ClockOffsetSeconds == nil {
		return notAvailable
	}
	s := fmt.Sprintf("%+.3f s", *f.ClockOffsetSeconds)
	if f.ClockOffsetBound != nil {
		s += fmt.Sprintf(" ± %.3f s", *f.ClockOffsetBound)
	}
	return s
}

func yesNo(b *bool) string {
	if b == nil {
		return notAvailable
	}
	return map[bool]string{true: "yes", false: "no"}[*b]
}

// latencyRows lists each phase twice: from schedule and from sending.
func latencyRows(l *latencies) []latencyRow {
	var rows []latencyRow
	for _, p := range l.phases {
		for _, kind := range []struct {
			from string
			h    *hdrhistogram.Histogram
		}{{"schedule", p.fromSchedule}, {"sending", p.fromSending}} {
			if kind.h.TotalCount() == 0 {
				continue
			}
			at := func(percentile float64) string {
				return fmt.Sprintf("%.2f", milliseconds(kind.h.ValueAtPercentile(percentile)))
			}
			rows = append(rows, latencyRow{
				Phase: string(p.Phase), From: kind.from, Count: fmt.Sprint(kind.h.TotalCount()),
				P50: at(50), P90: at(90), P99: at(99), P999: at(99.9), Max: at(100),
			})
		}
	}
	return rows
}

// elasticityRows lists the metrics, a column for each demand.
func elasticityRows(all []Elasticity) []elasticityRow {
	if len(all) == 0 {
		return nil
	}
	rows := []elasticityRow{
		{Name: "instances short on average (accuracy_U)"}, {Name: "instances too many on average (accuracy_O)"},
		{Name: "short, as a share of the demand (θ_U)"}, {Name: "too many, as a share of the demand (θ_O)"},
		{Name: "time with too few instances (τ_U)"}, {Name: "time with too many instances (τ_O)"},
		{Name: "jitter"},
	}
	for _, e := range all {
		for i, value := range []string{
			number(e.AccuracyU, 2, ""), number(e.AccuracyO, 2, ""),
			number(e.NormalisedU, 1, "%"), number(e.NormalisedO, 1, "%"),
			number(e.TimeshareU, 1, "%"), number(e.TimeshareO, 1, "%"),
			number(e.Jitter, 2, "instances/min"),
		} {
			rows[i].Values = append(rows[i].Values, value)
		}
	}
	return rows
}
