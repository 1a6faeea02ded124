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
		{"a run of 165 s", timeTicks, 0, 165, "0 15 30 45 60 75 90 105 120 135 150 165"},
		{"a run of eight hours", timeTicks, 0, 28800, "0:00 1:00 2:00 3:00 4:00 5:00 6:00 7:00 8:00"},
		{"twenty minutes", timeTicks, 0, 1200, "0:00 2:00 4:00 6:00 8:00 10:00 12:00 14:00 16:00 18:00 20:00"},
		{"two minutes of eight hours", timeTicks, 9000, 9120, "2:30:00 2:30:10 2:30:20 2:30:30 2:30:40 2:30:50 " +
			"2:31:00 2:31:10 2:31:20 2:31:30 2:31:40 2:31:50 2:32:00"},
		{"half a second", timeTicks, 0, 0.5, "0.0 0.1 0.2 0.3 0.4 0.5"},
		{"a year", timeTicks, 0, 365 * 86400,
			"0:00 768:00 1536:00 2304:00 3072:00 3840:00 4608:00 5376:00 6144:00 6912:00 7680:00 8448:00"},
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
