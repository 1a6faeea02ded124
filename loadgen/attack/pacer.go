package attack

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"secondwind/loadgen/profile"
)

// maxLate is how long a due request may wait for a free worker before it is
// counted as dropped instead of being sent too late to mean anything.
const maxLate = time.Second

// pacer lets Vegeta hit when a request of the schedule is due. Its Pace blocks where
// Vegeta's own would return a wait: Vegeta sleeps such a wait out, whatever
// happens meanwhile, and always hits after it.
type pacer struct {
	schedule *profile.Schedule
	began    time.Time

	dropped atomic.Int64

	mu      sync.Mutex
	changed chan struct{} // closed and replaced when the rate changes
	ending  bool          // only what is due already is still to be sent
	skips   []skip        // by hit
}

// skip is how many requests of the schedule were left out up to a hit.
type skip struct{ hit, total uint64 }

// maxSkips bounds what is remembered of them; results come in soon after.
const maxSkips = 4096

// wake makes a waiting Pace look at the schedule again, and end if the attack does.
func (p *pacer) wake(ending bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ending = ending
	close(p.changed)
	p.changed = make(chan struct{})
}

// Pace returns when hit number hits is due. It implements vegeta.Pacer.
func (p *pacer) Pace(_ time.Duration, hits uint64) (time.Duration, bool) {
	for {
		p.mu.Lock()
		changed, ending := p.changed, p.ending
		p.mu.Unlock()
		wait := time.Hour // nothing is due until the rate changes
		if due, ok := p.schedule.Due(p.sequence(hits)); ok {
			wait = due - time.Since(p.began)
		}
		if wait <= 0 {
			p.dropLate(hits, -wait)
			return 0, false
		}
		if ending {
			return 0, true
		}
		timer := time.NewTimer(wait)
		select {
		case <-changed:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Rate implements vegeta.Pacer; Vegeta does not use it while attacking.
func (p *pacer) Rate(time.Duration) float64 { return 0 }

// dropLate leaves out the requests that are due longer than maxLate.
func (p *pacer) dropLate(hit uint64, late time.Duration) {
	if late <= maxLate {
		return
	}
	next := p.sequence(hit)
	target := p.schedule.Before(time.Since(p.began) - maxLate)
	if target <= next {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.skips = append(p.skips, skip{hit, target - hit})
	if len(p.skips) > maxSkips {
		p.skips = append(p.skips[:0:0], p.skips[len(p.skips)-maxSkips/2:]...)
	}
	p.dropped.Add(int64(target - next))
}

// sequence is the number in the schedule of Vegeta's hit.
func (p *pacer) sequence(hit uint64) uint64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range slices.Backward(p.skips) {
		if s.hit <= hit {
			return hit + s.total
		}
	}
	return hit
}

// due is when Vegeta's hit was due.
func (p *pacer) due(hit uint64) (time.Time, bool) {
	at, ok := p.schedule.Due(p.sequence(hit))
	return p.began.Add(at), ok
}
