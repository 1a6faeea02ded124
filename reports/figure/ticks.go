package figure

import (
	"fmt"
	"math"
	"strconv"

	"gonum.org/v1/plot"
)

// The functions below are plot.TickerFuncs: they return the ticks in [min, max].

// roundTicks returns about six, labelled, at the multiples of a round step.
func roundTicks(min, max float64) []plot.Tick {
	step := roundStep((max - min) / 6)
	decimals := 0
	if step < 1 {
		decimals = int(math.Ceil(-math.Log10(step) - 1e-9))
	}
	return multiples(step, min, max, decimals)
}

// multiples returns the multiples of step in [min, max], forgiving a billionth
// of a step at either end.
func multiples(step, min, max float64, decimals int) []plot.Tick {
	verb := byte('f')
	if max >= 1e9 {
		verb, decimals = 'g', 3 // or the labels would be wider than the figure
	}
	var marks []plot.Tick
	// Adding 0 makes a negative zero positive, which would be labelled "-0".
	for i := math.Ceil(min/step-1e-9) + 0; i*step <= max+step*1e-9; i++ {
		marks = append(marks, plot.Tick{Value: i * step, Label: strconv.FormatFloat(i*step, verb, decimals, 64)})
	}
	return marks
}

// roundStep returns the smallest of 1, 2, 5 times a power of ten that is at
// least the given step. A step that is not positive gives 1.
func roundStep(step float64) float64 {
	if !(step > 0) || math.IsInf(step, 1) {
		return 1
	}
	power := math.Pow(10, math.Floor(math.Log10(step)))
	for _, factor := range []float64{1, 2, 5} {
		if factor*power >= step*(1-1e-9) {
			return factor * power
		}
	}
	return 10 * power
}

// wholeTicks returns whole numbers, at most eleven: there is no half an instance.
func wholeTicks(min, max float64) []plot.Tick {
	step := math.Max(1, roundStep((max-min)/10))
	return multiples(step, min, max, 0)
}

// The longest times, in seconds, that are written in seconds and in minutes.
const longestInSeconds, longestInMinutes = 600, 7200

// timeLabel says how the ticks of a time axis that ends at max are written.
func timeLabel(max float64) string {
	unit := "seconds"
	switch {
	case max > longestInMinutes:
		unit = "hours:minutes"
	case max > longestInSeconds:
		unit = "minutes:seconds"
	}
	return unit + " since the start of the run"
}

// timeTicks are for seconds since the start: at most thirteen multiples of a step
// of a clock (5, 10, 30 s, 1, 5, 10 min, 1 h …), written as timeLabel says.
func timeTicks(min, max float64) []plot.Tick {
	steps := []float64{0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400}
	step := steps[len(steps)-1]
	for _, s := range steps {
		if (max-min)/s <= 12 {
			step = s
			break
		}
	}
	for (max-min)/step > 12 {
		step *= 2
	}
	decimals := 0
	if step < 1 {
		decimals = 1
	}
	ticks := multiples(step, min, max, decimals)
	for i, t := range ticks {
		switch seconds := int64(math.Round(t.Value)); {
		case max > longestInMinutes && step < 60:
			ticks[i].Label = fmt.Sprintf("%d:%02d:%02d", seconds/3600, seconds/60%60, seconds%60)
		case max > longestInMinutes:
			ticks[i].Label = fmt.Sprintf("%d:%02d", seconds/3600, seconds/60%60)
		case max > longestInSeconds:
			ticks[i].Label = fmt.Sprintf("%d:%02d", seconds/60, seconds%60)
		}
	}
	return ticks
}

// logTicks are for an axis of decimal logarithms: 1, 2 and 5 of each decade are labelled with their own value, over more than four decades
// only 1. gonum's own logarithmic axis puts its label out of the middle and
// leaves room for it above the data.
func logTicks(min, max float64) []plot.Tick {
	var marks []plot.Tick
	for e := math.Floor(min); e <= math.Ceil(max); e++ {
		for digit := 1.0; digit < 10; digit++ {
			v := e + math.Log10(digit)
			if v < min-1e-9 || v > max+1e-9 {
				continue
			}
			label := ""
			if digit == 1 || max-min <= 4 && (digit == 2 || digit == 5) {
				label = strconv.FormatFloat(digit*math.Pow(10, e), 'g', 6, 64)
			}
			marks = append(marks, plot.Tick{Value: v, Label: label})
		}
	}
	return marks
}
