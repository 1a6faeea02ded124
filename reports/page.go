package reports

import (
	"cmp"
	"fmt"
	"html/template"

	"github.com/HdrHistogram/hdrhistogram-go"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// page is what report.html and report.md say, in the order in which they say it.
type page struct {
	Layout      string // name of its template
	Title       string
	Heading     string // what follows are instead of a verdict, where none is claimed
	Lead        string
	About       []fact
	Verdict     judge.Verdict
	Symbol      string
	Started     string
	Duration    string
	Declared    string
	Revision    string
	Machine     string
	Interrupted string
	Warnings    []string
	Chain       []judge.Link
	Groups      []group
	Numbers     []fact
	Tables      []table
	AtRest      *atRest      // nil without a history
	Picture     *pageFigure  // that shows the most; nil without figures
	Figures     []pageFigure // the others
}

// group is a table of findings.
type group struct {
	Title, Intro string
	Findings     []judge.Finding
}

// fact is a named number.
type fact struct{ Name, Value string }

// table is a table of its own section: so many columns of text, then numbers.
type table struct {
	Title, Intro string
	Texts        int
	Head         []string
	Rows         [][]string
	None         string // instead of no row
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
		Layout: "report", Verdict: v, Symbol: statusSymbol(statusOf(v.Outcome)),
		Started: date(a.at.start), Duration: duration(a.at.end),
		Declared: "no hypothesis on record", Revision: cmp.Or(a.Manifest.Revision, notAvailable), Machine: machine(a.Manifest.Machine),
		Interrupted: a.interrupted, Warnings: a.warnings,
		Chain:   v.Chain,
		Numbers: numbers(v.Figures), AtRest: readAtRest(a.History),
		Groups: []group{
			{"Premises", "Without these the run decides nothing: one that does not hold makes it INCONCLUSIVE.", v.Premises},
			{"Controls", "What must not happen when the cause is absent, and what must be put back afterwards.", v.Controls},
			{"Confounders", "Other causes that could have brought a second instance; held means excluded.", v.Confounders},
		},
	}
	if len(figures) > 0 {
		p.Picture, p.Figures = &figures[0], figures[1:]
	}
	if len(a.required) > 0 {
		t := requiredTable(a.required)
		t.Intro = "What the scenario requires beside the claim. It does not decide the verdict, but the exit code of a run that is PROVED."
		p.Tables = append(p.Tables, t)
	}
	p.Title = p.Symbol + " " + string(v.Outcome) + " · " + v.RunID
	for _, t := range []table{latencyTable(a.latencies), elasticityTable(a.elasticity)} {
		if len(t.Rows) > 0 {
			p.Tables = append(p.Tables, t)
		}
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
	return runlog.Words(runlog.Seconds(s))
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
		{"CPU of the busier instance afterwards", number(f.AfterCPUPercent, 1, "%")},
		{"from load step to alarm", number(f.SecondsToAlarm, 1, "s")},
		{"from load step to desired capacity", number(f.SecondsToDesired, 1, "s")},
		{"from load step to InService", number(f.SecondsToInService, 1, "s")},
		{"from load step to healthy", number(f.SecondsToHealthy, 1, "s")},
		{"from load step to first request served", number(f.SecondsToFirstRequest, 1, "s")},
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

// latencyTable lists each phase twice: from schedule and from sending.
func latencyTable(l *latencies) table {
	t := table{
		Title: "Latency, milliseconds", Texts: 2, Head: []string{"phase", "from", "answers", "p50", "p90", "p99", "p99.9", "max"},
		Intro: "“Schedule” counts from when a request was due, “sending” from when it was sent. " +
			"An answer counts in the phase in which it came. All are exact merges of HDR histograms.",
		None: "No request was answered as expected: there are no latencies.",
	}
	for _, p := range l.phases {
		for _, kind := range []struct {
			from string
			h    *hdrhistogram.PackedHistogram
		}{{"schedule", p.fromSchedule}, {"sending", p.fromSending}} {
			if kind.h.TotalCount() == 0 {
				continue
			}
			row := []string{string(p.Phase), kind.from, fmt.Sprint(kind.h.TotalCount())}
			for _, percentile := range []float64{50, 90, 99, 99.9, 100} {
				row = append(row, fmt.Sprintf("%.2f", milliseconds(kind.h.ValueAtPercentile(percentile))))
			}
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// elasticityTable lists the metrics, a column for each demand.
func elasticityTable(all []Elasticity) table {
	t := table{
		Title: "Elasticity", Texts: 1, Head: []string{"metric", "demand of the policy", "at most the maximum size"},
		Intro: "InService instances against the instances that would keep CPU at the threshold, from the load step to the end. " +
			"The threshold asks for more instances than the work needs: too many is by design.",
	}
	if len(all) == 0 {
		return t
	}
	t.Rows = [][]string{
		{"instances short on average (accuracy_U)"}, {"instances too many on average (accuracy_O)"},
		{"short, as a share of the demand (θ_U)"}, {"too many, as a share of the demand (θ_O)"},
		{"time with too few instances (τ_U)"}, {"time with too many instances (τ_O)"},
		{"jitter"},
	}
	for _, e := range all {
		for i, value := range []string{
			number(e.AccuracyU, 2, ""), number(e.AccuracyO, 2, ""),
			number(e.NormalisedU, 1, "%"), number(e.NormalisedO, 1, "%"),
			number(e.TimeshareU, 1, "%"), number(e.TimeshareO, 1, "%"),
			number(e.Jitter, 2, "instances/min"),
		} {
			t.Rows[i] = append(t.Rows[i], value)
		}
	}
	return t
}
