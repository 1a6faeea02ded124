package main

import (
	"context"
	"os"
	"syscall"
	"testing"
)

func TestWhatASignalMeans(t *testing.T) {
	const hold, release, conclude, concluded = "hold", "release", "conclude", "concluded"
	type step struct {
		do   string    // what the run does; "": nothing
		sent os.Signal // nil: none
		want string    // what the signal does: "ends the hold", "stops", "leaves the report out", "exits"
	}
	cases := []struct {
		name  string
		steps []step
	}{
		{"before the hold a first signal stops, a second one exits", []step{{"", os.Interrupt, "stops"}, {"", os.Interrupt, "exits"}}},
		{"in the hold a first one ends it, a second one stops", []step{
			{hold, os.Interrupt, "ends the hold"}, {"", os.Interrupt, "stops"}, {"", os.Interrupt, "exits"},
		}},
		{"in the hold SIGTERM stops", []step{{hold, syscall.SIGTERM, "stops"}}},
		{"after the hold a first one stops", []step{{hold, nil, ""}, {release, os.Interrupt, "stops"}}},
		{"a hold that was ended is not ended again", []step{{hold, os.Interrupt, "ends the hold"}, {hold, os.Interrupt, "stops"}}},
		{"while the report is written a second one leaves it out", []step{
			{"", os.Interrupt, "stops"}, {conclude, os.Interrupt, "leaves the report out"}, {"", os.Interrupt, "exits"},
		}},
		{"once it is written a second one exits", []step{{"", os.Interrupt, "stops"}, {conclude, nil, ""}, {concluded, os.Interrupt, "exits"}}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			i := &interrupts{endHold: make(chan struct{}), stop: cancel}
			report, done := context.Background(), func() {}
			for n, s := range c.steps {
				switch s.do {
				case hold, release:
					i.hold(s.do == hold)
				case conclude:
					report, done = i.concluding()
				case concluded:
					done()
				}
				if s.sent == nil {
					continue
				}
				before := [3]bool{closed(i.endHold), ctx.Err() != nil, report.Err() != nil}
				goesOn := i.handle(s.sent)
				after := [3]bool{closed(i.endHold), ctx.Err() != nil, report.Err() != nil}
				if got := meaning(before, after, goesOn); got != s.want {
					t.Errorf("signal %d %s, want it to be one that %s", n+1, got, s.want)
				}
			}
		})
	}
}

func closed(c chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func meaning(before, after [3]bool, goesOn bool) string {
	for i, text := range []string{"ends the hold", "stops", "leaves the report out"} {
		if after[i] && !before[i] {
			return text
		}
	}
	if !goesOn {
		return "exits"
	}
	return "does nothing"
}
