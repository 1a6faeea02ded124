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
