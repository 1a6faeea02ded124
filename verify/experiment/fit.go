package experiment

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"secondwind/runlog"
)

// resamples of the bootstrap: enough for the ends of a 95 % interval, of which only a
// tolerance is made.
const resamples = 240

// Fit fits the line U = a + b·λ to the points under load of so many instances, with b in
// percent of one instance per request/s, by the medians of Theil and Sen: some of the points
// may be wrong by any amount. The intercept is free, so that what another client adds shows in
// it: it is recorded beside the measured idle. The load is chosen by the line through that
// idle, which is far better known: it is a point like the others. The 95 % interval of b is
// bootstrapped from the points.
//
// It is an error if no point has load, or if CPU did not rise with it.
func Fit(idle float64, points []runlog.CalibrationPoint, instances int, seed uint64) (runlog.Calibration, error) {
	loaded := slices.DeleteFunc(slices.Clone(points), func(p runlog.CalibrationPoint) bool { return !(p.Rate > 0) })
	if len(loaded) == 0 {
		return runlog.Calibration{}, errors.New("no datapoint under load: was it sent to this group, and is detailed monitoring on?")
	}
	b := steepness(append(slices.Clone(loaded), runlog.CalibrationPoint{CPUPercent: idle}))
	if !(b > 0) || math.IsInf(b, 0) {
		return runlog.Calibration{}, fmt.Errorf("CPU did not rise above its idle %.2f %% under %.1f requests/s: does the load reach the "+
			"group's instances, and does a request take CPU there? A service that waits is scaled by ALBRequestCountPerTarget",
			idle, loaded[len(loaded)-1].Rate)
	}
	low, high := interval(idle, loaded, seed)
	n := float64(instances)
	var free *float64
	if _, intercept := line(loaded); !math.IsNaN(intercept) && !math.IsInf(intercept, 0) {
		free = &intercept
	}
	return runlog.Calibration{
		IdleCPUPercent:        idle,
		InterceptCPUPercent:   free,
		CPUPercentPerRate:     n * b,
		CPUPercentPerRateLow:  n * low,
		CPUPercentPerRateHigh: n * high,
		Points:                loaded,
	}, nil
}

// RateFor is the rate in requests per second that puts each of so many instances at percent.
func RateFor(c runlog.Calibration, percent float64, instances int) float64 {
	return max(0, percent-c.IdleCPUPercent) / c.CPUPercentPerRate * float64(instances)
}

// line is the line of Theil and Sen: the median of the slopes between any two points, each of
// the weight of their distance, and the median of what it leaves. Where all rates are the same
// the slope is not a number. Source: P. K. Sen, "Estimates of the regression coefficient based on
// Kendall's tau", 1968; the weights: Jaeckel, 1972.
func line(points []runlog.CalibrationPoint) (slope, intercept float64) {
	slope = steepness(points)
	var rest []weighted
	for _, p := range points {
		rest = append(rest, weighted{p.CPUPercent - slope*p.Rate, 1})
	}
	return slope, median(rest)
}

// steepness is the slope of line.
func steepness(points []runlog.CalibrationPoint) float64 {
	slopes := make([]weighted, 0, len(points)*(len(points)-1)/2)
	for i, p := range points {
		for _, q := range points[:i] {
			if run := p.Rate - q.Rate; run != 0 {
				slopes = append(slopes, weighted{(p.CPUPercent - q.CPUPercent) / run, math.Abs(run)})
			}
		}
	}
	return median(slopes)
}

type weighted struct{ value, weight float64 }

// median is the value at half of the weight; of none it is not a number.
func median(all []weighted) float64 {
	slices.SortFunc(all, func(a, b weighted) int { return cmp.Compare(a.value, b.value) })
	var sum, below float64
	for _, w := range all {
		sum += w.weight
	}
	for _, w := range all {
		if below += w.weight; below >= sum/2 {
			return w.value
		}
	}
	return math.NaN()
}

func interval(idle float64, points []runlog.CalibrationPoint, seed uint64) (low, high float64) {
	random := rand.New(rand.NewPCG(seed, uint64(len(points))))
	slopes := make([]float64, resamples)
	sample := make([]runlog.CalibrationPoint, len(points)+1)
	sample[len(points)] = runlog.CalibrationPoint{CPUPercent: idle}
	for i := range slopes {
		for j := range points {
			sample[j] = points[random.IntN(len(points))]
		}
		slopes[i] = steepness(sample)
	}
	slices.Sort(slopes)
	return slopes[resamples*25/1000], slopes[resamples*975/1000]
}
