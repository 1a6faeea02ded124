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
// that never changed has the state that it was first seen in.
func readAlarms(cloud *timeline.Timeline, claimed string, at timescale) (all []figure.Alarm) {
	index := map[string]int{}
	first := func(name, state string, from float64) *figure.Alarm {
		if _, seen := index[name]; !seen {
			index[name] = len(all)
			all = append(all, figure.Alarm{Name: name, States: []figure.Span{{Name: state, From: from, To: at.end}}})
		}
		return &all[index[name]]
	}
	for _, tr := range cloud.Transitions("") {
		a, x := first(tr.AlarmName, tr.From.StateValue, 0), at.aws(tr.At)
		a.States[len(a.States)-1].To = x
		a.States = append(a.States, figure.Span{Name: tr.To.StateValue, From: x, To: at.end})
	}
	for _, s := range cloud.Alarms {
		first(s.Value.AlarmName, s.Value.StateValue, at.ours(s.Received))
	}
	if i, seen := index[claimed]; seen {
		all[0], all[i] = all[i], all[0]
	}
	return all
}
