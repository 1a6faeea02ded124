package main

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"secondwind/account/stack"
	"secondwind/localcloud"
	"secondwind/runlog"
	"secondwind/server/history"
	"secondwind/server/history/audit"
	"secondwind/verify/syntheticuser"
)

// auditTimeout bounds the audit of a store with a synthetic user's few records.
const auditTimeout = 30 * time.Second

// historyAtRest gathers what a run on a local cloud shows of the history that its
// calculators share. Nothing in it ends a run or changes its verdict.
type historyAtRest struct {
	user   *syntheticuser.User
	config history.Config
}

// sessionsPerPeriod is how often the synthetic user comes in a metrics period, whose length
// decides how long an experiment takes: even a short hold has sessions with both instances,
// and four sessions of two small requests are lost in what a datapoint shows.
const sessionsPerPeriod = 4

// newHistoryAtRest returns one whose synthetic user has not come yet.
func newHistoryAtRest(cloud *localcloud.Cloud, shared *sharedHistory, url string, r localRun) (*historyAtRest, error) {
	// The manifest has this seed: the operands can be made again.
	user, err := syntheticuser.New(syntheticuser.Config{
		URL: url, Every: r.config.Scenario.Local.MetricsPeriod / sessionsPerPeriod, Seed: cloudSeed(r.config.Start),
	})
	if err != nil {
		return nil, err
	}
	local := func(context.Context) (aws.Config, error) { return localAWS(cloud), nil }
	return &historyAtRest{user, history.Config{Store: shared.store(), Key: historyKey(), AWS: local}}, nil
}

// historyKey is the key of a local stack that the calculators' history is under.
func historyKey() string { return "aws-kms:" + stack.HistoryAlias(localStack) }

// record audits the store, writes history.json and reports it. The synthetic user must
// have ended, and the cloud must live: it has the key.
func (a *historyAtRest) record(ctx context.Context, p proof) {
	if !a.user.Came() {
		return // the run ended before the experiment
	}
	h := a.user.History()
	switch {
	case !h.Kept:
		h.NotAudited = "no calculator was met that keeps a history"
	case ctx.Err() != nil:
		h.NotAudited = "the run was interrupted"
	default:
		audited, err := a.audit(ctx)
		if h.Audit = audited; err != nil {
			h.NotAudited = err.Error()
		}
	}
	line := historyLine(h)
	if err := p.Writer.WriteHistory(h); err != nil {
		line = "history: its record could not be written: " + err.Error()
	}
	p.Progress.Event(time.Since(p.Start), line)
}

// audit searches the store's raw bytes for whatever the synthetic user entered and saw,
// and tries every record.
func (a *historyAtRest) audit(ctx context.Context) (*runlog.HistoryAudit, error) {
	ctx, cancel := context.WithTimeout(ctx, auditTimeout)
	defer cancel()
	known := a.user.Known()
	report, err := audit.Run(ctx, a.config, audit.Options{Known: known})
	if err != nil {
		return nil, fmt.Errorf("the audit could not be made: %w", err)
	}
	found := &runlog.HistoryAudit{
		Time: report.Time, Store: report.Store, Key: report.KEK, DataKeys: report.DataKeys,
		Records: report.Records, Known: len(known), Passed: report.Passed,
	}
	for _, part := range report.Parts {
		found.RawBytes += part.Bytes
	}
	for _, c := range report.Checks {
		found.Checks = append(found.Checks, runlog.HistoryCheck(c))
	}
	return found, nil
}

// historyLine is a line of progress.
func historyLine(h runlog.History) string {
	if !h.Kept {
		return "history: " + h.NotAudited
	}
	return fmt.Sprintf("history: %s; %s", sessionsLine(h.Summary()), auditLine(h))
}

func sessionsLine(s runlog.HistorySummary) string {
	by := fmt.Sprintf("%s answered by %s", runlog.Count(s.Calculations, "calculation"), runlog.Count(len(s.CalculatedBy), "instance"))
	switch {
	case s.Same():
		return by + ", the same list from each"
	case s.Whole < s.Lists:
		return fmt.Sprintf("%s, NOT THE SAME LIST FROM EACH: %d of %d lists lacked entries or held others", by, s.Lists-s.Whole, s.Lists)
	case len(s.ListedBy) == 1:
		return by + ", which alone returned lists"
	}
	return by + ", but no list was returned"
}

func auditLine(h runlog.History) string {
	a := h.Audit
	switch {
	case a == nil:
		return "not audited: " + h.NotAudited
	case a.Passed:
		return fmt.Sprintf("encrypted at rest: %d of %d checks passed", a.PassedChecks(), len(a.Checks))
	}
	failed := ""
	for _, c := range a.Checks {
		if !c.Passed {
			failed += fmt.Sprintf("; failed: %s (%s)", c.Name, c.Detail)
		}
	}
	return fmt.Sprintf("NOT SAFE AT REST: %d of %d checks failed%s", len(a.Checks)-a.PassedChecks(), len(a.Checks), failed)
}
