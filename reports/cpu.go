package reports

import (
	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// cpuFigures are the series of the claim's metric, the group first and then the
// instances in the order in which they appeared. What lies before the run is left
// out.
func cpuFigures(m timeline.Metric, at timescale) []figure.Series {
	instances := func(yield func(string) bool) {
		for _, name := range m.Series() {
			if name != runlog.GroupSeries && !yield(name) {
				return
			}
		}
	}
	var all []figure.Series
	add := func(title, series string) {
		line := figure.Series{Name: title}
		for _, p := range m.All(series) {
			if x := at.aws(p.Start); x >= 0 {
				line.Points = append(line.Points, figure.Point{X: x, Y: p.Value()})
			}
		}
		if len(line.Points) > 0 {
			all = append(all, line)
		}
	}
	add("group average", runlog.GroupSeries)
	for id := range instances {
		add(id, id)
	}
	return all
}
