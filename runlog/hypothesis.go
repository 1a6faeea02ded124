package runlog

import "time"

// Version is the version of every format of this package. A reader refuses a
// record of a newer one.
const Version = 1

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

	AutoScalingGroupName string  `json:"autoScalingGroupName"`
	AlarmName            string  `json:"alarmName"`  // scale-out alarm
	PolicyName           string  `json:"policyName"` // scale-out policy; "" if none is wired
	TargetGroupARN       string  `json:"targetGroupArn"`
	Threshold            float64 `json:"threshold"` // percent of CPUUtilization
	PeriodSeconds        int     `json:"periodSeconds"`
	MinSize              int     `json:"minSize"`
	MaxSize              int     `json:"maxSize"`

	// Band is the multiple of Threshold at which one instance is to stand under
	// load; in (1, 2), so that two instances stand below it again.
	Band float64 `json:"band"`
	// ControlCPUPercent is where one instance is to stand during the control.
	ControlCPUPercent float64 `json:"controlCpuPercent"`
	// ControlSeconds is how long the control is held: at least the sum of Deadlines.
	ControlSeconds float64 `json:"controlSeconds"`
	// MinAchieved is the least share of the offered requests that must have been sent.
	MinAchieved float64 `json:"minAchieved"`
	// MaxPollGapSeconds is the longest silence of an observer that still counts as watching.
	MaxPollGapSeconds float64    `json:"maxPollGapSeconds"`
	Deadlines         []Deadline `json:"deadlines"` // of the links e0→e1 … e6→e7, in order
}

// Deadline is the longest time a link of the chain may take: a sum of named terms.
type Deadline struct {
	Link  string `json:"link"` // the event that must come: "e1" … "e7"
	Terms []Term `json:"terms"`
}

// Term is one named part of a Deadline.
type Term struct {
	Name    string  `json:"name"` // "one full period", "health check interval"
	Seconds float64 `json:"seconds"`
}

// Seconds is the sum of the deadline's terms.
func (d Deadline) Seconds() float64 {
	var sum float64
	for _, t := range d.Terms {
		sum += t.Seconds
	}
	return sum
}
