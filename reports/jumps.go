package reports

import (
	"fmt"
	"time"

	"secondwind/runlog"
)

// stretch is a time of which a file of a record tells something.
type stretch struct{ from, to time.Time }

// jumps says where the load or the answers leave out a time, or go back in it. A load that was
// resumed says so itself; a long hold is polled once in five periods.
func jumps(rec *runlog.Record, period int) (all []string) {
	var load, cloud []stretch
	for _, l := range rec.Load {
		switch n := len(load); {
		case l.Gap != nil && n > 0:
			load[n-1].to = l.Time
		case l.Second != nil:
			load = append(load, stretch{l.Time.Add(-runlog.Seconds(l.Second.IntervalSeconds)), l.Time})
		}
	}
	for _, o := range rec.Cloud {
		cloud = append(cloud, stretch{o.Received, o.Received})
	}
	const quiet = 15 * time.Second
	return append(jumpsOf(runlog.LoadFile, load, quiet), jumpsOf(runlog.CloudFile, cloud, max(quiet, 6*time.Duration(period)*time.Second))...)
}

// jumpsOf says where a file is silent for longer than quiet, or goes back by more than 3 seconds:
// three such places, and how many more there are.
func jumpsOf(file string, told []stretch, quiet time.Duration) (all []string) {
	for i := 1; i < len(told); i++ {
		switch before, passed := clock(told[i-1].to), told[i].from.Sub(told[i-1].to); {
		case passed > quiet:
			all = append(all, fmt.Sprintf("%s holds nothing for %s from %s on: nothing was seen, or the clock was set.",
				file, runlog.Words(passed), before))
		case passed < -3*time.Second:
			all = append(all, fmt.Sprintf("%s goes back by %s after %s: the clock was set. What follows is drawn over what came before.",
				file, runlog.Words(-passed), before))
		}
	}
	const most = 3
	if more := len(all) - most; more > 0 {
		all = append(all[:most], fmt.Sprintf("%s has %d more such places.", file, more))
	}
	return all
}
