package reports

import (
	"slices"

	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// cpuFigures are the series of the claim's metric, the group first and then the
// instances in the order in which they appeared, unless the metric counts requests. What
// lies before the run is left out.
func cpuFigures(m timeline.Metric, counts bool, at timescale) []figure.Series {
	var all []figure.Series
	for _, name := range m.Series {
		if name != runlog.GroupSeries && (counts || !runlog.OfInstance(name)) {
			continue // it has another unit
		}
		line := figure.Series{Name: name}
		for _, p := range m.All(name) {
			if x := at.aws(p.Start); x >= 0 {
				line.Points = append(line.Points, figure.Point{X: x, Y: p.Value()})
			}
		}
		switch {
		case len(line.Points) == 0:
		case name == runlog.GroupSeries:
			line.Name = "group average"
			all = slices.Insert(all, 0, line)
		default:
			all = append(all, line)
		}
	}
	return all
}
