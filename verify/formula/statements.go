package formula

import (
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
func Statements() []Statement {
	return []Statement{
		{"ended", "the run came to its end", func(t *Trace) Truth { return Of(!t.interrupted) }},
		{"declared", "digest(hypothesis) was recorded before the first request ∧ d1 … d7 follow from the configuration", (*Trace).declared},
		{"clocks", "AWS's clock minus ours is known to ± 2 s", func(t *Trace) Truth {
			return Of(t.low <= t.high && t.bound() <= 2*time.Second)
		}},
		{"configured", "the alarm watches the declared metric above θ ∧ it invokes the declared policy", (*Trace).configured},
		{"baseline", "□[F−R, F] (capacity = N ∧ ¬ALARM ∧ CPU < ¾θ ∧ no activity) ∧ OK at F", (*Trace).baseline},
		{"sent", "□[F, E] (a line of the load at most half an interval late) ∧ sent ≥ 98 % of offered ∧ failed ≤ 1 %", (*Trace).sent},
		{"observed", "□[premises, e7] (every question is answered within the gap) ∧ every answer can be read", (*Trace).observed},
		{"data", "□[F−R, e7] (a datapoint of the group for each period)", (*Trace).data},
		{"band", "θ < predicted CPU < θ·(N+k)/N ∧ the rate is the calibrated one", (*Trace).band},
		{"control", "□[control] (CPU < θ ∧ ¬ALARM ∧ capacity = N ∧ no activity) ∧ its mean is at least half of " +
			"what was declared", (*Trace).control},
		{"chain", "L ∧ ◇[0,d1] (CPU > θ ∧ ◇[0,d2] (OK→ALARM on that datapoint ∧ ◇[0,d3] (" +
			"an activity of that alarm and policy from N to N+k ∧ " +
			"◇[0,d4] (its instance InService ∧ ◇[0,d5] (healthy ∧ ◇[0,d6] (it answers ∧ ◇[0,d7] (mean CPU < θ ∧ OK)))))))", (*Trace).chain},
		{"release", "◇ capacity = N after E by an alarm, if one scales in ∧ no request fails meanwhile", (*Trace).release},
		{"alone", "□[F−R, E] every activity is the declared alarm's ∧ every ALARM is CloudWatch's own ∧ " +
			"the configuration stays", (*Trace).alone},
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
