package experiment

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"secondwind/runlog"
)

// points are datapoints of U = idle + b·λ whose cost is off by up to noise.
func points(idle, b, noise float64, seed uint64, rates ...float64) []runlog.CalibrationPoint {
	random := rand.New(rand.NewPCG(seed, 0))
	var all []runlog.CalibrationPoint
	for _, rate := range rates {
		cost := b * (1 + noise*(2*random.Float64()-1))
		all = append(all, runlog.CalibrationPoint{Rate: rate, CPUPercent: idle + cost*rate})
	}
	return all
}

func TestFitFindsTheCostOfARequest(t *testing.T) {
	cal, err := Fit(1.5, points(1.5, 0.25, 0, 1, 10, 20, 40), 1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []float64{cal.CPUPercentPerRate, cal.CPUPercentPerRateLow, cal.CPUPercentPerRateHigh} {
		if math.Abs(got-0.25) > 1e-12 {
			t.Errorf("Fit() = %+v, want 0.25 and an interval of that alone", cal)
		}
	}
	if got := RateFor(cal, 32, 1); math.Abs(got-122) > 1e-9 {
		t.Errorf("RateFor(32) = %v, want 122", got)
	}
	if got := RateFor(cal, 1, 1); got != 0 {
		t.Errorf("RateFor(1), below idle = %v, want 0", got)
	}
}

func TestFitStaysCloseWhenEachPointIsOffByFifteenPercent(t *testing.T) {
	covered := 0
	const runs = 200
	for seed := range uint64(runs) {
		cal, err := Fit(1, points(1, 0.3, 0.15, seed, 20, 30, 35, 36, 36, 36, 36, 36), 1, seed)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(cal.CPUPercentPerRate/0.3-1) > 0.14 {
			t.Errorf("seed %d: b = %v, want 0.3 within 14 %%", seed, cal.CPUPercentPerRate)
		}
		if cal.CPUPercentPerRateLow > cal.CPUPercentPerRate || cal.CPUPercentPerRateHigh < cal.CPUPercentPerRate {
			t.Errorf("seed %d: interval %v to %v does not hold b = %v", seed, cal.CPUPercentPerRateLow, cal.CPUPercentPerRateHigh,
				cal.CPUPercentPerRate)
		}
		if cal.CPUPercentPerRateLow <= 0.3 && 0.3 <= cal.CPUPercentPerRateHigh {
			covered++
		}
	}
	if covered < runs*80/100 {
		t.Errorf("the 95 %% interval held the truth in %d of %d runs, want at least 80 %%", covered, runs)
	}
}

func TestSomeOfThePointsMayBeWrong(t *testing.T) {
	all := points(1, 0.3, 0, 1, 8, 8, 8, 20, 20, 20, 20, 20)
	all[1].CPUPercent, all[4].CPUPercent = 19, 0.5
	cal, err := Fit(1, all, 1, 1)
	if err != nil || math.Abs(cal.CPUPercentPerRate-0.3) > 0.01 || math.Abs(*cal.InterceptCPUPercent-1) > 0.2 {
		t.Errorf("Fit() = %+v, %v; want 0.3, and an intercept of 1", cal, err)
	}
}

// TestTheInterceptShowsWhatAnotherClientAdds has one whose CPU does not depend on our rate.
func TestTheInterceptShowsWhatAnotherClientAdds(t *testing.T) {
	cal, err := Fit(1, points(10, 0.3, 0.02, 1, 8, 8, 16, 16, 16), 1, 1)
	if err != nil || math.Abs(*cal.InterceptCPUPercent-10) > 0.5 || cal.IdleCPUPercent != 1 {
		t.Errorf("Fit() = %+v, %v; want an intercept of 10 above an idle of 1", cal, err)
	}
	if cal, err := Fit(1, points(1, 0.3, 0, 1, 8, 8), 1, 1); err != nil || cal.InterceptCPUPercent != nil {
		t.Errorf("Fit() at one rate = %+v, %v; want no intercept", cal, err)
	}
}

func TestTheCostIsOfOneOfSeveralInstances(t *testing.T) {
	cal, err := Fit(1, points(1, 0.1, 0, 1, 30, 60), 3, 1)
	if err != nil || math.Abs(cal.CPUPercentPerRate-0.3) > 1e-12 || math.Abs(RateFor(cal, 31, 3)-300) > 1e-9 {
		t.Errorf("Fit() = %+v, %v; want 0.3 for each of 3 instances, and 300 requests/s for 31 %%", cal, err)
	}
}

func TestTheSameSeedGivesTheSameInterval(t *testing.T) {
	all := points(1, 0.3, 0.15, 3, 20, 30, 40, 50)
	first, _ := Fit(1, all, 1, 9)
	again, _ := Fit(1, all, 1, 9)
	if first.CPUPercentPerRateLow != again.CPUPercentPerRateLow || first.CPUPercentPerRateHigh != again.CPUPercentPerRateHigh {
		t.Errorf("Fit() twice = %+v and %+v, want the same", first, again)
	}
}

func TestFitRefusesPointsThatTellNothing(t *testing.T) {
	tests := []struct {
		name   string
		idle   float64
		points []runlog.CalibrationPoint
	}{
		{"no point", 1, nil},
		{"only points without load", 1, []runlog.CalibrationPoint{{Rate: 0, CPUPercent: 5}}},
		{"CPU at idle under load", 5, []runlog.CalibrationPoint{{Rate: 10, CPUPercent: 5}}},
		{"CPU below idle under load", 5, []runlog.CalibrationPoint{{Rate: 10, CPUPercent: 4}, {Rate: 20, CPUPercent: 4}}},
		{"idle that is not a number", math.NaN(), []runlog.CalibrationPoint{{Rate: 10, CPUPercent: 5}}},
		{"a rate that is not a number", 1, []runlog.CalibrationPoint{{Rate: math.NaN(), CPUPercent: 5}}},
		{"CPU without bound", 1, []runlog.CalibrationPoint{{Rate: 10, CPUPercent: math.Inf(1)}}},
	}
	for _, tt := range tests {
		if cal, err := Fit(tt.idle, tt.points, 1, 1); err == nil {
			t.Errorf("%s: Fit() = %+v, want an error", tt.name, cal)
		}
	}
}

func ExampleFit() {
	cal, err := Fit(2, []runlog.CalibrationPoint{{Rate: 20, CPUPercent: 6}, {Rate: 45, CPUPercent: 11}}, 1, 1)
	if err != nil {
		panic(err)
	}
	fmt.Printf("%.1f %% per request/s; %.0f requests/s for 32 %%\n", cal.CPUPercentPerRate, RateFor(cal, 32, 1))
	// Output: 0.2 % per request/s; 150 requests/s for 32 %
}
