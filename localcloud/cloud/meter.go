package cloud

import "time"

// maxGap is how many periods may pass between two readings before what lies
// between them is left out: over a longer gap (the machine slept) nobody knows
// when the CPU time was used.
const maxGap = 3

// meter turns readings of an instance's CPU clock into shares of metric
// periods, which lie on the UTC grid. A reading that comes late is divided
// between the periods it spans, in proportion to time.
type meter struct {
	period time.Duration
	at     time.Time     // of the last reading
	cpu    time.Duration // the last reading
	shares []share       // oldest first; the last one is still growing
}

// share is what an instance did in one period.
type share struct {
	start time.Time     // of the period
	ran   time.Duration // how much of the period was watched
	used  time.Duration // CPU time used in it
}

// newMeter returns a meter of an instance that was launched at a time, when its
// CPU clock stood at 0.
func newMeter(period time.Duration, launched time.Time) *meter {
	return &meter{period: period, at: launched.Round(0)}
}

// observe takes a reading of the CPU clock. A reading that is not newer than the
// last, or a CPU clock that went back, adds nothing. While the wall clock, set back,
// goes through the same time again, what is used is in no period: it would come
// twice, and all at once when that time is over.
func (m *meter) observe(now time.Time, cpu time.Duration) {
	now = now.Round(0) // the grid is that of the wall clock
	from, span, used := m.at, now.Sub(m.at), cpu-m.cpu
	m.cpu = cpu
	if span <= 0 {
		return
	}
	m.at = now
	if used < 0 || span > maxGap*m.period {
		return
	}
	for from.Before(now) {
		start := from.Truncate(m.period)
		until := start.Add(m.period)
		if until.After(now) {
			until = now
		}
		part := until.Sub(from)
		m.add(share{start, part, time.Duration(float64(used) * float64(part) / float64(span))})
		from = until
	}
}

func (m *meter) add(s share) {
	if n := len(m.shares); n > 0 && m.shares[n-1].start.Equal(s.start) {
		m.shares[n-1].ran += s.ran
		m.shares[n-1].used += s.used
		return
	}
	m.shares = append(m.shares, s)
}

// take returns the shares of the periods that have ended by now and forgets them.
func (m *meter) take(now time.Time) []share {
	n := 0
	for n < len(m.shares) && !m.shares[n].start.Add(m.period).After(now) {
		n++
	}
	ended := m.shares[:n:n]
	m.shares = m.shares[n:]
	return ended
}

// percent is the share of vcpus that was used, as CPUUtilization has it. ok is
// false for an instance that was there for less than half of the period: a few
// seconds of starting or ending would stand for a whole period, with the weight
// of a whole instance in the group's average. EC2 likewise publishes no
// datapoint for a minute that an instance only touches.
//
// An instance cannot use more than its vCPUs, so where it is not held to them
// by a cgroup the percentage is cut off at 100.
func (s share) percent(period time.Duration, vcpus int) (percent float64, ok bool) {
	if s.ran*2 < period || vcpus <= 0 {
		return 0, false
	}
	return min(100, 100*float64(s.used)/float64(s.ran)/float64(vcpus)), true
}
