package judge

import (
	"testing"
	"time"

	"secondwind/runlog"
)

func TestTheOffsetOfTheClocksLiesWithinItsBound(t *testing.T) {
	start := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	for _, offset := range []time.Duration{0, 1300 * time.Millisecond, -time.Hour} {
		var cloud []runlog.Observation
		for i := range 50 {
			sent := start.Add(time.Duration(i) * 1370 * time.Millisecond)
			cloud = append(cloud, runlog.Observation{
				Sent: sent, Received: sent.Add(80 * time.Millisecond),
				Date: sent.Add(offset + 30*time.Millisecond).Truncate(time.Second),
			})
		}
		c := newClock(cloud)
		if off := (c.offset - offset).Abs(); off > c.bound || c.bound > 200*time.Millisecond || c.jumped {
			t.Errorf("newClock = %v ± %v, want %v within ± 200 ms", c.offset, c.bound, offset)
		}
	}
}

func TestAClockThatIsSetIsNoticed(t *testing.T) {
	at := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	c := newClock([]runlog.Observation{
		{Sent: at, Received: at, Date: at},
		{Sent: at, Received: at, Date: at.Add(5 * time.Second)},
	})
	if !c.jumped {
		t.Errorf("newClock = %+v, want it to have jumped", c)
	}
}
