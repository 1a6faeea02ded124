package figure

import "time"

// Run is what the figures of one run are drawn from. The zero value draws axes
// that say that nothing was recorded. Times on the x axis are seconds since
// Start on the load generator's clock.
type Run struct {
	ID    string
	Where string
	Start time.Time // x = 0; zero if the record holds no time at all
	Begin float64   // left end of the x axis, seconds
	End   float64   // right end

	Phases []Span
	Marks  []Mark // alarm transitions and scaling activities, oldest first
	Links  []Link // the chain e0 … e7, in order

	MetricName string  // of the claim, for instance CPUUtilization
	Unit       string  // of the claim's metric, "%" or "" if it counts
	Threshold  float64 // in Unit; 0: not declared
	// CPU holds the group's average first, then the instances; a point's X is
	// the start of its period, its Y in Unit.
	CPU           []Series
	PeriodSeconds float64 // of CPU

	Alarms []Alarm

	Desired, InService, Healthy Series // instances

	// Requests per second; X is the middle of the interval.
	Offered, Completed, Failed, Dropped Series
	Instances                           []Series // completed per second, by instance
	Errors                              []Series // failed per second, by cause

	Latency       []Series       // milliseconds over time
	Distributions []Distribution // one a phase
}

// Point is one value of a Series.
type Point struct {
	X, Y float64
	// Gap is true if nothing is known between the point before and this one, so
	// no line may join them.
	Gap bool
}

// Series is a named row of points, oldest first.
type Series struct {
	Name   string
	Points []Point
}

// Span is a phase, From and To in seconds since the start of the run.
type Span struct {
	Name     string
	From, To float64
}

// Alarm is the states of an alarm, which are the names of States, in their order.
type Alarm struct {
	Name   string
	States []Span
}

// Mark is an event that the control plane reports of itself.
type Mark struct {
	At   float64 // seconds since the start of the run
	Text string
}

// Link is an event of the chain and the time it was allowed.
type Link struct {
	ID, Name string
	Short    string // what a picture calls it
	// Held, Broken and NotJudged are what was found; none means undetermined.
	Held, Broken, NotJudged bool
	Seen                    bool    // At is meaningful
	At                      float64 // seconds since the start of the run
	// Since is the event before; the link was allowed until Since + Allowed.
	// Bounded is false if there is no event before, or no deadline.
	Bounded        bool
	Since, Allowed float64
}

// Distribution is the latencies of one phase as quantiles, ascending.
type Distribution struct {
	Name      string
	Quantiles []Quantile
}

// Quantile says that the share Q of the requests, in [0, 1), took at most
// Milliseconds.
type Quantile struct{ Q, Milliseconds float64 }
