package judge_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestAPerfectRunIsProved(t *testing.T) {
	v := judge.Judge(perfect().reread(t))
	if v.Outcome != judge.Proved || v.Reason != "" {
		t.Errorf("Judge(perfect run) = %s %s, want PROVED\n%s", v.Outcome, v.Reason, v.Summary)
	}
	got, err := v.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "proved.verdict.json", got)
}

// golden compares a verdict with testdata/<name>, or writes it there with -update.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("Marshal() differs from %s; run with -update and read the difference\n%s", path, got)
	}
}

var times = flag.Int("times", 2, "how often each mutant is judged to see whether the verdict stays the same")

// TestJudgingAgainGivesTheSameBytes judges every recorded run, and every record in
// which findings compete, forty times: a range over a small map begins with another
// member one time in eight. With -times 100 (make verdicts) so is each of them and
// every mutant a hundred times, which takes a minute without the race detector.
func TestJudgingAgainGivesTheSameBytes(t *testing.T) {
	often := map[string]bool{realRun: true, otherRun: true}
	records := map[string]func(testing.TB) *runlog.Record{"a perfect run": func(t testing.TB) *runlog.Record { return perfect().record(t) }}
	for _, m := range slices.Concat(premiseMutants(), chainMutants(), otherMutants()) {
		records[m.name] = m.made
	}
	for _, run := range []string{realRun, otherRun} {
		records[run] = func(t testing.TB) *runlog.Record { return fixture(t, run).record(t) }
	}
	for _, f := range slices.Concat(answerForgeries(), instanceForgeries(), clockForgeries(), recordForgeries()) {
		records["forged: "+f.name] = func(t testing.TB) *runlog.Record {
			r := fixture(t, realRun)
			f.forge(r)
			return r.record(t)
		}
	}
	for name, change := range competing() {
		often[name] = true
		records[name] = func(t testing.TB) *runlog.Record {
			r := perfect().record(t)
			change(r)
			return r
		}
	}
	for name, record := range records {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, n := record(t), *times
			if often[name] {
				n = max(n, 40)
			}
			first, err := judge.Judge(r).Marshal()
			if err != nil {
				t.Fatal(err)
			}
			for range n {
				if again, err := judge.Judge(r).Marshal(); err != nil || !bytes.Equal(first, again) {
					t.Fatalf("Judge gave other bytes for the same record (%v):\n%s\n%s", err, first, again)
				}
			}
		})
	}
}

// competing are records in which several findings of one kind could be named.
func competing() map[string]func(*runlog.Record) {
	return map[string]func(*runlog.Record){
		"two instances answer that the group never had": func(r *runlog.Record) {
			for _, l := range r.Load {
				if s := l.Second; s != nil && s.Instances[newID] != nil {
					s.Instances = map[string]*runlog.InstanceSecond{"i-x": {Completed: 1}, "i-y": {Completed: 1}, oldID: s.Instances[oldID]}
				}
			}
		},
		"all but one question left out of a round": func(r *runlog.Record) {
			from := slices.IndexFunc(r.Cloud, func(o runlog.Observation) bool {
				return o.Seq > 300 && o.Operation == runlog.OpDescribeScalingActivities
			})
			r.Cloud = slices.Delete(r.Cloud, from+1, from+6)
			for i := range r.Cloud {
				r.Cloud[i].Seq = int64(i + 1)
			}
		},
		"datapoints of three series from the future": func(r *runlog.Record) {
			eachAnswer(r, runlog.OpGetMetricData, func(o *runlog.Observation) {
				var a runlog.Answer
				if o.Seq < 400 || json.Unmarshal(o.Answer, &a) != nil {
					return
				}
				for i := range a.MetricDataResults {
					for j, at := range a.MetricDataResults[i].Timestamps {
						a.MetricDataResults[i].Timestamps[j] = at.Add(time.Hour)
					}
				}
				o.Answer, _ = json.Marshal(a) // it was just decoded
			})
		},
		"another alarm with transitions at the same times": func(r *runlog.Record) {
			eachAnswer(r, runlog.OpDescribeAlarmHistory, func(o *runlog.Observation) {
				var a runlog.Answer
				if json.Unmarshal(o.Answer, &a) != nil {
					return
				}
				for _, item := range a.AlarmHistoryItems {
					item.AlarmName, item.HistorySummary = "other", "another"
					a.AlarmHistoryItems = append(a.AlarmHistoryItems, item)
				}
				o.Answer, _ = json.Marshal(a) // it was just decoded
			})
		},
	}
}

// TestWhatARunNeverCameToIsNotJudged interrupts a run in each phase: what it never
// came to looks neither as if it had been looked at nor as if it were in doubt.
func TestWhatARunNeverCameToIsNotJudged(t *testing.T) {
	const held, undetermined, notJudged = judge.Held, judge.Undetermined, judge.NotJudged
	for _, c := range []struct {
		phase                                                        runlog.Phase
		at                                                           float64
		baseline, configuration, instrument, control, refresh, drain judge.Status
	}{
		{runlog.PhaseSetup, 0.5, notJudged, notJudged, notJudged, notJudged, notJudged, notJudged},
		{runlog.PhasePremises, 8, notJudged, held, notJudged, notJudged, notJudged, notJudged},
		{runlog.PhaseCalibration, 30, held, held, notJudged, notJudged, notJudged, notJudged},
		{runlog.PhaseControl, 60, held, held, notJudged, notJudged, notJudged, notJudged},
		{runlog.PhaseLoad, 104, held, held, held, held, held, notJudged},
		{runlog.PhaseHold, 150, held, held, held, held, held, notJudged},
		{runlog.PhaseRelease, 190, held, held, held, held, held, notJudged},
	} {
		w := perfect()
		w.end, w.pollEnd, w.interrupted = c.at, c.at, "signal: interrupt"
		v := judge.Judge(w.record(t))
		if v.Outcome != judge.Inconclusive || v.Reason != "interrupted" {
			t.Errorf("interrupted in %s: %s %s, want INCONCLUSIVE interrupted", c.phase, v.Outcome, v.Reason)
		}
		want := map[string]judge.Status{
			"premise.baseline": c.baseline, "premise.configuration": c.configuration, "premise.instrument": c.instrument,
			"control.below-threshold": c.control, "confounder.refresh": c.refresh, "release.draining": c.drain,
		}
		for _, f := range slices.Concat(v.Premises, v.Controls, v.Confounders) {
			if status, ok := want[f.ID]; ok && f.Status != status {
				t.Errorf("interrupted in %s: %s is %s (%s), want %s", c.phase, f.ID, f.Status, f.Seen, status)
			}
			if f.Status == undetermined && c.refresh == notJudged {
				t.Errorf("interrupted in %s: %s is undetermined (%s), want it not judged", c.phase, f.ID, f.Seen)
			}
		}
	}
}

func TestWhereNothingWasDeclaredNoNumberIsExpected(t *testing.T) {
	for name, r := range map[string]*runlog.Record{
		"an empty record": {}, "a run that ended in its setup": {Load: perfect().record(t).Load[:2]},
	} {
		v := judge.Judge(r)
		for _, f := range slices.Concat(v.Premises, v.Controls, v.Confounders) {
			if f.ID != "premise.clocks" && strings.ContainsAny(f.Expected, `0123456789"`) || strings.Contains(f.Expected, "  ") {
				t.Errorf("%s: %s expects %q, though nothing was declared", name, f.ID, f.Expected)
			}
		}
	}
}

// TestWhatIsPrintedIsWholeAndNothingIsLeftOut reads every text of every record.
func TestWhatIsPrintedIsWholeAndNothingIsLeftOut(t *testing.T) {
	awkward := regexp.MustCompile(`^$|^\s|\s$|%!|\.;|\.\.|: ;|: \.|\bof  |<nil>`)
	records := map[string]*runlog.Record{"an empty record": {}, "a perfect run": perfect().record(t)}
	for _, m := range slices.Concat(premiseMutants(), chainMutants(), otherMutants()) {
		records[m.name] = m.made(t)
	}
	for name, r := range records {
		v := judge.Judge(r)
		texts := []string{v.Claim, v.Summary}
		for _, f := range slices.Concat(v.Premises, v.Controls, v.Confounders) {
			texts = append(texts, f.Name, f.Expected, f.Seen)
		}
		for _, l := range v.Chain {
			texts = append(texts, l.Name, l.Expected, l.Seen)
		}
		for _, text := range texts {
			if awkward.MatchString(text) {
				t.Errorf("%s: the verdict says %q", name, text)
			}
		}
	}
}

func TestAProofSaysWhatTheReadmeSays(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	summary := judge.Judge(perfect().record(t)).Summary
	for _, sentence := range []string{"Load below the threshold did not scale.", "No other possible cause was seen"} {
		if !bytes.Contains(readme, []byte(sentence)) || !strings.Contains(summary, sentence) {
			t.Errorf("README and summary do not both say %q:\n%s", sentence, summary)
		}
	}
}

func TestAHoldThatWasCutShortIsInTheVerdict(t *testing.T) {
	record := perfect().record(t)
	if v := judge.Judge(record); v.Figures.HoldSeconds != nil || strings.Contains(v.Summary, "on request") {
		t.Errorf("verdict of a record without it = %+v, want nothing of the hold", v)
	}
	eachPhase(record, func(p *runlog.PhaseChange) {
		if p.Phase == runlog.PhaseRelease {
			p.Hold = &runlog.Hold{RequestedSeconds: 28800, Seconds: 45, EndedOnRequest: true}
		}
	})
	v := judge.Judge(record)
	if f := v.Figures; v.Outcome != judge.Proved || *f.HoldRequestedSeconds != 28800 || *f.HoldSeconds != 45 || !*f.HoldEndedOnRequest ||
		!strings.Contains(v.Summary, "The hold was ended on request after 45 s of 8 h.") {
		t.Errorf("verdict = %s, %+v, want PROVED with the hold", v.Summary, f)
	}
}

// TestWithoutAHypothesisNothingOfItIsJudged judges the record of a run that ended
// before it declared anything, and of one that never declared anything.
func TestWithoutAHypothesisNothingOfItIsJudged(t *testing.T) {
	whole := perfect().record(t)
	whole.Hypothesis = nil
	for name, r := range map[string]*runlog.Record{"a setup": {Load: perfect().record(t).Load[:2]}, "a whole run": whole} {
		v := judge.Judge(r)
		if v.Outcome != judge.Inconclusive || !strings.Contains(v.Claim, "no hypothesis was declared") {
			t.Errorf("%s: %s, claim %q; want INCONCLUSIVE and a claim that was not made", name, v.Outcome, v.Claim)
		}
		for _, f := range slices.Concat(v.Premises, v.Controls, v.Confounders) {
			if strings.Contains(f.Expected, "hypothesis would") && (f.Status != judge.NotJudged || f.Seen != "no hypothesis was declared") {
				t.Errorf("%s: %s is %s (%s), want it not judged, for want of a hypothesis", name, f.ID, f.Status, f.Seen)
			}
		}
		for _, l := range v.Chain {
			if l.Status != judge.NotJudged {
				t.Errorf("%s: %s is %s (%s), want it not judged", name, l.ID, l.Status, l.Seen)
			}
		}
	}
}

// TestEveryReasonIsDocumented holds docs/verdict.md against what a verdict can name.
func TestEveryReasonIsDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/verdict.md")
	if err != nil {
		t.Fatal(err)
	}
	v := judge.Judge(perfect().record(t))
	reasons := []string{"interrupted", "refused"}
	for _, f := range slices.Concat(v.Premises, v.Controls, v.Confounders) {
		reasons = append(reasons, f.ID)
	}
	for _, l := range runlog.Links()[1:] {
		reasons = append(reasons, "link."+l.Code())
	}
	for _, reason := range reasons {
		if !bytes.Contains(text, []byte("| `"+reason+"` |")) {
			t.Errorf("docs/verdict.md does not list the reason %s", reason)
		}
	}
	_, section, _ := bytes.Cut(text, []byte("\n## The reason\n"))
	section, _, _ = bytes.Cut(section, []byte("\n## "))
	if listed := bytes.Count(section, []byte("\n| `")); listed != len(reasons) {
		t.Errorf("docs/verdict.md lists %d reasons, there are %d", listed, len(reasons))
	}
}
