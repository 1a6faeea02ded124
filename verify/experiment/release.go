package experiment

import (
	"strings"
	"time"

	"secondwind/runlog"
)

// enterRelease takes the load away, but for a trickle, and records as densely
// again as before a long hold.
func (e *Experiment) enterRelease(now time.Time) {
	e.do(SetRecordInterval{time.Second})
	e.do(SetPollInterval{e.plan.PollInterval})
	held := &runlog.Hold{RequestedSeconds: e.asked.Seconds(), Seconds: now.Sub(e.began).Seconds(), EndedOnRequest: e.cutShort}
	e.phase, e.rate = runlog.PhaseRelease, e.rate*e.plan.ReleasePercent/100
	e.do(EnterPhase{Phase: e.phase, Rate: e.rate, Hold: held})
	e.report("release: down to %.0f requests/s while the group scales in", e.rate)
	e.begin(stageRelease, now, e.plan.ReleaseDeadline)
}

// release waits until the group is back at its minimum.
func (e *Experiment) release(now time.Time, seen Seen) {
	s, n := seen.State, e.h.From()
	switch {
	case len(s.Group.Instances) == n && len(s.Group.InService()) == n && len(s.Targets) == n:
		e.report("scaled in; still in service: %s", strings.Join(s.Group.InService(), ", "))
	case !e.over(now):
		return
	case e.plan.ReleaseDeadline == 0:
		e.report("nothing scales the group in: it has no scale-in alarm")
	default:
		e.report("not scaled in within %s", runlog.Words(e.plan.ReleaseDeadline))
	}
	e.do(TakeSnapshot{})
	e.begin(stageLastSnapshot, now, e.period+snapshotWithin)
}

// lastSnapshot waits for the configuration at the end, and the poll behind it.
func (e *Experiment) lastSnapshot(now time.Time, seen Seen) {
	if !seen.State.Configured.Before(e.began) || e.over(now) {
		e.stop("")
	}
}
