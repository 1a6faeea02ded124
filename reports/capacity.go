package reports

import (
	"slices"

	"secondwind/reports/figure"
	"secondwind/runlog"
)

// capacity is what was seen of the group's size.
type capacity struct {
	desired, inService, healthy figure.Series
	unreadable                  int
}

// readCapacity reads the desired capacity, the InService instances and the
// healthy targets out of the answers, in the order in which they came.
func readCapacity(cloud []runlog.Observation, h *runlog.Hypothesis, at timescale) capacity {
	c := capacity{
		desired:   figure.Series{Name: "DesiredCapacity"},
		inService: figure.Series{Name: "InService instances"},
		healthy:   figure.Series{Name: "healthy targets"},
	}
	var groups answers[runlog.DescribeAutoScalingGroupsAnswer]
	var targets answers[runlog.DescribeTargetHealthAnswer]
	for _, o := range cloud {
		switch o.Operation {
		case runlog.OpDescribeAutoScalingGroups:
			if a := groups.decode(o); a != nil {
				c.addGroup(a, h, at.ours(o.Received))
			}
		case runlog.OpDescribeTargetHealth:
			if a := targets.decode(o); a != nil {
				c.healthy.Points = append(c.healthy.Points, figure.Point{X: at.ours(o.Received), Y: healthy(a)})
			}
		}
	}
	c.unreadable = groups.Unreadable + targets.Unreadable
	quiet := 0.0
	if h != nil {
		quiet = h.MaxPollGapSeconds
	}
	for _, s := range []*figure.Series{&c.desired, &c.inService, &c.healthy} {
		markSilences(s.Points, quiet)
	}
	return c
}

// addGroup adds the declared group, or the only one if none was declared.
func (c *capacity) addGroup(a *runlog.DescribeAutoScalingGroupsAnswer, h *runlog.Hypothesis, x float64) {
	for _, g := range a.AutoScalingGroups {
		if h != nil && h.AutoScalingGroupName != "" && g.AutoScalingGroupName != h.AutoScalingGroupName {
			continue
		}
		inService := 0
		for _, i := range g.Instances {
			// Only InService counts: the API also lists Pending and Terminating ones.
			if i.LifecycleState == "InService" {
				inService++
			}
		}
		c.desired.Points = append(c.desired.Points, figure.Point{X: x, Y: float64(g.DesiredCapacity)})
		c.inService.Points = append(c.inService.Points, figure.Point{X: x, Y: float64(inService)})
		return
	}
}

func healthy(a *runlog.DescribeTargetHealthAnswer) float64 {
	n := 0.0
	for _, t := range a.TargetHealthDescriptions {
		if t.TargetHealth.State == "healthy" {
			n++
		}
	}
	return n
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
