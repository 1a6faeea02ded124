package reports

import (
	"strings"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// atRestOf is the history of a run of which two instances gave lists.
func atRestOf(change func(h *runlog.History)) *runlog.History {
	h := &runlog.History{
		Version: 1, Kept: true,
		Sessions: []runlog.HistorySession{
			{Time: after(80), ListedBy: oldID, CalculatedBy: oldID},
			{Time: after(85), ListedBy: newID, Made: 1, Listed: 1, CalculatedBy: oldID},
			{Time: after(90), ListedBy: oldID, Made: 2, Listed: 2, CalculatedBy: newID, Error: "GET /v1/history"},
		},
		Audit: &runlog.HistoryAudit{
			Time: after(130), Store: "sqlite:/tmp/x/history.db", Key: "aws-kms:alias/secondwind-history", DataKeys: 1, Records: 5, RawBytes: 81920,
			Known: 10, Passed: true,
			Checks: []runlog.HistoryCheck{
				{Name: "no key is in the raw bytes", Passed: true, Detail: "2 keys, 26 forms of them"},
				{Name: "deleted records leave no bytes", Passed: true, Detail: "98 pieces"},
			},
		},
	}
	change(h)
	return h
}

func TestDataAtRestIsReportedAsItWasFound(t *testing.T) {
	run := synthesis{Scales: true}
	rec := *run.record(t)
	for name, test := range map[string]struct {
		change func(h *runlog.History)
		bad    string   // in the note; "" for none
		want   []string // in report.md
	}{
		"all passed": {func(*runlog.History) {}, "", []string{
			"| the history is the same whichever instance answers | ✓ held | " +
				"3 lists from 2 instances, each with every calculation made before and nothing else |",
			"| no key is in the raw bytes | ✓ held | 2 keys, 26 forms of them |",
			"| calculations of the synthetic user | 3 |", "| calculations by " + oldID + " | 2 |", "| lists by " + newID + " | 1 |",
			"| sessions of the synthetic user that failed | 1 |",
			"| raw data searched | 81920 bytes |", "aws-kms:alias/secondwind-history",
		}},
		"a check of the audit failed": {func(h *runlog.History) {
			h.Audit.Passed, h.Audit.Checks[0] = false, runlog.HistoryCheck{Name: "no key is in the raw bytes",
				Detail: "key 1 is found as it is at byte 7 of <script>"}
		}, "1 of 3 checks failed", []string{"| no key is in the raw bytes | ✗ broken | key 1 is found as it is at byte 7 of &lt;script&gt; |"}},
		"a list lacked an entry": {func(h *runlog.History) { h.Sessions[2].Listed = 1 }, "1 of 3 checks failed",
			[]string{"| ✗ broken | incomplete or with foreign entries: 1 of 3 lists"}},
		"one instance alone": {func(h *runlog.History) { h.Sessions = h.Sessions[:1] }, "Checks without a result: 1 of 3",
			[]string{"| ? undetermined | only one instance returned lists"}},
		"no list at all": {func(h *runlog.History) { h.Sessions = nil }, "Checks without a result: 1 of 3",
			[]string{"| ? undetermined | no list was returned |", "| lists of the synthetic user | 0 |"}},
		"no audit": {func(h *runlog.History) { h.Audit, h.NotAudited = nil, "the run was interrupted" },
			"Checks without a result: 1 of 2", []string{"| the store was audited | ? undetermined | the run was interrupted |"}},
		"no history is kept": {func(h *runlog.History) { *h = runlog.History{NotAudited: "no calculator was met that keeps a history"} },
			"Nothing is shown here: no calculator was met", []string{"| sessions of the synthetic user that failed | 0 |"}},
	} {
		t.Run(name, func(t *testing.T) {
			rec := rec
			rec.History = atRestOf(test.change)
			page := newPage(read(&rec, run.verdict()), run.verdict(), make([]pageFigure, 2))
			text, err := renderMarkdown(page)
			if err != nil {
				t.Fatal(err)
			}
			html, err := renderHTML(page)
			if err != nil {
				t.Fatal(err)
			}
			if (page.AtRest.Bad == "") != (test.bad == "") || !strings.Contains(page.AtRest.Bad, test.bad) {
				t.Errorf("the note is %q, want %q", page.AtRest.Bad, test.bad)
			}
			for _, want := range append(test.want, "## Data at rest\n", test.bad) {
				if !strings.Contains(strings.ReplaceAll(string(text), `\`, ""), want) {
					t.Errorf("report.md lacks %q:\n%s", want, text)
				}
			}
			for _, want := range []string{">Data at rest</h2>", escaped(test.bad), ">sessions of the synthetic user that failed</dt>"} {
				if !strings.Contains(string(html), want) {
					t.Errorf("report.html lacks %q", want)
				}
			}
			if strings.Contains(string(html), "<script") {
				t.Error("report.html takes over markup")
			}
			if page.AtRest.Checks != nil && strings.Count(string(html), `<td class="status `) < len(page.AtRest.Checks) {
				t.Error("report.html lacks rows of checks")
			}
		})
	}
}

func TestWithoutAHistoryThereIsNoSection(t *testing.T) {
	page := newPage(read(&runlog.Record{}, judge.Verdict{}), judge.Verdict{}, make([]pageFigure, 2))
	html, err := renderHTML(page)
	if err != nil {
		t.Fatal(err)
	}
	text, err := renderMarkdown(page)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(html)+string(text), "Data at rest") {
		t.Error("a run without history.json reports on data at rest")
	}
}
