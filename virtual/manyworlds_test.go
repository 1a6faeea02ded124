package virtual_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"testing"

	"secondwind/verify/formula"
	"secondwind/verify/judge"
	"secondwind/virtual"
)

// tally is what came of many worlds.
type tally struct {
	mu       sync.Mutex
	worlds   int
	verdicts map[string]int   // by outcome and reason
	faults   map[string][]int // numbers of the worlds, by kind
}

func (c *tally) add(d drawn, v judge.Verdict, fault string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.worlds++
	c.verdicts[strings.TrimSpace(string(v.Outcome)+" "+v.Reason)]++
	if fault != "" {
		c.faults[fault] = append(c.faults[fault], d.number)
	}
}

func (c *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d worlds\n", c.worlds)
	for _, v := range slices.SortedFunc(maps.Keys(c.verdicts), func(a, b string) int { return cmp.Compare(c.verdicts[b], c.verdicts[a]) }) {
		fmt.Fprintf(&b, "%6d  %s\n", c.verdicts[v], v)
	}
	for _, f := range slices.Sorted(maps.Keys(c.faults)) {
		fmt.Fprintf(&b, "FAULT %4d  %s: %v\n", len(c.faults[f]), f, c.faults[f][:min(8, len(c.faults[f]))])
	}
	return b.String()
}

var trace = flag.Bool("trace", false, "print each world's number before it is run")

func TestWorlds(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	if *worldSeed >= 0 {
		d := world(*worldSeed)
		r := virtual.Soak(t, d.configure(virtual.Default(t)))
		t.Logf("%s\n%s %s: %s\nagainst: %q\n%+v\n%s", d, r.Verdict.Outcome, r.Verdict.Reason, r.Verdict.Summary, against(d, r.Truth),
			r.Truth.Deeds, strings.Join(r.Events, "\n"))
		if k := kind(d, r); k != "" {
			t.Error(k)
		}
		return
	}
	counts := &tally{verdicts: map[string]int{}, faults: map[string][]int{}}
	const share = 25
	t.Run("", func(t *testing.T) {
		for from := *firstWorld; from < *firstWorld+*worldsAsked; from += share {
			t.Run(fmt.Sprintf("from %d", from), func(t *testing.T) {
				t.Parallel()
				for number := from; number < min(from+share, *firstWorld+*worldsAsked); number++ {
					d := world(number)
					if *trace {
						fmt.Println("world", number)
					}
					r := virtual.Soak(t, d.configure(virtual.Default(t)))
					fault := kind(d, r)
					if is, name := formula.Proved(r.Record); (is == formula.True) != (r.Verdict.Outcome == judge.Proved) {
						fault += fmt.Sprintf(" DIFFER: %s %s, formula %s is %d", r.Verdict.Outcome, r.Verdict.Reason, name, is)
					}
					if *trace && fault != "" {
						fmt.Printf("FAULT %d: %s\n", number, fault)
					}
					counts.add(d, r.Verdict, fault)
				}
			})
		}
	})
	t.Log(counts)
}
