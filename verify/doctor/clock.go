package doctor

import (
	"fmt"
	"time"
)

// The offsets from which a clock is worth a word.
const (
	clockOffset = 2 * time.Second // beyond it, the order of our events and AWS's is unsure
	clockFar    = 4 * time.Minute // AWS refuses signatures that are 5 minutes off
)

// checkClock compares this machine's clock with AWS's. It may be called from any
// goroutine.
func (x *examination) checkClock() {
	offset := x.clock.Offset()
	id := "clock.offset"
	switch {
	case offset.Abs() < clockOffset:
		return
	case offset.Abs() > clockFar:
		id = "clock.far"
	}
	word := "behind"
	if offset < 0 {
		word = "ahead of"
	}
	x.find(id, "this machine", fmt.Sprintf("Its clock is %s %s AWS's.", offset.Abs().Round(time.Second), word),
		"Switch on time synchronisation (timedatectl set-ntp true), and wait until it holds.")
}
