package experiment

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"secondwind/runlog"
)

// resamples of the bootstrap.
const resamples = 1000

// Fit fits CPU = U₀ + b·λ on one instance, with U₀ measured (idle, percent) and
// b in percent per request/s. b is the total of CPU above idle over the total of
// requests: each point weighs by its load, so that a short or light one, whose
// noise is large against its signal, cannot lead the fit astray. The 95 %
// interval of b is bootstrapped from the points.
//
// It is an error if no point has load, or if CPU did not rise with it.
func Fit(idle float64, points []runlog.CalibrationPoint, seed uint64) (runlog.Calibration, error) {
	loaded := slices.DeleteFunc(slices.Clone(points), func(p runlog.CalibrationPoint) bool { return !(p.Rate > 0) })
	if len(loaded) == 0 {
		return runlog.Calibration{}, errors.New("no datapoint under load: was it sent to this group, and is detailed monitoring on?")
	}
	b := slope(idle, loaded)
	if !(b > 0) || math.IsInf(b, 0) {
		return runlog.Calibration{}, fmt.Errorf("CPU did not rise above its idle %.2f %% under %.1f requests/s: does the load reach the "+
			"group's instances?",
			idle, loaded[len(loaded)-1].Rate)
	}
	low, high := interval(idle, loaded, seed)
	return runlog.Calibration{
		IdleCPUPercent:        idle,
		CPUPercentPerRate:     b,
		CPUPercentPerRateLow:  low,
		CPUPercentPerRateHigh: high,
		Points:                loaded,
	}, nil
}

// RateFor is the rate in requests per second that puts one instance at percent.
func RateFor(c runlog.Calibration, percent float64) float64 {
	return max(0, percent-c.IdleCPUPercent) / c.CPUPercentPerRate
}

func slope(idle float64, points []runlog.CalibrationPoint) float64 {
	var cpu, rate float64
	for _, p := range points {
		cpu += p.CPUPercent - idle
		rate += p.Rate
	}
	return cpu / rate
}

func interval(idle float64, points []runlog.CalibrationPoint, seed uint64) (low, high float64) {
	random := rand.New(rand.NewPCG(seed, uint64(len(points))))
	slopes := make([]float64, resamples)
	sample := make([]runlog.CalibrationPoint, len(points))
	for i := range slopes {
		for j := range sample {
			sample[j] = points[random.IntN(len(points))]
		}
		slopes[i] = slope(idle, sample)
	}
	slices.Sort(slopes)
	return slopes[resamples*25/1000], slopes[resamples*975/1000]
}
