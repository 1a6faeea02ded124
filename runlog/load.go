package runlog

import (
	"fmt"
	"time"
)

// Phase is a part of an experiment, in this order, or of a load by itself, which has names of its own.
type Phase string

// The phases of a run.
const (
	PhaseSetup       Phase = "setup"       // the fleet is made or found
	PhasePremises    Phase = "premises"    // one healthy instance, idle, alarm OK
	PhaseCalibration Phase = "calibration" // light load; CPU cost of a request is measured
	PhaseControl     Phase = "control"     // load below the threshold: nothing may scale
	PhaseLoad        Phase = "load"        // the load step, until the second instance serves
	PhaseHold        Phase = "hold"        // the same load, held
	PhaseRelease     Phase = "release"     // trickle only, until the group is back at its minimum
	PhaseDone        Phase = "done"
)

// LoadLine is a line of load.jsonl. Exactly one of the pointers is set.
type LoadLine struct {
	Time        time.Time    `json:"time"` // end of the interval, or when it happened; the generator's clock
	Phase       *PhaseChange `json:"phase,omitempty"`
	Second      *LoadSecond  `json:"second,omitempty"`
	Calibration *Calibration `json:"calibration,omitempty"`
	Interrupted *Interrupted `json:"interrupted,omitempty"`
	Gap         *Gap         `json:"gap,omitempty"`
}

// PhaseChange says that a phase begins.
type PhaseChange struct {
	Phase Phase `json:"phase"`
	// OfferedRate from now on, in requests per second.
	OfferedRate float64 `json:"offeredRate"`
	// HypothesisSHA256 is the digest of hypothesis.json, in the line of the
	// first phase after it was written and thus before any load.
	HypothesisSHA256 string `json:"hypothesisSha256,omitempty"`
	Note             string `json:"note,omitempty"`
	// Hold is how the hold went, in the line that ends it; nil: not recorded.
	Hold *Hold `json:"hold,omitempty"`
}

// Hold is how long a load was held, and how long it was to be.
type Hold struct {
	RequestedSeconds float64 `json:"requestedSeconds"`
	Seconds          float64 `json:"seconds"`
	EndedOnRequest   bool    `json:"endedOnRequest,omitempty"` // before its time
}

// Counts are what became of the requests of a time.
type Counts struct {
	Offered   int64 `json:"offered"` // requests due in it
	Sent      int64 `json:"sent"`
	Completed int64 `json:"completed"` // answered as expected
	Failed    int64 `json:"failed"`    // not answered, or not as expected
	Dropped   int64 `json:"dropped"`   // due, but never sent
	// Waited counts those that were sent late because all that might be in flight waited for their
	// answers, and Starved those of the dropped ones that were too late when one had it.
	Waited   int64 `json:"waited,omitempty"`
	Starved  int64 `json:"starved,omitempty"`
	BytesIn  int64 `json:"bytesIn"`
	BytesOut int64 `json:"bytesOut"`
	// LagMaxSeconds is the longest that one of them was sent after it was due.
	LagMaxSeconds float64 `json:"lagMaxSeconds"`
	// Errors counts failures by their cause, at most 24 causes; the rest under OtherError.
	Errors map[string]int64 `json:"errors,omitempty"`
}

// Add counts those of another time in.
func (c *Counts) Add(other Counts) {
	c.Offered += other.Offered
	c.Sent += other.Sent
	c.Completed += other.Completed
	c.Failed += other.Failed
	c.Dropped += other.Dropped
	c.Waited += other.Waited
	c.Starved += other.Starved
	c.BytesIn += other.BytesIn
	c.BytesOut += other.BytesOut
	c.LagMaxSeconds = max(c.LagMaxSeconds, other.LagMaxSeconds)
	c.Errors = Added(c.Errors, other.Errors)
}

// Added are counts with more counted in, into the same map unless that is nil.
func Added(counts, more map[string]int64) map[string]int64 {
	if counts == nil && len(more) > 0 {
		counts = map[string]int64{}
	}
	for key, n := range more {
		counts[key] += n
	}
	return counts
}

// LoadSecond is what the generator did in one interval.
type LoadSecond struct {
	Phase           Phase   `json:"phase"`
	IntervalSeconds float64 `json:"intervalSeconds"` // 1; more in the hold of a long soak, so that files stay bounded
	OfferedRate     float64 `json:"offeredRate"`     // requests per second at the end of the interval
	Counts
	// Instances is keyed by the X-Instance-Id of the answer; "" for none.
	Instances map[string]*InstanceSecond `json:"instances,omitempty"`
	// Examples has the first failure of each cause, in the interval in which it happened.
	Examples map[string]FailureExample `json:"examples,omitempty"`
	// Requests is keyed by the kind of request; nil if there is one kind only.
	Requests map[string]*RequestSecond `json:"requests,omitempty"`

	// The histograms that follow are as those of InstanceSecond; "" if they have no value.

	// Connect and TLS are how long it took to connect to the server, looking up its name
	// included, and the handshake of TLS, for each connection that was opened.
	Connect string `json:"connect,omitempty"`
	TLS     string `json:"tls,omitempty"`
	// FirstByte is how long completed requests waited for the first byte of the answer, from
	// when there was a connection.
	FirstByte string `json:"firstByte,omitempty"`
	// Lag is how long after it was due, and another one might be in flight, each request was sent, in 2
	// significant digits. In older records that is from when it was due.
	Lag string `json:"lag,omitempty"`

	// Opened counts connections by the address of the server, Reused requests that needed no new one.
	Opened map[string]int64 `json:"opened,omitempty"`
	Reused int64            `json:"reused,omitempty"`
	// ServiceCPU is what the service used of its CPU up to the end of the interval, in percent; 0
	// if that was not seen then.
	ServiceCPU float64 `json:"serviceCpu,omitempty"`
	// Generator is what the generator used itself.
	Generator *GeneratorSecond `json:"generator,omitempty"`
}

// Causes of failure by which it is known that the generator was the limit, and the cause that
// stands for all that are too many to tell apart.
const (
	NoFileError = "no file descriptor left"
	NoPortError = "no port left"
	OtherError  = "other"
)

// FailureExample is one failure of many.
type FailureExample struct {
	Request string `json:"request"` // which it was, so that it can be sent again
	Error   string `json:"error"`   // in full, without passwords and credentials
}

// RequestSecond is what became of the requests of one kind in one interval.
type RequestSecond struct {
	Completed    int64  `json:"completed"`
	Failed       int64  `json:"failed"`
	FromSchedule string `json:"fromSchedule,omitempty"` // histograms as those of InstanceSecond
	FromSending  string `json:"fromSending,omitempty"`
}

// GeneratorSecond is what the generator used of its machine in one interval. What is not known is 0.
type GeneratorSecond struct {
	CPU       float64 `json:"cpu,omitempty"`       // share of its cores, 0 to 1
	Procs     int     `json:"procs,omitempty"`     // those cores; 0 if the interval was too short to tell
	Files     int     `json:"files,omitempty"`     // file descriptors that were open
	FileLimit int     `json:"fileLimit,omitempty"` // as RLIMIT_NOFILE is
	Slots     int     `json:"slots,omitempty"`     // requests that may be in flight
	// SlotsNeeded is how many are in flight if the server answers none: rate × time-out.
	SlotsNeeded int    `json:"slotsNeeded,omitempty"`
	Limit       string `json:"limit,omitempty"` // why the interval measured the generator; "" if it did not
}

// Add counts another interval in, as far as it can be added without decoding histograms.
func (s *LoadSecond) Add(other LoadSecond) {
	s.IntervalSeconds += other.IntervalSeconds
	s.Counts.Add(other.Counts)
}

// InstanceSecond is what one instance answered in one interval.
type InstanceSecond struct {
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
	// First is when the first expected answer of the interval had been read whole.
	First time.Time `json:"first,omitzero"`
	// FromSchedule and FromSending are the latencies in nanoseconds, counted
	// from when the request was due and from when it was sent: HdrHistogram V2
	// compressed, base64 (16 ns to 10 min, 3 significant digits). Older records
	// have microseconds, and histograms that end at 6 × 10⁸.
	FromSchedule string `json:"fromSchedule,omitempty"`
	FromSending  string `json:"fromSending,omitempty"`
}

// Calibration is the measured cost of a request: U = U₀ + b·λ/n on each of n instances. Of a
// metric that counts requests, percent stands for requests.
type Calibration struct {
	IdleCPUPercent float64 `json:"idleCpuPercent"` // U₀, as measured before any load
	// InterceptCPUPercent is where the line through the points under load alone meets no load:
	// at U₀, if nothing but that load burned CPU. Nil before version 3, and of one rate only.
	InterceptCPUPercent   *float64           `json:"interceptCpuPercent,omitempty"`
	CPUPercentPerRate     float64            `json:"cpuPercentPerRate"`     // b: percent of one instance per request/s
	CPUPercentPerRateLow  float64            `json:"cpuPercentPerRateLow"`  // 95 % interval, lower end
	CPUPercentPerRateHigh float64            `json:"cpuPercentPerRateHigh"` // and upper end
	Points                []CalibrationPoint `json:"points"`
	LoadRate              float64            `json:"loadRate"` // chosen for the load, requests per second
	PredictedCPUPercent   float64            `json:"predictedCpuPercent"`
}

// CalibrationPoint is one datapoint of the claim's metric under a known rate.
type CalibrationPoint struct {
	Timestamp  time.Time `json:"timestamp"` // start of the period, as CloudWatch gives it
	Rate       float64   `json:"rate"`      // requests per second sent during the period
	CPUPercent float64   `json:"cpuPercent"`
}

// Interrupted says that the run ended before its end, and why.
type Interrupted struct {
	Reason string `json:"reason"`
	// Refused is that the run was not begun, because nothing could have been proved:
	// Reason says why.
	Refused bool `json:"refused,omitempty"`
}

// Gap says that the generator was killed, and that the load went on at the time of the line,
// where the schedule stood at From: what was due between is offered after the gap.
type Gap struct {
	From time.Time `json:"from"` // end of the last interval before; what ended after it is in no line
	// Unanswered are the requests sent before From that no line says the outcome of.
	Unanswered int64  `json:"unanswered"`
	Revision   string `json:"revision,omitempty"` // of the code that runs from now on
}

// Describe describes the gap, which ended at a time.
func (g Gap) Describe(end time.Time) string {
	text := fmt.Sprintf("%s from %s on are not on record", end.Sub(g.From).Round(100*time.Millisecond), g.From.UTC().Format("15:04:05 UTC"))
	if g.Unanswered > 0 {
		text += fmt.Sprintf(", nor is the outcome of requests sent before: %d", g.Unanswered)
	}
	return text
}
