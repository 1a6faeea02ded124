package cloud

import (
	"math"
	"testing"
	"time"
)

// grid is the start of a period of any length that divides a minute.
var grid = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestMeterDividesReadingsBetweenPeriods(t *testing.T) {
	type reading struct {
		at  time.Duration // since grid
		cpu time.Duration
	}
	const s = time.Second
	for name, test := range map[string]struct {
		launched time.Duration
		readings []reading
		want     []float64 // percent of one vCPU by period; NaN: no datapoint
	}{
		"a steady half": {0, []reading{{5 * s, 2500 * time.Millisecond}, {10 * s, 5 * s}}, []float64{50}},
		"a late reading is divided in proportion":      {0, []reading{{8 * s, 8 * s}, {12 * s, 8 * s}, {20 * s, 8 * s}}, []float64{80, 0}},
		"a reading over the boundary counts into both": {0, []reading{{20 * s, 4 * s}}, []float64{20, 20}},
		"present for half a period":                    {5 * s, []reading{{10 * s, 2 * s}}, []float64{40}},
		"present for less than half of one":            {6 * s, []reading{{10 * s, 4 * s}, {20 * s, 5 * s}}, []float64{math.NaN(), 10}},
		"more than its vCPU is cut off":                {0, []reading{{10 * s, 15 * s}}, []float64{100}},
		"a clock that went back adds nothing":          {0, []reading{{5 * s, 3 * s}, {6 * s, 1 * s}, {10 * s, 2 * s}}, []float64{400.0 / 9}},
		"a reading of the past adds nothing":           {0, []reading{{6 * s, 3 * s}, {4 * s, 9 * s}, {10 * s, 5 * s}}, []float64{50}},
		"the wall clock goes back and forth again": {
			0, []reading{{8 * s, 800 * time.Millisecond}, {4 * s, s}, {8 * s, 1400 * time.Millisecond}, {10 * s, 1600 * time.Millisecond}},
			[]float64{10},
		},
		"the wall clock goes back by an hour": {
			3600 * s, []reading{{3605 * s, s}, {10 * s, 2 * s}, {3600 * s, 800 * s}, {3606 * s, 801 * s}, {3610 * s, 801 * s}}, []float64{20},
		},
		"the wall clock is set forward": {
			0, []reading{{9 * s, 9 * s}, {39 * s, 10 * s}, {50 * s, 10 * s}}, []float64{271. / 3, 10. / 3, 10. / 3, 3, 0},
		},
		"nobody watched for long": {0, []reading{{5 * s, s}, {100 * s, 90 * s}, {110 * s, 91 * s}}, []float64{20, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMeter(10*s, grid.Add(test.launched))
			for _, r := range test.readings {
				m.observe(grid.Add(r.at), r.cpu)
			}
			shares := m.take(grid.Add(2 * time.Hour))
			if len(shares) != len(test.want) {
				t.Fatalf("take() = %d periods %v, want %d", len(shares), shares, len(test.want))
			}
			for i, share := range shares {
				got, ok := share.percent(10*s, 1)
				if want := test.want[i]; ok == math.IsNaN(want) || ok && math.Abs(got-want) > 1e-6 {
					t.Errorf("period %d = %g %%, %t, want %g", i, got, ok, want)
				}
			}
		})
	}
}

func TestAShareOfCPUIsOfTheInstancesVCPUs(t *testing.T) {
	const s = time.Second
	for name, test := range map[string]struct {
		share share
		vcpus int
		want  float64 // NaN: no datapoint
	}{
		"two vCPUs":              {share{ran: 10 * s, used: 10 * s}, 2, 50},
		"half of the period":     {share{ran: 5 * s, used: s}, 1, 20},
		"less than half of it":   {share{ran: 5*s - 1, used: s}, 1, math.NaN()},
		"before it is known":     {share{ran: 10 * s, used: s}, 0, math.NaN()},
		"more than there is":     {share{ran: 10 * s, used: 30 * s}, 2, 100},
		"nothing at all":         {share{ran: 10 * s}, 1, 0},
		"it was never watched":   {share{}, 1, math.NaN()},
		"a rest, once more late": {share{ran: s, used: s}, 1, math.NaN()},
	} {
		got, ok := test.share.percent(10*s, test.vcpus)
		if ok == math.IsNaN(test.want) || ok && got != test.want {
			t.Errorf("%s: %g %%, %t, want %g", name, got, ok, test.want)
		}
	}
}

func TestMeterKeepsThePeriodThatIsUnderWay(t *testing.T) {
	m := newMeter(10*time.Second, grid)
	m.observe(grid.Add(12*time.Second), 6*time.Second)
	if got := m.take(grid.Add(12 * time.Second)); len(got) != 1 || !got[0].start.Equal(grid) {
		t.Errorf("take(12s) = %v, want only the period that has ended", got)
	}
	if got := m.take(grid.Add(19 * time.Second)); len(got) != 0 {
		t.Errorf("take(19s) = %v, want nothing yet", got)
	}
	if got := m.take(grid.Add(20 * time.Second)); len(got) != 1 {
		t.Errorf("take(20s) = %v, want the second period", got)
	}
}

// Whatever the readings are: no CPU time is made up, and none is in two periods.
func FuzzMeterNeverMakesUpCPU(f *testing.F) {
	f.Add(int64(1000), int64(500), int64(9000), int64(4000))
	f.Add(int64(0), int64(0), int64(-5), int64(-7))
	f.Add(int64(25_000), int64(25_000), int64(26_000), int64(90_000))
	f.Fuzz(func(t *testing.T, at1, cpu1, at2, cpu2 int64) {
		for _, v := range []int64{at1, cpu1, at2, cpu2} {
			if v < -1e9 || v > 1e9 {
				t.Skip("more than eleven days")
			}
		}
		m := newMeter(10*time.Second, grid)
		m.observe(grid.Add(time.Duration(at1)*time.Millisecond), time.Duration(cpu1)*time.Millisecond)
		m.observe(grid.Add(time.Duration(at2)*time.Millisecond), time.Duration(cpu2)*time.Millisecond)
		var ran, used time.Duration
		for _, s := range m.take(grid.Add(1e6 * time.Hour)) {
			ran, used = ran+s.ran, used+s.used
			if s.ran > 10*time.Second || s.used < 0 {
				t.Fatalf("share %v: it cannot run for longer than its period nor use less than nothing", s)
			}
		}
		if limit := time.Duration(max(at1, at2, 0)) * time.Millisecond; ran > limit {
			t.Errorf("watched %s, but only %s have passed", ran, limit)
		}
		// A clock that went back and forth again counts its way up twice at most.
		if limit := 2 * time.Duration(max(cpu1, cpu2, 0)-min(cpu1, cpu2, 0)) * time.Millisecond; used > limit {
			t.Errorf("used %s, but the clock showed %s at most", used, limit)
		}
	})
}
