package judge_test

import (
	"strings"
	"testing"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// TestWhoAnsweredIsJudgedByCounts looks at the links and at what excludes that others answered, of worlds
// whose answers name nobody. Their control is too short for deadlines that are longer by two periods.
func TestWhoAnsweredIsJudgedByCounts(t *testing.T) {
	sticky := func(w *world) { w.shares = map[string]float64{newID: 0}; w.burn() }
	both := []runlog.Identity{runlog.IdentityTarget, runlog.IdentityRequests}
	for _, tt := range []struct {
		name   string
		of     []runlog.Identity
		change func(*world)
		want   map[string]judge.Status
	}{
		{"nothing is amiss", both, (*world).burn, map[string]judge.Status{
			"e6": judge.Held, "e7": judge.Held, "confounder.other-servers": judge.Held, "confounder.pinned-connections": judge.Held,
			"confounder.unexplained-cpu": judge.Held}},
		{"sessions stick to the first instance", both, sticky, map[string]judge.Status{
			"e6": judge.Broken, "confounder.other-servers": judge.Held, "confounder.pinned-connections": judge.Broken}},
		{"sessions mostly stick to the first instance", both, func(w *world) { w.shares = map[string]float64{newID: 0.04}; w.burn() },
			map[string]judge.Status{"confounder.other-servers": judge.Held}},
		{"a target that is not the group's answers a third", both[:1], func(w *world) {
			w.served["i-0dddd"] = w.served[newID]
			w.burn()
		}, map[string]judge.Status{"confounder.other-servers": judge.Broken}},
		{"a target that is not the group's is registered", both, func(w *world) { w.foreign = []string{"i-0dddd"} },
			map[string]judge.Status{"confounder.other-servers": judge.Broken}},
		{"no CPU of the new instance", both[1:], func(w *world) { w.cpu[newID] = nil }, map[string]judge.Status{
			"e6": judge.Undetermined}},
	} {
		for _, identity := range tt.of {
			w := perfect()
			w.identity = identity
			tt.change(w)
			v := judge.Judge(w.record(t))
			is := map[string]judge.Finding{}
			for _, l := range v.Chain {
				is[l.ID.String()] = judge.Finding{Status: l.Status, Seen: l.Seen}
			}
			for _, f := range v.Confounders {
				is[f.ID] = f
			}
			for id, want := range tt.want {
				if is[id].Status != want {
					t.Errorf("%s, by %s: %s is %s (%s), want %s", tt.name, identity, id, is[id].Status, is[id].Seen, want)
				}
			}
			if v.Outcome == judge.Proved || strings.HasPrefix(tt.name, "sessions") && is["e7"].Status == judge.Held {
				t.Errorf("%s, by %s: %s, e7 is %s (%s)", tt.name, identity, v.Outcome, is["e7"].Status, is["e7"].Seen)
			}
		}
	}
}
