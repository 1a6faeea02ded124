package main

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/runlog"
	"secondwind/server/history"
	"secondwind/verify/syntheticuser"
)

func TestTheHistoryIsToldLoudlyWhereItIsNotSafe(t *testing.T) {
	now := time.Now()
	good := runlog.HistoryCheck{Name: "no key is in the raw bytes", Passed: true, Detail: "2 keys"}
	bad := runlog.HistoryCheck{Name: "no known plaintext is in the raw bytes", Detail: "known text 2 is found as it is at byte 7"}
	sessions := func(listed int, by ...string) (all []runlog.HistorySession) {
		for _, id := range by {
			all = append(all, runlog.HistorySession{Time: now, ListedBy: id, CalculatedBy: id, Made: 1, Listed: listed})
		}
		return all
	}
	for want, h := range map[string]runlog.History{
		"history: 2 calculations answered by 2 instances, the same list from each; encrypted at rest: 1 of 1 checks passed": {
			Kept: true, Sessions: sessions(1, "a", "b"), Audit: &runlog.HistoryAudit{Passed: true, Checks: []runlog.HistoryCheck{good}}},
		"history: 2 calculations answered by 1 instance, which alone returned lists; NOT SAFE AT REST: 1 of 2 checks failed; " +
			"failed: no known plaintext is in the raw bytes (known text 2 is found as it is at byte 7)": {
			Kept: true, Sessions: sessions(1, "a", "a"), Audit: &runlog.HistoryAudit{Checks: []runlog.HistoryCheck{good, bad}}},
		"history: 2 calculations answered by 2 instances, NOT THE SAME LIST FROM EACH: 2 of 2 lists lacked entries or held others; " +
			"not audited: no store": {
			Kept: true, Sessions: sessions(0, "a", "b"), NotAudited: "no store"},
		"history: 0 calculations answered by 0 instances, but no list was returned; not audited: x": {Kept: true, NotAudited: "x"},
		"history: none was met": {NotAudited: "none was met"},
	} {
		if got := historyLine(h); got != want {
			t.Errorf("told %q,\nwant %q", got, want)
		}
	}
}

// What cannot be audited is recorded, and ends nothing.
func TestAnAuditThatCannotBeMadeIsRecorded(t *testing.T) {
	user, err := syntheticuser.New(syntheticuser.Config{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	a := &historyAtRest{user, history.Config{Store: "sqlite:" + filepath.Join(t.TempDir(), "none.db")}}
	if _, err := a.audit(t.Context()); err == nil || !strings.Contains(err.Error(), "there is no store") {
		t.Errorf("audit without a store = %v, want that there is none", err)
	}
	var told strings.Builder
	w, err := runlog.Create(t.TempDir(), runlog.Manifest{RunID: runlog.NewID(time.Now()), Started: time.Now()})
	if err != nil {
		t.Fatal(err)
	}
	p := proof{Config: live.Config{Writer: w, Progress: progress.Plain(&told), Start: time.Now()}}
	a.record(t.Context(), p) // the synthetic user has not come: nothing is recorded
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := user.Run(ctx); err != nil {
		t.Fatal(err)
	}
	before := told.String()
	a.record(t.Context(), p)
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	record, err := runlog.Open(w.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if h := record.History; before != "" || h == nil || h.Kept || len(h.Sessions) != 1 || !strings.Contains(told.String(), h.NotAudited) {
		t.Errorf("recorded %+v, told %q and before the synthetic user came %q; want a failed visit, told once", h, told.String(), before)
	}
}
