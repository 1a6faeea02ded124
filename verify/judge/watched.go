package judge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"

	"secondwind/runlog"
)

// volatile are members of what is watched that change by themselves, or change nothing:
// states, times of states, and capacities, which findings of their own judge; tags.
var volatile = []string{
	"Instances", "DesiredCapacity", "PredictedCapacity", "SuspendedProcesses", "WarmPoolSize", "Status", "Tags",
	"StateValue", "StateReason", "StateReasonData", "StateUpdatedTimestamp", "StateTransitionedTimestamp", "EvaluationState",
	"PercentageComplete", "InstancesToUpdate", "ProgressDetails", "StatusReason", "EndTime",
	"Tags", // change nothing of what a group does
}

// identities are members that tell the members of a list apart, whatever their order.
var identities = []string{
	"PolicyName", "AlarmName", "RuleArn", "ListenerArn", "TargetGroupArn", "ScheduledActionName", "InstanceRefreshId", "LifecycleHookName",
	"Key", "AutoScalingGroupName",
}

// reconfigured finds the first answer of a configuration snapshot that differs from the
// one with which the proof began, and says in what.
func (t *analysis) reconfigured() (*runlog.Observation, string) {
	type question struct{ operation, input string }
	began, watched := map[question]any{}, append(runlog.Watched(), runlog.OpDescribeTemplate)
	for _, o := range t.cloud.Asked {
		if o.Error != nil || o.Unchanged != 0 || !slices.Contains(watched, o.Operation) {
			continue
		}
		var answer any
		if json.Unmarshal(o.Answer, &answer) != nil {
			continue // premise.observation says so
		}
		q, is := question{o.Operation, string(o.Input)}, steady(answer)
		was, known := began[q]
		if !known || !t.running(t.aws(o.Received)) {
			began[q] = is
			continue
		}
		if why := differs("", was, is); why != "" {
			return o, why
		}
	}
	return nil, ""
}

// deregistered finds an instance of the group that stays InService, but is a target no
// longer: the group itself deregisters only what it takes out.
func (t *analysis) deregistered() (*runlog.Observation, string) {
	next, was := 0, map[string]bool{}
	for _, h := range t.cloud.Health {
		for next < len(t.cloud.Groups) && !t.cloud.Groups[next].Received.After(h.Received) {
			next++
		}
		if next == 0 || next == len(t.cloud.Groups) || !t.running(t.aws(h.Received)) {
			continue
		}
		is := map[string]bool{}
		for _, d := range h.Value {
			is[d.Target.Id] = d.TargetHealth.State != "draining"
		}
		after := t.cloud.Groups[next].Value.InService()
		for _, id := range t.cloud.Groups[next-1].Value.InService() {
			key := string(h.Input) + id
			if was[key] && !is[id] && slices.Contains(after, id) {
				return h.Observation, fmt.Sprintf("%s was deregistered as a target, and stayed InService", id)
			}
			was[key] = is[id]
		}
	}
	return nil, ""
}

// running is from the baseline to the end of the run: what is configured must not change
// while anything is judged by it.
func (t *analysis) running(at time.Time) bool {
	from, _, ok := t.baselineWindow()
	if !ok {
		from = t.firstLoad
	}
	return !from.IsZero() && !at.Before(from) && (t.load.done.IsZero() || !at.After(t.aws(t.load.done)))
}

// steady is an answer without its volatile members, and with lists in no order.
func steady(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for _, name := range volatile {
			delete(v, name)
		}
		for name, member := range v {
			v[name] = steady(member)
		}
		return v
	case []any:
		byID := map[string]any{}
		for _, member := range v {
			id := identity(member)
			for byID[id] != nil {
				id += "'"
			}
			byID[id] = steady(member)
		}
		return byID
	}
	return v
}

func identity(member any) string {
	if object, ok := member.(map[string]any); ok {
		for _, name := range identities {
			if id, ok := object[name].(string); ok {
				return id
			}
		}
	}
	text, _ := json.Marshal(member) // it was just decoded
	return string(text)
}

// differs says where two steady answers differ first, in the order of names; "" if
// they do not.
func differs(path string, was, is any) string {
	a, listed := was.(map[string]any)
	b, list := is.(map[string]any)
	if !listed || !list {
		x, _ := json.Marshal(was) // both were just decoded
		y, _ := json.Marshal(is)
		if bytes.Equal(x, y) {
			return ""
		}
		return fmt.Sprintf("%s was %s and became %s", path, x, y)
	}
	all := maps.Clone(a)
	maps.Copy(all, b)
	for _, name := range slices.Sorted(maps.Keys(all)) {
		at := name
		if path != "" {
			at = path + "." + name
		}
		switch _, before := a[name]; {
		case !before:
			return at + " is new"
		case b[name] == nil && a[name] != nil:
			return at + " is gone"
		}
		if why := differs(at, a[name], b[name]); why != "" {
			return why
		}
	}
	return ""
}

// unwatched says which question of a configuration snapshot was not asked, or not often
// enough, while the chain was watched; "" if none.
func (t *analysis) unwatched(from, to time.Time) string {
	if t.h.Version < 3 {
		return "" // its observer took three snapshots
	}
	limit := snapshotGap * t.h.MaxPollGapSeconds
	for _, operation := range runlog.Watched() {
		if t.h.TargetGroupARN == "" && slices.Contains(routing, operation) {
			continue
		}
		if len(t.cloud.Answered[operation]) == 0 {
			return fmt.Sprintf("%s was never answered%s", operation, t.refusal(operation))
		}
		if at, silent := t.silence(operation, from, to); silent > limit {
			return fmt.Sprintf("%s was not answered for %s s after %s, want at most %s s", operation, number(silent), clockTime(at), number(limit))
		}
	}
	return ""
}

// snapshotGap is how many of the longest silences of polls may pass between two snapshots.
const snapshotGap = 3

// routing are the operations that are asked of load balancers only.
var routing = []string{
	runlog.OpDescribeTargetGroups, runlog.OpDescribeTargetAttributes, runlog.OpDescribeListeners, runlog.OpDescribeRules,
}

// refusal is why an operation was not answered, as far as the record tells.
func (t *analysis) refusal(operation string) string {
	for _, o := range t.cloud.Asked {
		if o.Operation == operation && o.Error != nil {
			return fmt.Sprintf(": %s %s", o.Error.Code, o.Error.Message)
		}
	}
	return ""
}
