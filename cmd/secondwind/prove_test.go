package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"secondwind/verify/judge"
)

// TestManyRunsAreCountedWhateverTheyEndWith has runs that take no time.
func TestManyRunsAreCountedWhateverTheyEndWith(t *testing.T) {
	proved, refuted, open, slow := judge.Proved, judge.Refuted, judge.Inconclusive, judge.Outcome("slow")
	for name, c := range map[string]struct {
		outcomes []judge.Outcome
		during   func(*interrupts) // the last of them
		code     int
		want     []string
	}{
		"all are proved": {[]judge.Outcome{proved, proved, proved}, nil, 0,
			[]string{"3 runs on here: 3 PROVED, 0 REFUTED", "at least 36.8 %"}},
		"one is refuted": {[]judge.Outcome{proved, refuted, open}, nil, 1,
			[]string{"1 PROVED, 1 REFUTED, 1 INCONCLUSIVE", "at least 1.7 %"}},
		"one decides nothing": {[]judge.Outcome{proved, open, proved}, nil, 3, []string{"2 PROVED, 0 REFUTED, 1 INCONCLUSIVE"}},
		"Ctrl-C in a hold": {[]judge.Outcome{proved, proved}, func(i *interrupts) { i.hold(true); i.handle(os.Interrupt) }, 130,
			[]string{"2 of 3 runs on here: 2 PROVED", "if their number was fixed before"}},
		"Ctrl-C elsewhere": {[]judge.Outcome{proved, open}, func(i *interrupts) { i.handle(os.Interrupt) }, 130,
			[]string{"1 of 3 runs on here: 1 PROVED, 0 REFUTED, 0 INCONCLUSIVE"}},
		"SIGTERM in a report": {[]judge.Outcome{proved}, func(i *interrupts) { i.judge(func() {}); i.handle(syscall.SIGTERM) }, 130,
			[]string{"1 of 3 runs on here"}},
		"one is proved and too slow": {[]judge.Outcome{proved, slow, proved}, nil, 1,
			[]string{"3 PROVED, 0 REFUTED, 0 INCONCLUSIVE", "not met or has no data: 1 run"}},
		"a record that cannot be written": {[]judge.Outcome{proved, ""}, nil, 2, []string{"1 of 3 runs on here: 1 PROVED"}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, stop := context.WithCancel(t.Context())
			var stdout bytes.Buffer
			out := &output{stdout: &stdout, stderr: &stdout, interrupts: newInterrupts(stop, func(string) {})}
			seeds, points, n := map[uint64]bool{}, map[float64]bool{}, 0
			p := proving{count: 3, seed: 7, out: out, one: func(_ context.Context, number string, seed uint64) (judge.Verdict, error) {
				v := judge.Verdict{RunID: fmt.Sprint(n), Where: "here", Outcome: c.outcomes[n]}
				if seeds[seed], points[gridPoint(seed)] = true, true; number != fmt.Sprintf(", run %d of 3", n+1) {
					t.Errorf("run %d is reported as %q", n+1, number)
				}
				if n++; n == len(c.outcomes) && c.during != nil {
					c.during(out.interrupts)
				}
				if v.Outcome == "" {
					return v, errors.New("the disk is full")
				}
				code := v.Outcome.ExitCode()
				if v.Outcome == slow {
					v.Outcome, code = proved, 1
				}
				out.interrupts.decide(code)
				return v, &exitError{code: code}
			}}
			if code := codeOf(p.run(ctx)); code != c.code || n != len(c.outcomes) {
				t.Errorf("exit code = %d after %d runs, want %d after %d\n%s", code, n, c.code, len(c.outcomes), &stdout)
			}
			if len(seeds) != n || len(points) != n {
				t.Errorf("%d seeds and %d points of the grid for %d runs", len(seeds), len(points), n)
			}
			for _, want := range c.want {
				if !strings.Contains(stdout.String(), want) {
					t.Errorf("it wrote %s\nwant %q", &stdout, want)
				}
			}
		})
	}
}
