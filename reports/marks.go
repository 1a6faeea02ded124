package reports

import (
	"cmp"
	"fmt"
	"slices"

	"secondwind/reports/figure"
	"secondwind/runlog/timeline"
)

// readMarks returns the transitions of all alarms and the scaling activities
// within the run by AWS's timestamps, oldest first.
func readMarks(cloud *timeline.Timeline, at timescale) []figure.Mark {
	var marks []figure.Mark
	for _, tr := range cloud.Transitions("") {
		text := tr.From.StateValue + " → " + tr.To.StateValue
		marks = append(marks, figure.Mark{At: at.aws(tr.At), Text: fmt.Sprintf("alarm %s: %s", tr.AlarmName, text)})
	}
	for _, a := range cloud.Activities {
		text := fmt.Sprintf("activity: %s (%s)", a.Value.Description, a.Value.StatusCode)
		marks = append(marks, figure.Mark{At: at.aws(a.Value.StartTime), Text: text})
	}
	marks = slices.DeleteFunc(marks, func(m figure.Mark) bool { return m.At < 0 })
	// AWS's timestamps are whole seconds: where two are alike, the alarm comes
	// before the activity that it causes.
	slices.SortStableFunc(marks, func(a, b figure.Mark) int { return cmp.Compare(a.At, b.At) })
	return marks
}

// readAlarms returns the states of every alarm by AWS's timestamps, that of the claim first. One
// that never changed has the state it was first seen in.
func readAlarms(cloud *timeline.Timeline, claimed string, at timescale) (all []figure.Alarm) {
	seen := map[string]bool{}
	for _, s := range cloud.Alarms {
		name := s.Value.AlarmName
		if seen[name] {
			continue
		}
		seen[name] = true
		states := []figure.Span{{Name: s.Value.StateValue, From: at.ours(s.Received), To: at.end}}
		for i, tr := range cloud.Transitions(name) {
			x := at.aws(tr.At)
			if i == 0 {
				states[0].Name, states[0].From = tr.From.StateValue, 0
			}
			states[len(states)-1].To = x
			states = append(states, figure.Span{Name: tr.To.StateValue, From: x, To: at.end})
		}
		all = append(all, figure.Alarm{Name: name, States: states})
	}
	if i := slices.IndexFunc(all, func(a figure.Alarm) bool { return a.Name == claimed }); i > 0 {
		all[0], all[i] = all[i], all[0]
	}
	return all
}
