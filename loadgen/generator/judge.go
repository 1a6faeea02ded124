package generator

import (
	"fmt"
	"time"
)

// Counters are what a generator knows about itself after a run. What is 0 is not known, or
// did not happen.
type Counters struct {
	Due     int64         // requests, sent or not
	Dropped int64         // of them, for want of slots in flight
	LagP99  time.Duration // from when requests were due to when they were sent
	NoFile  int64         // requests that failed with EMFILE or ENFILE
	NoPort  int64         // requests that failed with EADDRNOTAVAIL
	Usage   Usage
}

// What a generator may come to before its measurements are its own.
const (
	mostDropped = 0.001 // of what is due
	mostLag     = 20 * time.Millisecond
	mostCPU     = 0.85 // of its cores, in an interval
	mostBusy    = 0.05 // of the intervals, and more than one
	mostFiles   = 0.95 // of the limit
)

// Judgement is whether a measurement is one of the service. The zero value says that it is.
type Judgement struct {
	Invalid bool
	Reason  string // one sentence: by what the generator was limited
	Remedy  string // one sentence: what to do
}

// Judge judges a run. Of several limits it names the one that explains the others.
func Judge(c Counters) Judgement {
	u := c.Usage
	for _, limit := range []struct {
		reached        bool
		reason, remedy string
	}{
		{
			c.NoFile > 0, fmt.Sprintf("%d requests found no file descriptor left (the limit is %d).", c.NoFile, u.FileLimit),
			"Raise the limit (ulimit -n), or lower the number of connections.",
		},
		{
			c.NoPort > 0, fmt.Sprintf("%d requests found no local port left.", c.NoPort),
			"Let connections live longer, or send from more addresses.",
		},
		{
			u.Intervals > 0 && u.Busy > 1 && float64(u.Busy) > mostBusy*float64(u.Intervals),
			fmt.Sprintf("The generator used more than %.0f %% of its CPU (GOMAXPROCS %d) in %d of %d intervals.",
				mostCPU*100, u.Procs, u.Busy, u.Intervals),
			"Lower the rate, give the generator more cores, or send from several machines.",
		},
		{
			float64(c.Dropped) > mostDropped*float64(c.Due),
			fmt.Sprintf("%d of %d requests were not sent: every slot in flight was taken.", c.Dropped, c.Due),
			"Allow more requests in flight, or lower the rate to what the service answers.",
		},
		{
			c.LagP99 > mostLag,
			fmt.Sprintf("1 %% of the requests were sent more than %v after they were due.", c.LagP99.Round(time.Millisecond)),
			"Keep other programs off the generator's machine, lower the rate, or allow more requests in flight.",
		},
		{
			u.FileLimit > 0 && float64(u.Files) > mostFiles*float64(u.FileLimit),
			fmt.Sprintf("%d of at most %d file descriptors were open.", u.Files, u.FileLimit),
			"Raise the limit (ulimit -n), or lower the number of connections.",
		},
	} {
		if limit.reached {
			return Judgement{Invalid: true, Reason: limit.reason, Remedy: limit.remedy}
		}
	}
	return Judgement{}
}

// String is the judgement as a line of a summary.
func (j Judgement) String() string {
	if !j.Invalid {
		return "valid"
	}
	return "invalid: " + j.Reason + " " + j.Remedy
}
