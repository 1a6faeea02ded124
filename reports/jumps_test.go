package reports

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

func TestAReportSaysWhatTheRecordLacks(t *testing.T) {
	second := func(at, length float64) runlog.LoadLine {
		return runlog.LoadLine{Time: after(at), Second: &runlog.LoadSecond{IntervalSeconds: length}}
	}
	answered := func(at ...float64) (all []runlog.Observation) {
		for _, s := range at {
			all = append(all, runlog.Observation{Received: after(s), Sent: after(s)})
		}
		return all
	}
	regular := []runlog.LoadLine{second(1, 1), second(2, 1)}
	const noLoad = "load.jsonl holds no interval: what was sent, who answered and how fast is missing."
	for name, c := range map[string]struct {
		load  []runlog.LoadLine
		cloud []runlog.Observation
		want  []string
	}{
		"whole":                    {regular, answered(1, 2), nil},
		"a hold in long intervals": {[]runlog.LoadLine{second(1, 1), second(61, 60)}, answered(1, 2), nil},
		"no load":                  {nil, answered(1, 2), []string{noLoad}},
		"no answers":               {regular, nil, []string{"cloud.jsonl holds no answer: CPU, alarms and capacity are missing."}},
		"a silent load": {[]runlog.LoadLine{second(1, 1), second(32, 1)}, answered(1),
			[]string{"load.jsonl holds nothing for 30 s from 09:26:54.000 on: nothing was seen, or the clock was set."}},
		"resumed": {[]runlog.LoadLine{second(1, 1), {Time: after(31), Gap: &runlog.Gap{}}, second(32, 1)}, answered(1),
			[]string{"The run was killed and resumed: " + (&runlog.Gap{}).Describe(after(31)) + "."}},
		"a clock set back": {regular, answered(60, 20, 21),
			[]string{"cloud.jsonl goes back by 40 s after 09:27:53.000: the clock was set. What follows is drawn over what came before."}},
		"a clock set often": {regular, answered(60, 20, 60, 20, 60),
			[]string{"", "", "", "cloud.jsonl has 1 more such places."}},
	} {
		t.Run(name, func(t *testing.T) {
			rec := &runlog.Record{Manifest: runlog.Manifest{Complete: true}, Load: c.load, Cloud: c.cloud}
			got := read(rec, judge.Verdict{}).warnings
			got = slices.DeleteFunc(got, func(s string) bool { return len(s) > 8 && s[:8] == "Answers " })
			for i := range min(len(got), len(c.want)) {
				if c.want[i] == "" {
					got[i] = ""
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" && len(c.want)+len(got) > 0 {
				t.Errorf("warnings (-want +got):\n%s", diff)
			}
		})
	}
	if jumpsOf("x", []stretch{{epoch, epoch}, {epoch.Add(15 * time.Second), epoch}}, 15*time.Second) != nil {
		t.Error("what is as quiet as it may be is told")
	}
}
