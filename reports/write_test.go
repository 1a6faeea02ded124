package reports

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"image/png"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/verify/terminal"
)

var update = flag.Bool("update", false, "write the golden files anew")

// written are the reports of a record, by file name. The plots are SVGs, and
// more only if asked for: the race detector makes a PNG take half a second.
func written(t *testing.T, rec *runlog.Record, v judge.Verdict, more ...format) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := write(t.Context(), dir, rec, v, append(formats()[:1], more...)); err != nil {
		t.Fatal(err)
	}
	return filesOf(t, dir)
}

// unfonted is an SVG or a page without its fonts.
func unfonted(svg string) string { return strings.Replace(svg, figure.FontFaces(), "", 1) }

// filesOf are the files of a folder, by name.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[filepath.ToSlash(name)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// golden compares a text with testdata/<name>, or writes it there with -update.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-want +got); if that is meant, run go test -update:\n%s", name, diff)
	}
}

// refuted is a run whose alarm fires while no instance comes.
func refuted() (synthesis, judge.Verdict) {
	s := synthesis{}
	v := s.verdict()
	v.Outcome, v.Reason = judge.Refuted, "link.scaling-activity"
	v.Summary = "In run " + runID + " on the local cloud, the alarm fired, but no activity set the desired capacity from 1 to 2 within 5.0 s."
	for i := range v.Chain[3:] {
		l := &v.Chain[3+i]
		l.Seen, l.Evidence, l.Join, l.SinceSeconds, l.SlackSeconds = "nothing", nil, nil, nil, nil
		l.At, l.Status = time.Time{}, judge.Undetermined
	}
	v.Chain[3].Status = judge.Broken
	v.Figures.AfterCPUPercent, v.Figures.SecondsToInService, v.Figures.SecondsToHealthy = nil, nil, nil
	v.Figures.SecondsToDesired, v.Figures.SecondsToFirstRequest, v.Figures.ScaledIn = nil, nil, nil
	v.Figures.NewInstanceID, v.Figures.ActivityID, v.Figures.RequestsByNewInstance = "", "", 0
	return s, v
}

// inconclusive is a run in which CloudWatch lacks datapoints.
func inconclusive() (synthesis, judge.Verdict) {
	s := synthesis{Scales: true, LosePoints: true}
	v := s.verdict()
	v.Outcome, v.Reason = judge.Inconclusive, "premise.instrument"
	v.Summary = "In run " + runID + " on the local cloud, two datapoints of CPUUtilization are missing: nothing is shown."
	v.Premises[2].Status, v.Premises[2].Seen = judge.Broken, "datapoints missing from 09:27:40 to 09:28:00"
	v.Controls[0].Status, v.Controls[0].Seen = judge.Undetermined, "CPU unknown for 20 s"
	return s, v
}

func TestReportsOfEveryOutcome(t *testing.T) {
	proved := synthesis{Scales: true}
	notScaled, refutedVerdict := refuted()
	lost, inconclusiveVerdict := inconclusive()
	for _, c := range []struct {
		name    string
		run     synthesis
		verdict judge.Verdict
	}{
		{"proved", proved, proved.verdict()},
		{"refuted", notScaled, refutedVerdict},
		{"inconclusive", lost, inconclusiveVerdict},
	} {
		t.Run(c.name, func(t *testing.T) {
			files := written(t, c.run.record(t), c.verdict)
			golden(t, c.name+"/report.md", files["report.md"])
			golden(t, c.name+"/junit.xml", files["junit.xml"])
			golden(t, c.name+"/chain.svg", unfonted(files["plots/chain.svg"]))
			golden(t, c.name+"/proof.svg", unfonted(files["plots/proof.svg"]))
			checkPage(t, files["report.html"], c.verdict)
			var text bytes.Buffer
			Summary(&text, c.verdict, terminal.Style{})
			golden(t, c.name+"/summary.txt", text.String())
		})
	}
}

func TestWriteDrawsEveryFigureAsSVGAndPNG(t *testing.T) {
	dir := t.TempDir()
	if err := Write(t.Context(), dir, &runlog.Record{}, judge.Verdict{}); err != nil {
		t.Fatal(err)
	}
	files := filesOf(t, dir)
	for _, f := range figure.All(figure.Run{}) {
		name := PlotsDir + "/" + f.Name
		if _, err := png.DecodeConfig(strings.NewReader(files[name+".png"])); err != nil {
			t.Errorf("%s.png is no PNG: %v", name, err)
		}
		if !strings.Contains(files[name+".svg"], "<svg ") {
			t.Errorf("%s.svg is no SVG", name)
		}
	}
}

// checkPage checks what holds of every report.html.
func checkPage(t *testing.T, html string, v judge.Verdict) {
	t.Helper()
	for _, want := range append(everyWord(v), string(v.Outcome), v.RunID, "secondwind judge .", "not AWS's timing") {
		if !strings.Contains(html, escaped(want)) && !strings.Contains(html, want) {
			t.Errorf("report.html lacks %q", want)
		}
	}
	// The one address allowed is the name of SVG's namespace, which nothing fetches.
	outside := strings.NewReplacer("http://www.w3.org/2000/svg", "", "http://www.w3.org/1999/xlink", "", figure.FontFaces(), "").Replace(html)
	if found := regexp.MustCompile(`(?i)(https?:)?//[a-z0-9]|<script|<link|@import|url\(|src=`).FindString(outside); found != "" {
		t.Errorf("report.html holds %q, want nothing outside itself and no script", found)
	}
	if n := strings.Count(html, "<svg "); n < 5 {
		t.Errorf("report.html holds %d drawings, want at least 5", n)
	}
}

// everyWord is what a verdict says of each thing it judged.
func everyWord(v judge.Verdict) []string {
	words := []string{v.Summary, v.Claim}
	for _, findings := range [][]judge.Finding{v.Premises, v.Controls, v.Confounders} {
		for _, f := range findings {
			words = append(words, f.ID, f.Name, f.Expected, f.Seen)
		}
	}
	for _, l := range v.Chain {
		words = append(words, l.ID.String(), l.Name, l.Seen)
		for _, e := range l.Evidence {
			words = append(words, e.RequestID)
		}
	}
	return words
}

func escaped(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;", "+", "&#43;").Replace(s)
}

func TestRunInterruptedAtItsStartGivesAReport(t *testing.T) {
	v := judge.Verdict{Version: 1, RunID: runID, Outcome: judge.Inconclusive, Reason: "interrupted", Summary: "The run ended before it began."}
	dir := filepath.Join(t.TempDir(), "run")
	w, err := runlog.Create(dir, runlog.Manifest{RunID: runID, Started: epoch})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteLoad(runlog.LoadLine{Time: after(0.2), Interrupted: &runlog.Interrupted{Reason: "signal: interrupt"}}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for name, rec := range map[string]*runlog.Record{"one line": open(t, dir), "no line at all": {}} {
		files := written(t, rec, v)
		for _, f := range []string{"report.html", "report.md", "junit.xml", "plots/proof.svg"} {
			if len(files[f]) == 0 {
				t.Errorf("%s: %s is missing or empty", name, f)
			}
		}
		if !strings.Contains(files["plots/proof.svg"], "nothing recorded") {
			t.Errorf("%s: plots/proof.svg does not say that nothing was recorded", name)
		}
		if name == "one line" && !strings.Contains(files["report.md"], "signal: interrupt") {
			t.Errorf("report.md does not say why the run was interrupted:\n%s", files["report.md"])
		}
	}
}

func TestReportsOfEightHoursStaySmall(t *testing.T) {
	s := synthesis{Scales: true, HoldFor: 8 * 3600, Every: 60}
	// The latencies fill more of their picture than any other figure does.
	raster := format{".png", func(f *figure.Figure, w io.Writer) error {
		if f.Name != "latency" {
			return nil
		}
		return f.WritePNG(w)
	}}
	files := written(t, s.record(t), s.verdict(), raster)
	if files["plots/latency.png"] == "" {
		t.Error("plots/latency.png is missing")
	}
	for name, data := range files {
		limit := 300_000
		if name == "report.html" {
			limit = 1_000_000
		}
		if strings.HasSuffix(name, ".png") {
			limit = 600_000
		}
		if len(data) > limit {
			t.Errorf("%s has %d bytes, want at most %d", name, len(data), limit)
		}
	}
	if files["plots/run.svg"] == "" {
		t.Error("plots/run.svg is missing: the chain is a few pixels of eight hours")
	}
}

func TestSameRecordGivesTheSameBytes(t *testing.T) {
	s := synthesis{Scales: true}
	rec := *s.record(t)
	rec.Load = rec.Load[len(rec.Load)-40:] // two instances, and then one
	render := func() string {
		a := read(&rec, s.verdict())
		var all bytes.Buffer
		for _, f := range figure.All(a.run) {
			if err := f.WriteSVG(&all); err != nil {
				t.Fatal(err)
			}
		}
		text, err := renderMarkdown(newPage(a, s.verdict(), nil))
		if err != nil {
			t.Fatal(err)
		}
		return all.String() + string(text)
	}
	if diff := cmp.Diff(render(), render()); diff != "" {
		t.Errorf("two reports of one record differ:\n%s", diff)
	}
}

func TestForeignTextIsNeitherMarkupNorControl(t *testing.T) {
	const evil = "<script>alert(1)</script> | `x` \x1b[2J [a](b)"
	s := synthesis{Scales: true}
	v := s.verdict()
	v.Summary, v.Claim, v.Where, v.RunID = evil, evil, evil, evil
	v.Chain[0].Name, v.Chain[0].Seen, v.Premises[0].Seen, v.Premises[0].ID = evil, evil, evil, evil
	v.Chain[0].Evidence = []judge.Evidence{{File: evil, Line: 1, RequestID: evil}}
	rec := *s.record(t)
	rec.Load = rec.Load[:5] // the text is the verdict's
	files := written(t, &rec, v)
	for _, name := range []string{"report.html", "plots/chain.svg", "plots/proof.svg", "junit.xml", "report.md"} {
		if strings.Contains(strings.ReplaceAll(files[name], "`", ""), "<script") && name != "report.md" {
			t.Errorf("%s holds a script", name)
		}
	}
	if err := xml.Unmarshal([]byte(files["junit.xml"]), new(testSuites)); err != nil {
		t.Errorf("junit.xml is not XML: %v", err)
	}
	for _, line := range strings.Split(files["report.md"], "\n") {
		if strings.HasPrefix(line, "| e0 |") && strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") != 9 {
			t.Errorf("report.md: foreign text broke the table: %s", line)
		}
	}
	var text bytes.Buffer
	Summary(&text, v, terminal.Style{})
	if strings.ContainsRune(text.String(), '\x1b') {
		t.Errorf("Summary passes an escape sequence through: %q", text.String())
	}
}

func TestWriteNamesTheFolderItCannotWriteTo(t *testing.T) {
	file := filepath.Join(t.TempDir(), "taken")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	err := Write(t.Context(), file, &runlog.Record{}, judge.Verdict{})
	if err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("Write(%q) = %v, want an error that names it", file, err)
	}
}

// countdown is a context that ends once it has been asked so often.
type countdown struct {
	context.Context //lint:ignore containedctx it is a context itself
	left            int
}

func (c *countdown) Err() error {
	if c.left--; c.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestACancelledReportLeavesTheFolderAsItWas cancels the report before each figure
// and at the end, in an empty folder and in one that has a report.
func TestACancelledReportLeavesTheFolderAsItWas(t *testing.T) {
	rec, v := (synthesis{Scales: true}).record(t), (synthesis{Scales: true}).verdict()
	empty, reported := t.TempDir(), t.TempDir()
	if err := write(t.Context(), reported, rec, v, formats()[:1]); err != nil {
		t.Fatal(err)
	}
	before := filesOf(t, reported)
	v.Summary = "another verdict"
	for left := 0; ; left++ {
		err := write(&countdown{t.Context(), left}, empty, rec, v, formats()[:1])
		if err == nil {
			break
		}
		if !errors.Is(err, context.Canceled) || len(filesOf(t, empty)) > 0 {
			t.Fatalf("cancelled at %d: %v, files %v; want none", left, err, filesOf(t, empty))
		}
		if _, err := os.Stat(filepath.Join(empty, PlotsDir)); !errors.Is(err, fs.ErrNotExist) {
			t.Fatalf("cancelled at %d: an empty %s was left behind (%v)", left, PlotsDir, err)
		}
		if err := write(&countdown{t.Context(), left}, reported, rec, v, formats()[:1]); !errors.Is(err, context.Canceled) {
			t.Fatalf("cancelled at %d over a report: %v", left, err)
		}
		if diff := cmp.Diff(before, filesOf(t, reported)); diff != "" {
			t.Fatalf("cancelled at %d the report changed:\n%s", left, diff)
		}
	}
	if len(filesOf(t, empty)) != len(before) {
		t.Errorf("a report has %d files, want %d", len(filesOf(t, empty)), len(before))
	}
}

func TestWhatCannotBeWrittenLeavesNoPartOfAReport(t *testing.T) {
	rec, v := (synthesis{Scales: true}).record(t), (synthesis{Scales: true}).verdict()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, MarkdownFile), 0o755); err != nil { // no file can be put there
		t.Fatal(err)
	}
	if err := write(t.Context(), dir, rec, v, formats()[:1]); err == nil {
		t.Fatal("write over a folder = nil, want an error")
	}
	if left := filesOf(t, dir); len(left) > 0 {
		t.Errorf("files left: %v, want none", left)
	}
}

func TestWhatWasNotJudgedIsSkippedAndNeverCountedAsHeld(t *testing.T) {
	v := (synthesis{Scales: true}).verdict()
	v.Outcome, v.Reason = judge.Inconclusive, "interrupted"
	v.Confounders = []judge.Finding{
		{ID: "confounder.refresh", Name: "instance refreshes", Status: judge.NotJudged, Seen: "the load never began"},
	}
	files := written(t, (synthesis{Scales: true}).record(t), v)
	for name, want := range map[string]string{
		JUnitFile:    `<skipped message="instance refreshes: not judged">`,
		MarkdownFile: "– not judged",
		HTMLFile:     "– not judged",
	} {
		if !strings.Contains(files[name], want) {
			t.Errorf("%s does not say %q", name, want)
		}
	}
	if status, text := tally(v.Confounders); status != judge.NotJudged || text != "0 held, 1 not judged" {
		t.Errorf("tally = %s, %q; want not judged", status, text)
	}
}
