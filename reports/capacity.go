package reports

import (
	"slices"

	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// readCapacity reads the desired capacity, the InService instances and the
// healthy targets out of the answers, in the order in which they came.
func readCapacity(cloud *timeline.Timeline, h *runlog.Hypothesis, at timescale) (desired, inService, healthy figure.Series) {
	desired.Name, inService.Name, healthy.Name = "DesiredCapacity", "InService instances", "healthy targets"
	for _, g := range cloud.Groups {
		x := at.ours(g.Received)
		desired.Points = append(desired.Points, figure.Point{X: x, Y: float64(g.Value.DesiredCapacity)})
		inService.Points = append(inService.Points, figure.Point{X: x, Y: float64(len(g.Value.InService()))})
	}
	for _, t := range cloud.Health {
		ids := runlog.State{Targets: t.Value}.Healthy()
		healthy.Points = append(healthy.Points, figure.Point{X: at.ours(t.Received), Y: float64(len(ids))})
	}
	quiet := 0.0
	if h != nil {
		quiet = h.MaxPollGapSeconds
	}
	for _, s := range []*figure.Series{&desired, &inService, &healthy} {
		markSilences(s.Points, quiet)
	}
	return desired, inService, healthy
}

// markSilences sets Gap after every silence longer than quiet seconds, or than
// five times the usual interval where that is longer: a long hold is polled
// more sparsely on purpose.
func markSilences(points []figure.Point, quiet float64) {
	if len(points) < 3 {
		return
	}
	intervals := make([]float64, 0, len(points)-1)
	for i := 1; i < len(points); i++ {
		intervals = append(intervals, points[i].X-points[i-1].X)
	}
	slices.Sort(intervals)
	longest := max(quiet, 5*intervals[len(intervals)/2])
	for i := 1; i < len(points); i++ {
		points[i].Gap = points[i].X-points[i-1].X > longest
	}
}
