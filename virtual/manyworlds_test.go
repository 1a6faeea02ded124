package virtual_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"secondwind/verify/judge"
	"secondwind/virtual"
)

// tally is what came of many worlds.
type tally struct {
	mu       sync.Mutex
	worlds   int
	verdicts map[string]int   // by outcome and reason
	faults   map[string][]int // numbers of the worlds, by fault
}

func (c *tally) add(d drawn, v judge.Verdict, faults []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.worlds++
	c.verdicts[strings.TrimSpace(string(v.Outcome)+" "+v.Reason)]++
	for _, f := range faults {
		c.faults[f] = append(c.faults[f], d.number)
	}
}

// String says what came of the worlds, and which to look at.
func (c *tally) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d worlds\n", c.worlds)
	for _, v := range slices.SortedFunc(maps.Keys(c.verdicts), func(a, b string) int {
		return cmp.Or(cmp.Compare(c.verdicts[b], c.verdicts[a]), cmp.Compare(a, b))
	}) {
		fmt.Fprintf(&b, "%6d  %s\n", c.verdicts[v], v)
	}
	for _, f := range slices.Sorted(maps.Keys(c.faults)) {
		slices.Sort(c.faults[f])
		fmt.Fprintf(&b, "%6d  FAULT %s%s: worlds %v\n", len(c.faults[f]), f, map[bool]string{true: " (known)"}[known()[f]],
			c.faults[f][:min(20, len(c.faults[f]))])
	}
	return b.String()
}

// TestWorlds judges random worlds whose truth is known. A run must be PROVED where nothing
// interfered, and must not be where the truth says otherwise; nor is it REFUTED because of what
// others did. To look at one: go test ./virtual -run TestWorlds -v -world N
func TestWorlds(t *testing.T) {
	withoutRace(t)
	if *worldSeed >= 0 {
		*firstWorld, *worldsAsked = *worldSeed, 1
	}
	counts := &tally{verdicts: map[string]int{}, faults: map[string][]int{}}
	t.Run("all", func(t *testing.T) {
		const share = 20 // of one goroutine
		for from := *firstWorld; from < *firstWorld+*worldsAsked; from += share {
			t.Run(fmt.Sprintf("from %d", from), func(t *testing.T) {
				t.Parallel()
				for number := from; number < min(from+share, *firstWorld+*worldsAsked); number++ {
					judged(t, world(number), counts)
				}
			})
		}
	})
	t.Log(counts)
}

// judged judges a world. A fault of a kind that is not known fails the test.
func judged(t *testing.T, d drawn, counts *tally) {
	t.Helper()
	r := virtual.Soak(t, d.configure(virtual.Default(t)))
	is := faults(d, r)
	counts.add(d, r.Verdict, is)
	if slices.ContainsFunc(is, func(f string) bool { return !known()[f] }) {
		t.Errorf("%s\n%q\n%s %s: %s", d, is, r.Verdict.Outcome, r.Verdict.Reason, r.Verdict.Summary)
	}
	if *worldSeed >= 0 {
		t.Logf("%s\n%s %s: %s\nagainst it: %q\n%+v\n%s", d, r.Verdict.Outcome, r.Verdict.Reason, r.Verdict.Summary,
			against(d, r.Truth), r.Truth.Deeds, strings.Join(r.Events, "\n"))
	}
}
