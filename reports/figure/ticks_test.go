package figure

import (
	"strings"
	"testing"

	"gonum.org/v1/plot"
)

func TestTicksAreRoundAndFew(t *testing.T) {
	for _, c := range []struct {
		name     string
		ticks    plot.TickerFunc
		min, max float64
		want     string
	}{
		{"a run of 165 s", secondTicks, 0, 165, "0 15 30 45 60 75 90 105 120 135 150 165"},
		{"a run of eight hours", secondTicks, 0, 28800, "0 3600 7200 10800 14400 18000 21600 25200 28800"},
		{"half a second", secondTicks, 0, 0.5, "0.0 0.1 0.2 0.3 0.4 0.5"},
		{"a year", secondTicks, 0, 365 * 86400,
			"0 2764800 5529600 8294400 11059200 13824000 16588800 19353600 22118400 24883200 27648000 30412800"},
		{"percent", roundTicks, 0, 35.6, "0 10 20 30"},
		{"a negative start has no negative zero", roundTicks, -0.5e-9, 4, "0 1 2 3 4"},
		{"small numbers keep their decimals", roundTicks, 0, 0.05, "0.00 0.01 0.02 0.03 0.04 0.05"},
		{"two instances", wholeTicks, 0, 2.4, "0 1 2"},
		{"a thousand instances", wholeTicks, 0, 1000, "0 100 200 300 400 500 600 700 800 900 1000"},
		{"two decades of latency", logTicks, 0, 2, "1 2 5 10 20 50 100"},
		{"six decades of latency", logTicks, -3, 3, "0.001 0.01 0.1 1 10 100 1000"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var labels []string
			for _, tick := range c.ticks(c.min, c.max) {
				if tick.Label != "" {
					labels = append(labels, tick.Label)
				}
			}
			if got := strings.Join(labels, " "); got != c.want {
				t.Errorf("Ticks(%v, %v) = %s, want %s", c.min, c.max, got, c.want)
			}
		})
	}
}
