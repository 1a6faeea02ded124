package virtual_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

func foreignCall(t *testing.T, v judge.Verdict) judge.Finding {
	t.Helper()
	for _, f := range v.Confounders {
		if f.ID == "confounder.foreign-call" {
			return f
		}
	}
	t.Fatal("the verdict says nothing of calls by others")
	return judge.Finding{}
}

func TestNobodyElseCalled(t *testing.T) {
	cfg := virtual.Default(t)
	cfg.Audit = true
	r := virtual.Soak(t, cfg)
	if r.Verdict.Outcome != judge.Proved || !strings.Contains(r.Verdict.Summary, "No other possible cause was seen, and nobody else called.") {
		t.Errorf("verdict = %s %q: %s", r.Verdict.Outcome, r.Verdict.Reason, r.Verdict.Summary)
	}
	f := foreignCall(t, r.Verdict)
	t.Log(f.Seen, len(r.Record.Audit.Events), r.Record.Audit.Others)
}

var _ = context.Background
var _ = time.Second
var _ runlog.Phase
