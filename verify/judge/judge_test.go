package judge_test

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"testing"

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
	const golden = "testdata/proved.verdict.json"
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("Marshal() differs from %s; run with -update and read the difference\n%s", golden, got)
	}
}

var times = flag.Int("times", 3, "how often each record is judged to see whether the verdict stays the same")

// TestJudgingAgainGivesTheSameBytes judges every recorded run and every mutant
// many times: where several findings compete, the same one must decide. With
// -times 100 it takes a minute.
func TestJudgingAgainGivesTheSameBytes(t *testing.T) {
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
	for name, record := range records {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := record(t)
			first, err := judge.Judge(r).Marshal()
			if err != nil {
				t.Fatal(err)
			}
			for range *times {
				if again, err := judge.Judge(r).Marshal(); err != nil || !bytes.Equal(first, again) {
					t.Fatalf("Judge gave other bytes for the same record (%v):\n%s\n%s", err, first, again)
				}
			}
		})
	}
}
