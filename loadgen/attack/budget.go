package attack

import (
	"encoding/json"
	"time"

	"secondwind/runlog"
)

// daily is how many bytes the lines of the first day may take, and three quarters of it those of
// each later day. A line a second takes 1 kB at 50 requests/s and 5.5 kB at 5,000/s, 18 kB with
// four instances and five kinds of requests, and so up to 1.6 GB a day.
const daily = 95e6

// budget bounds how fast a record grows: lines are written each second until a quarter of a
// day's bytes is used up, after hours, and from then on as often as what comes back of it allows.
// A longer interval takes fewer bytes a second: most of its latencies fall where others are.
type budget struct {
	daily    float64
	left     float64 // bytes, at the time of the last line
	lastLine float64 // bytes
}

func newBudget(daily float64) budget { return budget{daily: daily, left: daily / 4} }

// back is how much comes back within a time.
func (b *budget) back(d time.Duration) float64 { return b.daily * 3 / 4 * d.Seconds() / (24 * 3600) }

// allows tells whether there may be another line so long after the last one.
func (b *budget) allows(since time.Duration) bool { return b.left+b.back(since) >= b.lastLine }

// spend takes a line of so many bytes off, which was written so long after the last one.
func (b *budget) spend(bytes int, since time.Duration) {
	b.lastLine = float64(bytes)
	b.left = min(b.left+b.back(since), b.daily/4) - b.lastLine
}

// sizeOf is how many bytes a line takes.
func sizeOf(l runlog.LoadLine) int {
	text, _ := json.Marshal(l) // who writes it reports the error
	return len(text) + len("\n")
}
