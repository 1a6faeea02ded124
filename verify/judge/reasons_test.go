package judge_test

import (
	"strings"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// TestTheSentenceNamesTheTrueCause has what two causes look alike in.
func TestTheSentenceNamesTheTrueCause(t *testing.T) {
	for name, c := range map[string]struct {
		world        func(*world)
		reason, says string
	}{
		"a target that was deregistered before it was healthy": {func(w *world) {
			w.members[1].healthy = 1e6
			w.deregistered = 116
			w.withoutServing()
		}, "confounder.reconfigured", "i-0bbbbbbbbbbbbbbbb was deregistered as a target, and stayed InService"},
		"a target that is never healthy": {func(w *world) { w.members[1].healthy = 1e6; w.withoutServing() }, "link.target-healthy",
			"i-0bbbbbbbbbbbbbbbb was never seen healthy; it was initial last"},
		"a second instance of which every answer is wrong": {func(w *world) {
			w.withoutServing()
			w.wrong = newID
		}, "link.first-request", "i-0bbbbbbbbbbbbbbbb answered, but wrongly: requests that failed there: "},
		"a second instance that nothing comes to": {func(w *world) { w.withoutServing() }, "confounder.pinned-connections",
			"every answer came from i-0aaaaaaaaaaaaaaaa"},
		"a run that was interrupted": {func(w *world) { w.end, w.pollEnd, w.interrupted = 150, 150, "Ctrl-C" }, "interrupted",
			"The run ended early: Ctrl-C."},
	} {
		w := perfect()
		c.world(w)
		v := judge.Judge(w.record(t))
		if v.Reason != c.reason || !strings.Contains(v.Summary, c.says) {
			t.Errorf("%s: %s: %s; want %s, and %q", name, v.Reason, v.Summary, c.reason, c.says)
		}
	}
}

// TestTheSentenceNamesTheLine: what decided can be looked up.
func TestTheSentenceNamesTheLine(t *testing.T) {
	w := perfect()
	w.foreign = []string{"i-0foreign"}
	r := w.record(t)
	v := judge.Judge(r)
	line := r.Cloud[0]
	for _, f := range v.Confounders {
		if f.ID == v.Reason {
			line = r.Cloud[f.Evidence[0].Line-1]
		}
	}
	if !strings.Contains(v.Summary, "Evidence: cloud.jsonl:") || line.Operation != runlog.OpDescribeTargetHealth {
		t.Errorf("%s: evidence is an answer of %s", v.Summary, line.Operation)
	}
}
