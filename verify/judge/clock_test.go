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

// A run whose polls all fall at the same place within a second narrows the offset
// badly: the middle of such bounds is not a measurement.
func TestClocksThatMayAgreeAreNotCorrected(t *testing.T) {
	sent := time.Date(2026, 3, 14, 12, 0, 0, 300_000_000, time.UTC)
	c := newClock([]runlog.Observation{{Sent: sent, Received: sent.Add(10 * time.Millisecond), Date: sent.Truncate(time.Second)}})
	if c.offset != 0 || c.bound != 700*time.Millisecond {
		t.Errorf("newClock = %v ± %v, want 0s ± 700ms", c.offset, c.bound)
	}
}

func TestEventsWhoseOrderIsNotKnownSaySo(t *testing.T) {
	at := time.Date(2026, 3, 14, 12, 0, 0, 500_000_000, time.UTC)
	polled := func(d time.Duration) interval {
		m := at.Add(d)
		return interval{m.Add(-300 * time.Millisecond), m, m.Add(300 * time.Millisecond)}
	}
	for d, want := range map[time.Duration]string{
		-100 * time.Millisecond: "; its time after the previous event is known to ± 0.3 s", 0: "", time.Second: "",
	} {
		if got := unordered(exactly(at), polled(d)); got != want {
			t.Errorf("unordered(%v) = %q, want %q", d, got, want)
		}
	}
}
