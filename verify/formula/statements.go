package formula

import (
	"slices"
	"time"

	"secondwind/runlog"
)

// Statement is a formula that a proved run satisfies, as people write it and as it is evaluated.
type Statement struct {
	Name, Text string
	holds      func(*Trace) Truth
}

// Statements are all of them. Their conjunction is PROVED.
//
// □[a,b] p is that p holds from a to b, ◇[0,d] p that it will within d. L is when the load is
// raised, E when it ends, F when any load was first offered, R an evaluation range of the alarm, N the
// capacity that the group has, N+k what it gets, θ the threshold, d1 to d7 the deadlines that follow from the configuration.
func Statements() []Statement { return slices.Concat(premises(), happens(), nobodyElse()) }

// premises are what must hold for the others to mean anything.
func premises() []Statement {
	return []Statement{
		{"ended", "the run came to its end", func(t *Trace) Truth { return Of(!t.interrupted) }},
		{"declared", "digest(hypothesis) was recorded before the first request ∧ d1 … d7 follow from the configuration", (*Trace).declared},
		{"clocks", "AWS's clock minus ours is known to ± 2 s", func(t *Trace) Truth {
			return Of(t.low <= t.high && t.bound() <= 2*time.Second)
		}},
		{"configured", "the alarm watches the declared metric above θ ∧ it invokes the declared policy", (*Trace).configured},
		{"baseline", "□[F−R, F] (capacity = N ∧ ¬ALARM ∧ CPU < ¾θ ∧ no activity) ∧ OK at F", (*Trace).baseline},
		{"sent", "□[F, E] (a line of the load at most half an interval late) ∧ sent ≥ 98 % of offered ∧ failed ≤ 1 %", (*Trace).sent},
		{"placed", "all ARNs are of one account and Region ∧ the endpoints that answered are there, as declared ∧ □[F−R, E] one launch template",
			(*Trace).placed},
		{"planned", "the scenario says what is declared ∧ the load offered it", (*Trace).planned},
		{"observed", "□[premises, e7] (every question is answered within the gap, those about the configuration within three) ∧ every answer " +
			"can be read", (*Trace).observed},
		{"honest", "each request id stands once ∧ every page was read ∧ no answer reports what is later than itself, or what one " +
			"before it, by more " +
			"than the gap, did not ∧ each round asks every question ∧ DescribeAlarms shows every state that it was asked in ∧ " +
			"the last answer is the run's end, but for a poll", (*Trace).honest},
		{"data", "□[F−R, e7] (a datapoint of the group for each period ∧ it lies between those of its instances, while they stay)",
			(*Trace).data},
		{"counted", "□[F−R, E] requests that the load balancer counts ≤ 1.05·sent + min(1, max(½, load/20)) a second", (*Trace).counted},
		{"burned", "□[F, E] of each instance that answers name: 0.75·b·λ − θ/20 ≤ CPU − U₀ ≤ 1.25·b·λ + θ/20, for its own λ and " +
			"with the interval of b; " +
			"1.35 while *counted* holds", (*Trace).burned},
		{"band", "θ < predicted CPU < θ·(N+k)/N ∧ the rate is the calibrated one ∧ the calibration's points are the metric's, at the rates " +
			"that were sent", (*Trace).band},
		{"line", "the line through the calibration's points, at two rates at least, meets no load at U₀ ± (θ/10 + twice their scatter " +
			"there) ∧ U₀ " +
			"is the baseline's ± θ/20", (*Trace).lined},
	}
}

// happens are the control, the chain and what follows it.
func happens() []Statement {
	return []Statement{
		{"control", "□[control] (CPU < θ ∧ ¬ALARM ∧ capacity = N ∧ no activity) ∧ its mean is at least half of " +
			"what was declared", (*Trace).control},
		{"chain", "L ∧ ◇[0,d1] (CPU > θ ∧ ◇[0,d2] (OK→ALARM on that datapoint ∧ ◇[0,d3] (" +
			"an activity of that alarm and policy from N to N+k ∧ " +
			"◇[0,d4] (its instance InService ∧ ◇[0,d5] (healthy ∧ ◇[0,d6] (it answers ∧ ◇[0,d7] (mean CPU < θ ∧ OK)))))))", (*Trace).chain},
		{"halved", "of the busiest instance after e6: CPU − U₀ ≤ ½·(1 + N/(N+k))·(what a request cost until e6)·(requests from then " +
			"on)/N ∧ each " +
			"answers in each period", (*Trace).halved},
		{"lasts", "□[e7, E] (¬ALARM ∧ capacity wanted ≥ N+k)", (*Trace).lasts},
		{"release", "◇ capacity = N after E, every instance taken by the scale-in alarm and its policy, if there is one ∧ no request fails " +
			"meanwhile ∧ □[E, done] a line of the load", (*Trace).release},
	}
}

// nobodyElse are what excludes other causes.
func nobodyElse() []Statement {
	return []Statement{
		{"alone", "□[F−R, E] every activity is the declared alarm's and succeeds ∧ nothing is scheduled, refreshed or suspended ∧ OK when " +
			"control and load begin", (*Trace).alone},
		{"single", "□[F−R, E] no action of an alarm but the declared one asks the group for more", (*Trace).single},
		{"evaluated", "□[F−R, E] every transition of the alarm, and of the scale-in alarm, is what its datapoints, of periods that " +
			"follow each other and ended shortly before, decide, at a time on its grid ∧ the metric has them", (*Trace).evaluations},
		{"constant", "□[F−R, done] every question about the configuration has one answer ∧ whoever stays InService stays a target",
			(*Trace).constant},
		{"servers", "□[F−R, E] every target, and whoever an answer names, is the group's ∧ no other target group shares " +
			"its requests", (*Trace).servers},
		{"explained", "□[F−R, E] an activity says why, for each instance and each capacity ∧ whoever joins is the claim's ∧ whoever is there " +
			"stays, unless the scale-in alarm takes it", (*Trace).explained},
		{"called", "□[declared, done] CloudTrail, if it was asked, shows no call that changes what the run is about", (*Trace).called},
	}
}

// Proved is whether all statements hold, and which is the first that does not.
func Proved(r *runlog.Record) (Truth, string) {
	t := Read(r)
	value, name := True, ""
	for _, s := range Statements() {
		if is := s.holds(t); is < value {
			value, name = is, s.Name
		}
	}
	return value, name
}
