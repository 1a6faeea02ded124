package attack

import (
	"cmp"
	"math"
	"time"

	"secondwind/loadgen/profile"
	"secondwind/runlog"
)

// Phase is a part of what is offered.
type Phase struct {
	Name runlog.Phase
	From time.Duration // since the start of what is offered
	// Offered is what it offers, in an attack of which one phase is a profile.CPU; nil: what
	// SetPhase says.
	Offered profile.Profile
}

// SetPhase changes the phase, and what is offered from now on, at once; before Run,
// it is what Run begins with. The interval under way ends with the old ones, so that
// no line is of two phases.
func (a *Attack) SetPhase(phase runlog.Phase, offered profile.Profile) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.model != nil {
		a.flush(time.Now())
	}
	a.phase, a.offered = phase, offered
	if a.model == nil || a.stopped {
		a.need(offered)
		return
	}
	a.follow(time.Since(a.began), offered)
}

// follow offers a profile from a time on. The caller holds mu, and has ended the interval.
func (a *Attack) follow(at time.Duration, offered profile.Profile) {
	a.need(offered)
	a.offered, a.since = offered, at
	a.schedule.Follow(at, offered)
	a.model.Wake()
}

// need takes into account how many slots a profile needs.
func (a *Attack) need(offered profile.Profile) {
	if !a.cfg.holds() {
		a.needed = max(a.needed, int(math.Ceil(profile.Highest(offered)*a.cfg.Timeout.Seconds())))
	}
}

// turn begins the phase whose time has come, and returns when that of the next one comes.
func (a *Attack) turn() (next <-chan time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.begin(time.Now())
	if len(a.phases) == 0 {
		return nil
	}
	return time.After(time.Until(a.began.Add(a.phases[0].From)))
}

// begin begins the phases whose time has come by now. The line of the one before ends at that
// time, so that what it offered is exact. The caller holds mu.
func (a *Attack) begin(now time.Time) {
	for len(a.phases) > 0 {
		from := a.began.Add(a.phases[0].From)
		if from.After(now) {
			return
		}
		a.flush(from)
		phase := a.phases[0]
		a.phase, a.phases = phase.Name, a.phases[1:]
		if phase.Offered != nil {
			a.beginOffering(phase)
		}
	}
}

// holds tells whether a CPU is to be held in some phase.
func (c Config) holds() bool { return len(c.Phases) > 0 && c.Phases[0].Offered != nil }

// beginOffering offers what a phase does, or the rest of it after a resumption. The caller holds mu.
func (a *Attack) beginOffering(phase Phase) {
	at := max(phase.From, a.cfg.Start.At)
	length := phase.Offered.Duration()
	c, held := phase.Offered.(profile.CPU)
	a.cpu, a.ends = c.Percent, phase.From+length
	switch {
	case at >= a.ends: // it is over
	case held:
		if at > phase.From {
			a.rate = a.cfg.Start.Rate
		}
		a.rate = cmp.Or(a.rate, c.Rate(0))
		a.offerRate(at)
	default:
		a.follow(at, profile.After(phase.Offered, at-phase.From))
	}
}

// offerRate offers the rate from a time on, until the phase ends.
func (a *Attack) offerRate(at time.Duration) {
	a.follow(at, profile.Until(profile.Constant(a.rate), a.ends-at))
}

// Observe takes the CPU of the service since the last call, in percent, into the interval under way.
// In a phase that is to hold a CPU, and has had one rate since then, it offers from now on what next
// makes of that rate, in requests per second.
func (a *Attack) Observe(cpu float64, next func(target, rate float64) float64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.model == nil || a.stopped {
		return
	}
	now := time.Now()
	a.begin(now)
	at := now.Sub(a.began)
	settled := a.since <= a.observed
	a.seen, a.observed = cpu, at
	if a.cpu > 0 && settled && at < a.ends {
		if rate := next(a.cpu, a.rate); rate != a.rate {
			a.flush(now)
			a.rate = rate
			a.offerRate(at)
		}
	}
}

// before is a profile that offers what was offered before a position.
func (p Position) before() profile.Profile {
	if p.At <= 0 {
		return profile.Linear{}
	}
	return profile.Until(profile.Constant(float64(p.Offered)/p.At.Seconds()), p.At)
}
