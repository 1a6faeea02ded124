package runlog_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"secondwind/runlog"
)

// sessions is a history that two instances answered for.
func sessions() runlog.History {
	at := func(s int) time.Time { return began.Add(time.Duration(s) * time.Second) }
	return runlog.History{
		Kept: true,
		Sessions: []runlog.HistorySession{
			{Time: at(0), ListedBy: "i-a", CalculatedBy: "i-a"},
			{Time: at(5), ListedBy: "i-b", Made: 1, Listed: 1, CalculatedBy: "i-b"},
			{Time: at(10), Made: 2, CalculatedBy: "i-b", Error: "GET /v1/history: 503"},
			{Time: at(15), ListedBy: "i-c", Made: 3, Listed: 3},
		},
		Audit: &runlog.HistoryAudit{
			Time: at(20), Store: "sqlite:history.db", Key: "aws-kms:alias/x", DataKeys: 1, Records: 5, RawBytes: 4096, Known: 7, Passed: true,
			Checks: []runlog.HistoryCheck{{Name: "no key stands in the raw bytes", Passed: true, Detail: "2 keys"}},
		},
	}
}

func TestAHistoryIsReadBackAndSealed(t *testing.T) {
	w, dir := create(t)
	want := sessions()
	must(t, w.WriteHistory(want))
	must(t, w.Close())
	must(t, runlog.Seal(dir))
	r, err := runlog.Open(dir)
	must(t, err)
	want.Version = runlog.Version
	if diff := cmp.Diff(&want, r.History); diff != "" {
		t.Errorf("Open gives another history than was written (-want +got):\n%s", diff)
	}
	must(t, os.WriteFile(filepath.Join(dir, runlog.HistoryFile), []byte("{}\n"), 0o644))
	for what, err := range map[string]error{"Open": func() error { _, err := runlog.Open(dir); return err }(), "Seal": runlog.Seal(dir)} {
		var tampered *runlog.TamperedError
		if !errors.As(err, &tampered) || tampered.File != runlog.HistoryFile {
			t.Errorf("%s of a folder with another history = %v, want a TamperedError of it", what, err)
		}
	}
}

// TestSessionsThatWereVisitsAreRead has a record of version 1.
func TestSessionsThatWereVisitsAreRead(t *testing.T) {
	const visits = `{"version":1,"kept":true,"visits":[{"time":"2026-03-14T12:00:00Z","made":0,"listed":0}],"notAudited":"no \"visits\": x"}`
	r, err := runlog.Open(filled(t, map[string]string{runlog.HistoryFile: visits}))
	must(t, err)
	if len(r.History.Sessions) != 1 || r.History.Sessions[0].Time.IsZero() || r.History.NotAudited != `no "visits": x` {
		t.Errorf("Open = %+v, want one session", r.History)
	}
}

func TestARunWithoutHistoryHasNone(t *testing.T) {
	r, err := runlog.Open(sealed(t))
	must(t, err)
	if r.History != nil {
		t.Errorf("Open: history %+v, want none", r.History)
	}
}

func TestWhatTheSessionsShow(t *testing.T) {
	s := sessions().Summary()
	want := runlog.HistorySummary{Calculations: 3, Lists: 3, Whole: 3, Failed: 1, CalculatedBy: map[string]int{"i-a": 1, "i-b": 2},
		ListedBy: map[string]int{"i-a": 1, "i-b": 1, "i-c": 1}}
	if diff := cmp.Diff(want, s); diff != "" || !s.Same() || strings.Join(s.Instances(), " ") != "i-a i-b i-c" {
		t.Errorf("Summary: same %t by %v, want true by i-a i-b i-c (-want +got):\n%s", s.Same(), s.Instances(), diff)
	}
	for name, change := range map[string]func(h *runlog.History){
		"an entry that a list lacks":          func(h *runlog.History) { h.Sessions[1].Listed = 0 },
		"an entry of somebody else":           func(h *runlog.History) { h.Sessions[3].Foreign = 1 },
		"one instance alone":                  func(h *runlog.History) { h.Sessions = h.Sessions[:1] },
		"no session":                          func(h *runlog.History) { h.Sessions = nil },
		"the other instance gave no list yet": func(h *runlog.History) { h.Sessions[1].ListedBy, h.Sessions = "", h.Sessions[:2] },
	} {
		h := sessions()
		change(&h)
		if h.Summary().Same() {
			t.Errorf("%s: the history counts as the same from each instance", name)
		}
	}
}

func TestAHistoryThatContradictsItselfIsNeitherWrittenNorRead(t *testing.T) {
	for says, change := range map[string]func(h *runlog.History){
		"one of audit and notAudited":    func(h *runlog.History) { h.Audit = nil },
		"no history is kept":             func(h *runlog.History) { h.Kept = false },
		"sessions[1]: 2 entries of 1":    func(h *runlog.History) { h.Sessions[1].Listed = 2 },
		"sessions[0]: time is missing":   func(h *runlog.History) { h.Sessions[0].Time = time.Time{} },
		"passed is true, but 0 of 1":     func(h *runlog.History) { h.Audit.Checks[0].Passed = false },
		"passed is true, but 0 of 0":     func(h *runlog.History) { h.Audit.Checks = nil },
		"passed is false, but 1 of 1":    func(h *runlog.History) { h.Audit.Passed = false },
		"1 entries of 1 were listed, an": func(h *runlog.History) { h.Sessions[1].Foreign = -1 },
	} {
		w, _ := create(t)
		h := sessions()
		change(&h)
		if err := w.WriteHistory(h); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("WriteHistory = %v, want %q", err, says)
		}
	}
	for text, says := range map[string]string{
		`{"version":4,"kept":true}`:             "use a newer one",
		`{"version":1,"kept":true,"more":1}`:    "unknown field",
		`{"version":1,"kept":true`:              "unexpected end",
		`{"version":1,"kept":true,"visits":[]`:  "unexpected end",
		`{"version":1,"kept":true,"visits":[]}`: "one of audit and notAudited",
	} {
		w, dir := create(t)
		must(t, w.Close())
		must(t, os.WriteFile(filepath.Join(dir, runlog.HistoryFile), []byte(text), 0o644))
		_, err := runlog.Open(dir)
		var bad *runlog.FormatError
		if !errors.As(err, &bad) || bad.File != runlog.HistoryFile || !strings.Contains(err.Error(), says) {
			t.Errorf("Open with %s = %v, want a FormatError of history.json that says %q", text, err, says)
		}
	}
}
