package profile

import "time"

// Rise is an increase of what is offered, from one rate to another in requests per second.
type Rise struct {
	From, To float64
	At       time.Duration // when the profile has come to To
	Within   time.Duration // since From was offered
}

// What AWS recommends for a load that its load balancers have to grow with.
// Source: "Best practices in evaluating Elastic Load Balancing", which recommends at most
// 50 % more in five minutes.
const (
	steepest = 1.5
	window   = 5 * time.Minute
	// small is a rate that no load balancer has to grow for; up to it a load is not steep.
	small = 100
)

// Steep is a rise of a valid profile that has an end, if it has one that load balancers may
// not keep up with: the one by the highest factor. Before it begins a profile offers nothing.
func Steep(p Profile) (rise Rise, ok bool) {
	end := p.Duration()
	step := max(time.Second, (end / 100_000).Truncate(time.Second))
	lows := []Rise{{}} // From and At of the last five minutes that may be the lowest, ascending
	factor := steepest
	for at := time.Duration(0); at < end; at += step {
		until := min(at+step, end)
		rate := (p.Hits(until) - p.Hits(at)) / (until - at).Seconds()
		for len(lows) > 1 && until-lows[0].At > window {
			lows = lows[1:]
		}
		if low := lows[0]; rate/max(low.From, small) > factor*(1+1e-9) {
			factor, ok = rate/max(low.From, small), true
			rise = Rise{From: low.From, To: rate, At: until, Within: until - low.At}
		}
		for len(lows) > 0 && lows[len(lows)-1].From >= rate {
			lows = lows[:len(lows)-1]
		}
		lows = append(lows, Rise{From: rate, At: until})
	}
	return rise, ok
}
