package reports

import (
	"slices"

	"secondwind/reports/figure"
	"secondwind/runlog"
	"secondwind/runlog/timeline"
)

// capacity is what was seen of the group's size.
type capacity struct{ desired, inService, healthy figure.Series }

// readCapacity reads the desired capacity, the InService instances and the
// healthy targets out of the answers, in the order in which they came.
func readCapacity(cloud *timeline.Timeline, h *runlog.Hypothesis, at timescale) capacity {
	c := capacity{
		desired:   figure.Series{Name: "DesiredCapacity"},
		inService: figure.Series{Name: "InService instances"},
		healthy:   figure.Series{Name: "healthy targets"},
	}
	for _, g := range cloud.Groups {
		x := at.ours(g.Received)
		c.desired.Points = append(c.desired.Points, figure.Point{X: x, Y: float64(g.Value.DesiredCapacity)})
		c.inService.Points = append(c.inService.Points, figure.Point{X: x, Y: float64(len(g.Value.InService()))})
	}
	for _, t := range cloud.Health {
		healthy := runlog.State{Targets: t.Value}.Healthy()
		c.healthy.Points = append(c.healthy.Points, figure.Point{X: at.ours(t.Received), Y: float64(len(healthy))})
	}
	quiet := 0.0
	if h != nil {
		quiet = h.MaxPollGapSeconds
	}
	for _, s := range []*figure.Series{&c.desired, &c.inService, &c.healthy} {
		markSilences(s.Points, quiet)
	}
	return c
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
