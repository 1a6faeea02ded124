package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"secondwind/reports/figure"
	"secondwind/runlog"
)

// readMarks returns the alarm transitions and the scaling activities of the run
// by AWS's timestamps, oldest first, each once.
func readMarks(cloud []runlog.Observation, at timescale) (marks []figure.Mark, unreadable int) {
	var histories answers[runlog.DescribeAlarmHistoryAnswer]
	var activities answers[runlog.DescribeScalingActivitiesAnswer]
	transitions := map[string]figure.Mark{}
	launches := map[string]figure.Mark{}
	for _, o := range cloud {
		if o.Unchanged != 0 {
			continue
		}
		switch o.Operation {
		case runlog.OpDescribeAlarmHistory:
			if a := histories.decode(o); a != nil {
				addTransitions(transitions, a, at)
			}
		case runlog.OpDescribeScalingActivities:
			if a := activities.decode(o); a != nil {
				addActivities(launches, a, at)
			}
		}
	}
	marks = append(sorted(transitions), sorted(launches)...)
	// AWS's timestamps are whole seconds: where two are alike, the alarm comes
	// before the activity that it causes.
	slices.SortStableFunc(marks, func(a, b figure.Mark) int { return cmp.Compare(a.At, b.At) })
	return marks, histories.Unreadable + activities.Unreadable
}

// sorted returns the marks within the run, oldest first.
func sorted(kind map[string]figure.Mark) []figure.Mark {
	var marks []figure.Mark
	for _, m := range kind {
		if m.At >= 0 {
			marks = append(marks, m)
		}
	}
	slices.SortFunc(marks, func(a, b figure.Mark) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Text, b.Text))
	})
	return marks
}

// addTransitions adds the state updates of an alarm's history.
func addTransitions(marks map[string]figure.Mark, a *runlog.DescribeAlarmHistoryAnswer, at timescale) {
	for _, item := range a.AlarmHistoryItems {
		if item.HistoryItemType != "StateUpdate" {
			continue
		}
		text := item.HistorySummary
		var data runlog.StateUpdateData
		if json.Unmarshal([]byte(item.HistoryData), &data) == nil && data.NewState.StateValue != "" {
			text = data.OldState.StateValue + " → " + data.NewState.StateValue
		}
		key := item.AlarmName + item.Timestamp.Format(time.RFC3339Nano) + text
		marks[key] = figure.Mark{At: at.aws(item.Timestamp), Text: fmt.Sprintf("alarm %s: %s", item.AlarmName, text)}
	}
}

// addActivities adds the activities; a later answer knows more of the same one.
func addActivities(marks map[string]figure.Mark, a *runlog.DescribeScalingActivitiesAnswer, at timescale) {
	for _, activity := range a.Activities {
		marks[activity.ActivityId] = figure.Mark{
			At:   at.aws(activity.StartTime),
			Text: fmt.Sprintf("activity: %s (%s)", activity.Description, activity.StatusCode),
		}
	}
}
