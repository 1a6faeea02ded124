package reports

import (
	"strings"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// TestWhatAProofRequiresIsJudgedOverTheRunOrAPhase has two instances of which the second
// answers from the load on.
func TestWhatAProofRequiresIsJudgedOverTheRunOrAPhase(t *testing.T) {
	in := func(phase runlog.Phase, at float64, failed int64, completed map[string][]int64) runlog.LoadLine {
		l := second(at, map[string]*runlog.InstanceSecond{})
		l.Second.Phase, l.Second.Failed = phase, failed
		for id, values := range completed {
			n := int64(len(values))
			l.Second.Instances[id] = &runlog.InstanceSecond{Completed: n, FromSchedule: micros(values...)}
			l.Second.Completed += n
		}
		l.Second.Offered = l.Second.Completed + failed
		return l
	}
	rec := &runlog.Record{Manifest: recorded(t, runlog.CommandSoak).Manifest, Hypothesis: &runlog.Hypothesis{}, Load: []runlog.LoadLine{
		in(runlog.PhaseControl, 1, 0, map[string][]int64{"i-1": {1000, 1000}}),
		in(runlog.PhaseLoad, 2, 1, map[string][]int64{"i-1": {9000, 9000}, "i-2": {9000}}),
		in(runlog.PhaseHold, 3, 0, map[string][]int64{"i-1": {2000}, "i-2": {2000, 2000, 2000}}),
	}}
	took := 14.25
	v := judge.Verdict{Outcome: judge.Proved, Figures: judge.Figures{SecondsToFirstRequest: &took}}
	met, unmet, open := "✓", "✗", "?"
	for text, want := range map[string]string{
		"p99 < 10ms": met, "p99 < 5ms": unmet, "p99(phase hold) < 5ms": met, "max(phase load) < 5ms": unmet,
		"errors < 11%": met, "errors(phase load) < 11%": unmet, "errors(phase hold) <= 0%": met, "dropped <= 0%": met,
		"share(new) > 40%": met, "share(new) > 50%": unmet, "share(new, phase hold) >= 75%": met, "share(old, phase hold) > 25%": unmet,
		"share(i-2, phase load) > 30%": met, "time_to_second_instance < 5m": met, "time_to_second_instance < 14s": unmet,
		"p99(phase release) < 5s": open, "errors(phase release) < 1%": open, "p99(phase calibration) < 1s": open, "future < 5": open,
	} {
		rec.Hypothesis.Require = []string{text}
		got := Required(rec, v)
		if len(got) != 1 || got[0].Symbol() != want {
			t.Errorf("%s: %v, want %s", text, got, want)
		}
	}
	rec.Hypothesis.Require = []string{"p99 < 10ms", "p99 < 5ms", "p99(phase release) < 5s"}
	for outcome, unmet := range map[judge.Outcome]string{judge.Proved: "failure", judge.Refuted: "failure", judge.Inconclusive: "error"} {
		v.Outcome = outcome
		files := written(t, rec, v)
		junit := files[JUnitFile]
		for _, want := range []string{
			`classname="secondwind.required" name="p99 &lt; 10ms" time="0.000">` + "\n      <system-out>",
			`name="p99 &lt; 5ms" time="0.000">` + "\n      <" + unmet + ` message="p99 &lt; 5ms: it is 9`,
			`name="p99(phase release) &lt; 5s" time="0.000">` + "\n      <error message=",
		} {
			if !strings.Contains(junit, want) {
				t.Errorf("junit.xml of a run that is %s lacks %s", outcome, want)
			}
		}
		row := "p99(phase release) < 5s | ? undetermined | there are no data"
		if page := strings.NewReplacer(`\`, "", "&lt;", "<").Replace(files[MarkdownFile]); !strings.Contains(page, row) {
			t.Errorf("the report of a run that is %s lacks %s", outcome, row)
		}
	}
	rec.Load[0].Second.Instances["i-1"].FromSchedule = "broken"
	if got := Required(rec, v); len(got) != 3 || got[0].Symbol() != open || !strings.Contains(got[0].Shown, "cannot be read") {
		t.Errorf("of a load that cannot be read: %v", got)
	}
	rec.Hypothesis = nil
	if got := Required(rec, v); got != nil {
		t.Errorf("without a hypothesis: %v", got)
	}
}
