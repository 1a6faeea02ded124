package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// completeObserved makes the page that of a group that was watched.
func completeObserved(p *page, a *account) {
	group := cmp.Or(timeline.SubjectOf(a.Record).AutoScalingGroupName, notAvailable)
	p.name("Observation of "+group, "The group was watched, and nothing was done to it. Watching claims nothing, so there is no verdict.")
	p.About = []fact{{"Auto Scaling group", group}, {"answers of AWS", fmt.Sprint(len(a.Cloud))}}
	p.Tables = []table{
		alarmTable(a.cloud.Alarms),
		seriesTable(strings.TrimSuffix(a.run.MetricName+", "+a.run.Unit, ", "), 1,
			"CloudWatch gave no datapoint of "+a.run.MetricName+".", a.run.CPU...),
		seriesTable("Capacity, instances", 0, "No answer describes the group.", a.run.Desired, a.run.InService, a.run.Healthy),
		eventTable(a.run.Marks, a.at),
	}
	if len(a.Cloud) == 0 {
		p.Warnings = append(p.Warnings, "cloud.jsonl holds no answer: nothing of the group was seen, and there is nothing to draw.")
	}
	refused := slices.DeleteFunc(slices.Clone(a.Cloud), func(o runlog.Observation) bool { return o.Error == nil })
	if len(refused) > 0 {
		p.Warnings = append(p.Warnings, fmt.Sprintf("%d of %d answers are errors, and what was asked there is missing. The first: %s: %s.",
			len(refused), len(a.Cloud), refused[0].Operation, refused[0].Error.Code))
	}
}

// alarmTable lists every alarm as it was seen first and last.
func alarmTable(seen []timeline.Seen[*runlog.MetricAlarm]) table {
	t := table{Title: "Alarms", Texts: 4, Head: []string{"alarm", "goes into ALARM when", "state at first", "state at last"},
		None: "No answer describes an alarm."}
	rows := map[string]int{}
	for _, s := range seen {
		i, known := rows[s.Value.AlarmName]
		if !known {
			i, rows[s.Value.AlarmName] = len(t.Rows), len(t.Rows)
			t.Rows = append(t.Rows, []string{s.Value.AlarmName, condition(*s.Value), s.Value.StateValue, ""})
		}
		t.Rows[i][3] = s.Value.StateValue
	}
	return t
}

// condition is what an alarm waits for.
func condition(a runlog.MetricAlarm) string {
	if a.MetricName == "" {
		return "an expression of several metrics"
	}
	operators := map[string]string{
		"GreaterThanThreshold": ">", "GreaterThanOrEqualToThreshold": "≥", "LessThanThreshold": "<", "LessThanOrEqualToThreshold": "≤",
	}
	return fmt.Sprintf("%s of %s %s %g in %d of %d periods of %d s", a.Statistic, a.MetricName,
		cmp.Or(operators[a.ComparisonOperator], a.ComparisonOperator), a.Threshold,
		cmp.Or(a.DatapointsToAlarm, a.EvaluationPeriods), a.EvaluationPeriods, a.Period)
}

// scaleOutThreshold is that of the first alarm that waits for the metric to be high; 0
// without one.
func scaleOutThreshold(seen []timeline.Seen[*runlog.MetricAlarm], metric string) float64 {
	for _, s := range seen {
		if s.Value.MetricName == metric && strings.HasPrefix(s.Value.ComparisonOperator, "Greater") {
			return s.Value.Threshold
		}
	}
	return 0
}

// seriesTable lists how each series began, went and ended.
func seriesTable(title string, decimals int, none string, all ...figure.Series) table {
	t := table{Title: title, Texts: 1, Head: []string{"series", "values", "first", "lowest", "highest", "last"}, None: none}
	for _, s := range all {
		if len(s.Points) == 0 {
			continue
		}
		var all []float64
		for _, p := range s.Points {
			all = append(all, p.Y)
		}
		row := []string{s.Name, fmt.Sprint(len(all))}
		for _, v := range []float64{all[0], slices.Min(all), slices.Max(all), all[len(all)-1]} {
			row = append(row, number(&v, decimals, ""))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// eventTable lists what happened, by AWS's timestamps.
func eventTable(marks []figure.Mark, at timescale) table {
	t := table{Title: "Events", Texts: 2, Head: []string{"at (UTC)", "event", "seconds since the start"},
		None: "No change of an alarm and no scaling activity is on record."}
	for _, m := range marks {
		t.Rows = append(t.Rows, []string{clock(at.start.Add(runlog.Seconds(m.At))), m.Text, fmt.Sprintf("%.1f", m.At)})
	}
	return t
}
