package runlog

import (
	"cmp"
	"math"
	"time"
)

// Version is the version of every format of this package. A reader refuses a
// record of a newer one. Version 2 added to the hypothesis what its readers had
// each held themselves: metric, idle limit, publish lag. Version 3 added the step
// that is claimed: from which capacity to which; and to cloud.jsonl configuration
// snapshots.
const Version = 3

// Hypothesis is what a run claims, written and hashed before the first request
// is sent, so that nothing in it can be fitted to what was seen.
type Hypothesis struct {
	Version  int       `json:"version"`
	RunID    string    `json:"runId"`
	Declared time.Time `json:"declared"`
	Revision string    `json:"revision"` // of the code that ran
	// Where the run took place, for the verdict's wording: "AWS eu-central-1"
	// or "the local cloud". No reader branches on it.
	Where string `json:"where"`
	Claim string `json:"claim"`
	// ScenarioSHA256 is the digest of scenario.yaml; "" if there was none.
	ScenarioSHA256 string `json:"scenarioSha256,omitempty"`

	AutoScalingGroupName string  `json:"autoScalingGroupName"`
	AlarmName            string  `json:"alarmName"`  // scale-out alarm
	PolicyName           string  `json:"policyName"` // scale-out policy; "" if the alarm invokes none
	TargetGroupARN       string  `json:"targetGroupArn"`
	Metric               Metric  `json:"metric,omitzero"`
	Threshold            float64 `json:"threshold"` // of Metric, in its unit
	PeriodSeconds        int     `json:"periodSeconds"`
	MinSize              int     `json:"minSize"`
	MaxSize              int     `json:"maxSize"`
	// FromCapacity and ToCapacity are the step that is claimed, in instances; absent
	// before version 3: From and To say what was meant.
	FromCapacity int `json:"fromCapacity,omitempty"`
	ToCapacity   int `json:"toCapacity,omitempty"`

	// IdleLimit is what every datapoint of the baseline must be below.
	IdleLimit float64 `json:"idleLimit,omitempty"`
	// PublishLagSeconds is how long after a period's end its datapoint may still
	// be missing or grow.
	PublishLagSeconds float64 `json:"publishLagSeconds,omitempty"`

	// Band says where each of From instances is to stand under load, above an idle U₀: at
	// Threshold + (Band − 1)·(Threshold − U₀), which from no idle at all is Band
	// times the threshold. In (1, To/From), so that To instances stand below it again. If the
	// scenario has load.cpu_percent, each is to stand there, at so many thresholds.
	Band float64 `json:"band"`
	// ControlCPUPercent is where one instance is to stand during the control; one
	// whose idle is above half of it stands halfway between idle and threshold.
	ControlCPUPercent float64 `json:"controlCpuPercent"`
	// ControlSeconds is how long the control is held: at least the sum of Deadlines.
	ControlSeconds float64 `json:"controlSeconds"`
	// MinAchieved is the least share of the offered requests that must have been sent.
	MinAchieved float64 `json:"minAchieved"`
	// MaxPollGapSeconds is the longest silence of an observer that still counts as watching.
	MaxPollGapSeconds float64    `json:"maxPollGapSeconds"`
	Deadlines         []Deadline `json:"deadlines"` // of the links e0→e1 … e6→e7, in order
	// Identity is how it is known which instance answered; "" in older records: by the answers.
	Identity Identity `json:"identity,omitempty"`
	// Require are thresholds that the run is to meet beside the claim, which do not decide it:
	// "p99(phase hold) < 250ms". Package reports judges them.
	Require []string `json:"require,omitempty"`
}

// Identity is the kind of evidence by which it is known which instance answered a request.
type Identity string

// The kinds, from the strongest to the weakest.
const (
	IdentityAnswer Identity = "answer" // each answer names it
	// IdentityTarget is by the load balancer's count of the requests that each target answered in a period.
	IdentityTarget Identity = "target"
	// IdentityRequests is by the load balancer's RequestCount and RequestCountPerTarget of a period, and
	// by the CPU of each instance in it.
	IdentityRequests Identity = "requests-per-target"
)

// ByAnswer reports whether each answer names who gave it.
func (i Identity) ByAnswer() bool { return i == "" || i == IdentityAnswer }

// Period is PeriodSeconds as a duration.
func (h Hypothesis) Period() time.Duration { return time.Duration(h.PeriodSeconds) * time.Second }

// From is the capacity that the group is claimed to scale out from: FromCapacity,
// in older records the group's minimum.
func (h Hypothesis) From() int { return cmp.Or(h.FromCapacity, h.MinSize) }

// MostBand is how many thresholds the load must stay below: with To instances what one
// of them carries is From/To of what it was.
func (h Hypothesis) MostBand() float64 { return float64(h.To()) / float64(max(1, h.From())) }

// To is the capacity that the group is claimed to scale out to: ToCapacity, in older
// records one more than From.
func (h Hypothesis) To() int { return cmp.Or(h.ToCapacity, h.From()+1) }

// PublishLag is PublishLagSeconds as a duration.
func (h Hypothesis) PublishLag() time.Duration { return Seconds(h.PublishLagSeconds) }

// Deadline returns what was declared for the link; no terms if nothing was.
func (h Hypothesis) Deadline(l Link) Deadline {
	for _, d := range h.Deadlines {
		if d.Link == l {
			return d
		}
	}
	return Deadline{Link: l}
}

// Within returns how long the links first to last may take together.
func (h Hypothesis) Within(first, last Link) time.Duration {
	var sum float64
	for _, d := range h.Deadlines {
		if d.Link >= first && d.Link <= last {
			sum += d.Seconds()
		}
	}
	return Seconds(sum)
}

// ChainWithin returns how long the links may take until the second instance serves.
func (h Hypothesis) ChainWithin() time.Duration { return h.Within(LinkBreachingData, LinkFirstRequest) }

// Seconds is a number of seconds as a duration. It rounds: the float sum of 0.7
// and 0.1 is a little below 0.8.
func Seconds(s float64) time.Duration { return time.Duration(math.Round(s * float64(time.Second))) }

// Upgrade fills in what version 1 left to its readers. Open has done it.
func (h *Hypothesis) Upgrade() {
	if h.Version < 2 {
		h.SetLimits()
	}
}

// SetLimits sets what follows from the group, the threshold and the period alone:
// Metric, unless it counts the requests of the target group, IdleLimit and PublishLagSeconds. The judge holds every hypothesis to it,
// also one of version 1: to change it is to judge recorded runs anew.
func (h *Hypothesis) SetLimits() {
	if h.TargetGroupARN == "" || h.Metric != RequestsPerTargetOf(h.TargetGroupARN) {
		h.Metric = CPUOf(h.AutoScalingGroupName)
	}
	// A quarter of the threshold away from it: near enough to idle that what
	// crosses later is the load.
	h.IdleLimit = h.Threshold * 3 / 4
	h.PublishLagSeconds = PublishLag(h.PeriodSeconds)
}

// PublishLag is how long after a period's end its datapoint may still be missing
// or grow, in seconds: 45 s in CloudWatch, as measured in public logs.
func PublishLag(periodSeconds int) float64 {
	if HighResolution(periodSeconds) {
		return 2
	}
	return 45
}

// HighResolution reports whether a period in seconds is shorter than any that
// CloudWatch has for the metrics of EC2: only a local cloud has it, whose
// instances are processes.
func HighResolution(periodSeconds int) bool { return periodSeconds < 60 }

// Deadline is the longest time a link of the chain may take: a sum of named terms.
type Deadline struct {
	Link  Link `json:"link"` // the event that must come: e1 to e7
	Terms `json:"terms"`
}

// Term is one named part of a Deadline.
type Term struct {
	Name    string  `json:"name"` // "one full period", "health check interval"
	Seconds float64 `json:"seconds"`
}

// Terms is a time as a sum of named parts.
type Terms []Term

// Seconds is their sum.
func (t Terms) Seconds() float64 {
	var sum float64
	for _, term := range t {
		sum += term.Seconds
	}
	return sum
}

// Duration is their sum as a duration.
func (t Terms) Duration() time.Duration { return Seconds(t.Seconds()) }
