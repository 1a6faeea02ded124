package judge_test

import (
	"bytes"
	"flag"
	"os"
	"testing"

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

func TestJudgingAgainGivesTheSameBytes(t *testing.T) {
	r := perfect().record(t)
	first, err := judge.Judge(r).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		again, err := judge.Judge(r).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(first, again) {
			t.Fatalf("Judge gave other bytes for the same record:\n%s\n%s", first, again)
		}
	}
}
