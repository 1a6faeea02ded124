package generator

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// well are the counters of a run in which nothing was a limit, if only just.
func well() Counters {
	return Counters{
		Due: 10_000, Dropped: 10, LagP99: mostLag,
		Usage: Usage{Procs: 2, CPU: 0.8, Intervals: 100, Busy: 5, Files: 950, FileLimit: 1000},
	}
}

func TestARunIsInvalidWhereTheGeneratorWasTheLimit(t *testing.T) {
	for name, tt := range map[string]struct {
		change         func(*Counters)
		reason, remedy string
	}{
		"nothing":         {func(*Counters) {}, "", ""},
		"nothing known":   {func(c *Counters) { *c = Counters{} }, "", ""},
		"one busy second": {func(c *Counters) { c.Usage.Intervals, c.Usage.Busy = 5, 1 }, "", ""},
		"descriptors":     {func(c *Counters) { c.NoFile = 3 }, "3 requests found no file descriptor left (the limit is 1000).", "ulimit -n"},
		"ports":           {func(c *Counters) { c.NoPort = 3 }, "3 requests found no local port left.", "more addresses"},
		"CPU": {func(c *Counters) { c.Usage.Busy = 6 },
			"The generator used more than 85 % of its CPU (GOMAXPROCS 2) in 6 of 100 intervals.", "more cores"},
		"dropped": {func(c *Counters) { c.Dropped, c.Slots, c.SlotsNeeded = 11, 10, 1000 },
			"11 of 10000 requests were not sent: the generator did not come to it.", "other programs"},
		"dropped for want of slots": {func(c *Counters) { c.Dropped, c.Starved = 5000, 4990 }, "", ""},
		"a single interval": {func(c *Counters) { c.Usage.Intervals, c.Usage.Busy = 1, 1 },
			"The generator used more than 85 % of its CPU (GOMAXPROCS 2) in 1 of 1 intervals.", "more cores"},
		"lag": {func(c *Counters) { c.LagP99 = 30*time.Millisecond + 1 },
			"1 % of the requests were sent more than 30ms after they were due.", "lower the rate"},
		"lag of a few": {func(c *Counters) { c.Due, c.Dropped, c.LagP99 = 999, 0, 200*time.Millisecond+1 },
			"1 % of the requests were sent more than 200ms after they were due.", "lower the rate"},
		"lag by chance":      {func(c *Counters) { c.Due, c.Dropped, c.LagP99 = 999, 0, 200*time.Millisecond }, "", ""},
		"descriptors nearly": {func(c *Counters) { c.Usage.Files = 951 }, "951 of at most 1000 file descriptors were open.", "ulimit -n"},
		"a cause before its effects": {func(c *Counters) { c.Usage.Busy, c.Dropped, c.LagP99 = 50, 5000, time.Second },
			"The generator used more than 85 % of its CPU (GOMAXPROCS 2) in 50 of 100 intervals.", "more cores"},
	} {
		c := well()
		tt.change(&c)
		got := Judge(c)
		if got.Invalid != (tt.reason != "") || got.Reason != tt.reason || !strings.Contains(got.Remedy, tt.remedy) {
			t.Errorf("%s: Judge() = %+v, want %q with a remedy of %q", name, got, tt.reason, tt.remedy)
		}
	}
}

// TestSlotsThatTheServerTakesAreNoted: that requests wait for it is no fault of the generator.
func TestSlotsThatTheServerTakesAreNoted(t *testing.T) {
	for _, c := range []struct {
		waited, starved int64
		slots           int
		want            string
	}{
		{10, 0, 10, "valid"},
		{11, 0, 10, "valid: 11 of 10000 requests waited while all 10 in flight were unanswered: the service answered too slowly. " +
			"With 1000 in flight, the rate times the time-out, none waits."},
		{7, 5, 1000, "valid: 12 of 10000 requests waited while all 1000 in flight were unanswered, 5 of them in vain: " +
			"the service answered too slowly."},
	} {
		counters := well()
		counters.Dropped, counters.Waited, counters.Starved, counters.Slots, counters.SlotsNeeded = c.starved, c.waited, c.starved, c.slots, 1000
		if got := Judge(counters).String(); got != c.want {
			t.Errorf("%d waited, %d in vain: %s, want %s", c.waited, c.starved, got, c.want)
		}
	}
}

func TestASamplerCountsTheIntervalsInWhichTheProcessWasBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var cpu time.Duration
		files, known := 10, true
		s := newSampler(system{
			cpu:   func() (time.Duration, bool) { return cpu, known },
			files: func() int { return files }, fileLimit: func() int { return 100 }, procs: func() int { return 2 },
		})
		s.Sample() // at once: no interval yet
		for i, share := range []float64{0.1, 0.9, 1, 0.8, 0} {
			time.Sleep(time.Second)
			cpu += time.Duration(share * 2 * float64(time.Second))
			files = 10 * (5 - i)
			if u := s.Sample(); u.CPU < share-0.001 || u.CPU > share+0.001 || (u.Busy > 0) != (share > mostCPU) || u.Intervals != 1 {
				t.Errorf("Sample() = %+v, want a share of %v", u, share)
			}
		}
		known = false
		time.Sleep(time.Second)
		s.Sample()
		got := s.Usage()
		if share := got.CPU; share < 0.5599 || share > 0.5601 {
			t.Errorf("CPU = %v, want 0.56", share)
		}
		got.CPU = 0
		if want := (Usage{Procs: 2, Intervals: 5, Busy: 2, Files: 50, FileLimit: 100}); got != want {
			t.Errorf("Usage() = %+v, want %+v", got, want)
		}
	})
}

func TestATotalWeighsIntervalsByTheirLength(t *testing.T) {
	var total Total
	total.Add(Usage{Files: 7}, time.Second) // whose CPU is not known
	total.Add(Interval(0.9, 2, 5, 100), time.Second)
	total.Add(Interval(0.1, 2, 9, 100), 3*time.Second)
	got := total.Usage()
	if got.CPU < 0.2999 || got.CPU > 0.3001 {
		t.Errorf("CPU = %v, want 0.3", got.CPU)
	}
	got.CPU = 0
	if want := (Usage{Procs: 2, Intervals: 2, Busy: 1, Files: 9, FileLimit: 100}); got != want {
		t.Errorf("Usage() = %+v, want %+v", got, want)
	}
}

// TestTheSystemTellsOfThisProcess opens files and uses CPU, and looks whether that is seen.
func TestTheSystemTellsOfThisProcess(t *testing.T) {
	before, known := cpuTime()
	if !known {
		t.Skip("skipped: this system reports no CPU time of a process, without which a load never becomes invalid for want of CPU")
	}
	files := openFiles()
	for range 10 {
		f, err := os.Open(os.DevNull)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
	}
	if got := openFiles(); got < files+10 {
		t.Errorf("openFiles() = %d after %d and ten more", got, files)
	}
	if limit := fileLimit(); limit <= files {
		t.Errorf("fileLimit() = %d with %d open", limit, files)
	}
	for used := before; used <= before; used, _ = cpuTime() { // until it is seen
		_ = strings.Repeat("x", 1<<20)
	}
}

func ExampleJudge() {
	fmt.Println(Judge(Counters{Due: 60_000}))
	fmt.Println(Judge(Counters{Due: 60_000, NoPort: 9}))
	// Output:
	// valid
	// invalid: 9 requests found no local port left. Let connections live longer, or send from more addresses.
}
