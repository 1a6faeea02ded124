package judge

import (
	"bytes"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// noOtherInstances: from the baseline to the end of the load the group has the
// instances that it began with and, from e3 on, those that the claim's own alarm and
// policy launched. None of them goes, and no other comes.
func (t *analysis) noOtherInstances() Finding {
	f := t.declared("confounder.other-instances", "other instances",
		"the first instances stay until the load ends, and only those that alarm %s launched join them", t.h.AlarmName)
	all := t.underJudgement()
	if len(all) == 0 {
		return f.open("no answer describes the group")
	}
	first, launched, taken, joined := t.idsOf(all[0].Value), t.launchedByClaim(), t.takenByScaleIn(), map[string]bool{}
	for _, g := range all {
		listed := t.idsOf(g.Value)
		for _, id := range slices.Sorted(maps.Keys(listed)) {
			if !first[id] && !launched[id] {
				return f.with(Broken, evidence(g.Observation), "%s came, too", id)
			}
		}
		for _, i := range g.Value.Instances {
			if i.LifecycleState == "InService" {
				joined[i.InstanceId] = true
			}
		}
		serving := g.Value.InService()
		for _, id := range slices.Sorted(maps.Keys(joined)) {
			if since, ok := taken[id]; !slices.Contains(serving, id) && (!ok || t.aws(g.Received).Before(since)) {
				return f.with(Broken, evidence(g.Observation), "%s was no longer InService at %s", id, clockTime(t.aws(g.Received)))
			}
		}
	}
	return f.held("none")
}

// underJudgement are the answers about the group from the baseline to the end of the load.
func (t *analysis) underJudgement() []timeline.Seen[*runlog.AutoScalingGroup] {
	all := t.cloud.Groups
	judged := func(g timeline.Seen[*runlog.AutoScalingGroup]) bool { return t.judged(t.aws(g.Received)) }
	from := max(0, slices.IndexFunc(all, judged))
	to := from
	for to < len(all) && judged(all[to]) {
		to++
	}
	return all[from:to]
}

func (t *analysis) idsOf(g *runlog.AutoScalingGroup) map[string]bool {
	ids := map[string]bool{}
	for _, i := range g.Instances {
		ids[i.InstanceId] = true
	}
	return ids
}

// launchedByClaim are the instances that the claim's alarm and policy launched on the
// way from one capacity to the other.
func (t *analysis) launchedByClaim() map[string]bool {
	ids := map[string]bool{}
	for _, a := range t.cloud.Activities {
		for _, tr := range triggersOf(a.Value.Cause) {
			if tr.alarm == t.h.AlarmName && tr.policy == t.h.PolicyName && tr.from >= t.h.From() && tr.to <= t.h.To() {
				ids[launchedInstance(a.Value)] = true
			}
		}
	}
	return ids
}

// takenByScaleIn are the instances that the group's own scale-in alarm took, and since when: whether
// it may under load is control.effect-lasts's to say.
func (t *analysis) takenByScaleIn() map[string]time.Time {
	ids := map[string]time.Time{}
	for _, a := range t.cloud.Activities {
		if id, ok := strings.CutPrefix(a.Value.Description, "Terminating EC2 instance: "); ok &&
			slices.ContainsFunc(triggersOf(a.Value.Cause), t.scalesInAgain) {
			id, _, _ = strings.Cut(id, " ")
			ids[id] = a.Value.StartTime.Add(-t.clock.bound - staleness)
		}
	}
	return ids
}

// noUnexplainedCapacity: the record says why the group had the capacity and the
// instances that it had. Where it does not, something is missing from it.
func (t *analysis) noUnexplainedCapacity() Finding {
	f := expect("confounder.unexplained-capacity", "capacity without a cause",
		"an activity says why, for each change of the desired capacity and each instance")
	all := t.underJudgement()
	if len(all) == 0 {
		return f.open("no answer describes the group")
	}
	explained := t.idsOf(all[0].Value)
	for _, a := range t.cloud.Activities {
		explained[launchedInstance(a.Value)] = true
	}
	for i, g := range all[1:] {
		for _, id := range slices.Sorted(maps.Keys(t.idsOf(g.Value))) {
			if !explained[id] {
				return f.with(Broken, evidence(g.Observation), "no activity launched %s", id)
			}
		}
		before := all[i]
		// The group's own answers may be as old as a decision may take, which is its deadline's first term.
		decision := t.h.Deadline(runlog.LinkScalingActivity)
		lag := max(2*staleness, decision.Terms[:min(1, len(decision.Terms))].Duration())
		from, to := t.aws(before.Sent).Add(-t.clock.bound-lag), t.aws(g.Received).Add(t.clock.bound)
		if is := g.Value.DesiredCapacity; is != before.Value.DesiredCapacity && !t.changedTo(is, from, to) {
			return f.with(Broken, evidence(before.Observation, g.Observation), "desired %d became %d by %s, and no activity says why",
				before.Value.DesiredCapacity, is, clockTime(t.aws(g.Received)))
		}
	}
	return f.held("none")
}

// changesOfCapacity are the sentences of a Cause that say when the capacity became what.
var changesOfCapacity = regexp.MustCompile(
	`At (\S+Z) [^.]*(?:changing the desired capacity|increasing the capacity|shrinking the capacity) from \d+ to (\d+)`)

// changedTo reports whether an activity says that the capacity became n in that time.
func (t *analysis) changedTo(n int, from, to time.Time) bool {
	for _, a := range t.cloud.Activities {
		for _, m := range changesOfCapacity.FindAllStringSubmatch(a.Value.Cause, -1) {
			at, err := time.Parse(time.RFC3339, m[1])
			became, errN := strconv.Atoi(m[2])
			if err == nil && errN == nil && became == n && !at.Before(from.Truncate(time.Second)) && !at.After(to) {
				return true
			}
		}
	}
	return false
}

// unreadPage finds an answer whose next page was not asked for, unless what is on it is
// older than all that is judged.
func (t *analysis) unreadPage() (*runlog.Observation, string) {
	for _, p := range t.cloud.Pages {
		if p.Value.Before(t.firstLoad.Add(-time.Hour)) {
			continue
		}
		token := []byte(strconv.Quote(p.Value.Next()))
		read := slices.ContainsFunc(t.cloud.Asked, func(o *runlog.Observation) bool {
			return o.Seq > p.Seq && o.Seq < p.Seq+100 && o.Operation == p.Operation && o.Error == nil && bytes.Contains(o.Input, token)
		})
		if !read {
			return p.Observation, fmt.Sprintf("%s has a further page that was not read", p.Operation)
		}
	}
	return nil, ""
}
