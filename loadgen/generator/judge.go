package generator

import (
	"fmt"
	"time"
)

// Counters are what a generator knows about itself after a run. What is 0 is not known, or
// did not happen.
type Counters struct {
	Due     int64         // requests, sent or not
	Dropped int64         // of them
	Waited  int64         // requests that were sent late, as all slots were taken by those that waited for their answers
	Starved int64         // of Dropped, for the same reason
	LagP99  time.Duration // from when requests were due, and had a slot, to when they were sent
	NoFile  int64         // requests that failed with EMFILE or ENFILE
	NoPort  int64         // requests that failed with EADDRNOTAVAIL
	Usage   Usage
	// Slots are how many requests may be in flight, and SlotsNeeded how many there are if the
	// server answers none of them within the time-out: the rate times the time-out.
	Slots, SlotsNeeded int
}

// What a generator may come to before its measurements are its own.
const (
	mostDropped = 0.001 // of what is due
	mostLag     = 20 * time.Millisecond
	mostCPU     = 0.85 // of its cores, in an interval
	mostBusy    = 0.05 // of the intervals, and more than one
	mostFiles   = 0.95 // of the limit
	// Of fewer requests, one that the machine delayed by chance may be the 99th percentile.
	fewDue     = 1000
	mostLagFew = 10 * mostLag
)

// Judgement is whether a measurement is one of the service. The zero value says that it is.
type Judgement struct {
	Invalid bool   `json:"invalid"`
	Reason  string `json:"reason,omitempty"` // one sentence: by what the generator was limited
	Remedy  string `json:"remedy,omitempty"` // one sentence: what to do
	// Note is what a valid measurement leaves open: requests waited for slots.
	Note string `json:"note,omitempty"`
	// Limited are the intervals in which the generator was the limit by themselves: how many, and
	// by what in the first of them; "" if there was none.
	Limited string `json:"limited,omitempty"`
}

// Judge judges a run. Of several limits it names the one that explains the others.
//
// Requests that wait for a slot, or are left out for want of one, make no measurement invalid: the slots
// are taken as long as the server has not answered. Their latency from the schedule has the waiting
// in it, as with as many connections as there are slots it would. The judgement notes it.
func Judge(c Counters) Judgement {
	for _, limits := range [][]limit{c.shortages(), c.delays()} {
		for _, l := range limits {
			if l.reached {
				return Judgement{Invalid: true, Reason: l.reason, Remedy: l.remedy}
			}
		}
	}
	return Judgement{Note: c.note()}
}

// note is what there is to know of requests that waited for slots, "" if hardly any did.
func (c Counters) note() string {
	if float64(c.Waited+c.Starved) <= mostDropped*float64(c.Due) {
		return ""
	}
	text := fmt.Sprintf("%d of %d requests waited while all %d in flight were unanswered", c.Waited+c.Starved, c.Due, c.Slots)
	if c.Starved > 0 {
		text += fmt.Sprintf(", %d of them in vain", c.Starved)
	}
	if text += ": the service answered too slowly."; c.Slots < c.SlotsNeeded {
		text += fmt.Sprintf(" With %d in flight, the rate times the time-out, none waits.", c.SlotsNeeded)
	}
	return text
}

// limit is one that a generator may reach.
type limit struct {
	reached        bool
	reason, remedy string
}

const moreFiles = "Raise the limit (ulimit -n), or lower the number of connections."

// shortages are what a generator may lack.
func (c Counters) shortages() []limit {
	u := c.Usage
	return []limit{
		{
			c.NoFile > 0, fmt.Sprintf("%d requests found no file descriptor left (the limit is %d).", c.NoFile, u.FileLimit), moreFiles,
		},
		{
			c.NoPort > 0, fmt.Sprintf("%d requests found no local port left.", c.NoPort),
			"Let connections live longer, or send from more addresses.",
		},
		{
			u.Busy > min(1, u.Intervals-1) && float64(u.Busy) > mostBusy*float64(u.Intervals),
			fmt.Sprintf("The generator used more than %.0f %% of its CPU (GOMAXPROCS %d) in %d of %d intervals.",
				mostCPU*100, u.Procs, u.Busy, u.Intervals),
			"Lower the rate, give the generator more cores, or send from several machines.",
		},
	}
}

// delays are how a lack shows, and what may become one.
func (c Counters) delays() []limit {
	u, dropped := c.Usage, c.Dropped-c.Starved
	const remedy = "Keep other programs off the generator's machine, or lower the rate."
	return []limit{
		{
			float64(dropped) > mostDropped*float64(c.Due),
			fmt.Sprintf("%d of %d requests were not sent: the generator did not come to it.", dropped, c.Due), remedy,
		},
		{
			c.LagP99 > mostLagFew || c.LagP99 > mostLag && c.Due >= fewDue,
			fmt.Sprintf("1 %% of the requests were sent more than %v after they were due.", c.LagP99.Round(time.Millisecond)),
			remedy,
		},
		{
			u.FileLimit > 0 && float64(u.Files) > mostFiles*float64(u.FileLimit),
			fmt.Sprintf("%d of at most %d file descriptors were open.", u.Files, u.FileLimit), moreFiles,
		},
	}
}

// String is the judgement as a line of a summary.
func (j Judgement) String() string {
	switch {
	case j.Invalid:
		return "invalid: " + j.Reason + " " + j.Remedy
	case j.Limited != "":
		return "valid as a whole; it was the limit " + j.Limited
	case j.Note != "":
		return "valid: " + j.Note
	}
	return "valid"
}
