package judge

import (
	"time"

	"secondwind/runlog"
)

// Outcome is what a run shows.
type Outcome string

// The outcomes. Missing data is never Proved.
const (
	Proved       Outcome = "PROVED"
	Refuted      Outcome = "REFUTED"
	Inconclusive Outcome = "INCONCLUSIVE"
)

// ExitCode is the process exit code for the outcome: 0, 1 or 3.
func (o Outcome) ExitCode() int {
	switch o {
	case Proved:
		return 0
	case Refuted:
		return 1
	case Inconclusive:
	}
	return 3
}

// Status is what was found of one premise, link or control.
type Status string

// The statuses. Undetermined: the record does not decide it. NotJudged: the run
// never came to where it would have been judged, or it does not apply; it counts
// neither for the claim nor against it.
const (
	Held         Status = "held"
	Broken       Status = "broken"
	Undetermined Status = "undetermined"
	NotJudged    Status = "not judged"
)

// Verdict is verdict.json: a pure function of the recorded run. It holds no
// time of judging, so judging again gives the same bytes.
type Verdict struct {
	Version int     `json:"version"`
	RunID   string  `json:"runId"`
	Where   string  `json:"where"` // as declared; "" if nothing was
	Outcome Outcome `json:"outcome"`
	// Reason is a code for machines naming what decided a verdict that is not
	// PROVED: "premise.crossed", "link.scaling-activity", "control.below-threshold",
	// "confounder.manual-capacity"; "" when proved.
	Reason string `json:"reason,omitempty"`
	// Summary is the verdict in a sentence, in the wording of the proof.
	Summary string `json:"summary"`

	Claim       string    `json:"claim"`
	Premises    []Finding `json:"premises"`
	Chain       []Link    `json:"chain"` // e0 … e7
	Controls    []Finding `json:"controls"`
	Confounders []Finding `json:"confounders"`
	Figures     Figures   `json:"figures"`
}

// Marshal gives verdict.json: the same bytes for the same verdict.
func (v Verdict) Marshal() ([]byte, error) { return runlog.Marshal(v) }

// Finding is a premise, a control or an excluded confounder.
type Finding struct {
	ID       string     `json:"id"` // "premise.clocks", "control.below-threshold", "confounder.second-policy"
	Name     string     `json:"name"`
	Status   Status     `json:"status"`
	Expected string     `json:"expected"`
	Seen     string     `json:"seen"`
	Evidence []Evidence `json:"evidence,omitempty"`
}

// Link is an event of the chain and how it hangs on the one before.
type Link struct {
	ID       runlog.Link `json:"id"` // "e0" … "e7"
	Name     string      `json:"name"`
	Status   Status      `json:"status"`
	Expected string      `json:"expected"`
	Seen     string      `json:"seen"`
	// At is when the event happened by AWS's clock (e0, e6: the generator's
	// clock moved by the measured offset); zero if it was not seen.
	At time.Time `json:"at,omitzero"`
	// Join is the identity shared with the event before: {"alarm": "…"}.
	Join map[string]string `json:"join,omitempty"`
	// DeadlineSeconds is the sum of Terms; SinceSeconds is At minus the event
	// before; SlackSeconds = DeadlineSeconds − SinceSeconds, negative if late.
	// All nil for e0 and for events not seen.
	DeadlineSeconds *float64      `json:"deadlineSeconds,omitempty"`
	SinceSeconds    *float64      `json:"sinceSeconds,omitempty"`
	SlackSeconds    *float64      `json:"slackSeconds,omitempty"`
	Terms           []runlog.Term `json:"terms,omitempty"`
	Evidence        []Evidence    `json:"evidence,omitempty"`
}

// Evidence points into the record.
type Evidence struct {
	File      string `json:"file"` // "cloud.jsonl", "load.jsonl"
	Line      int64  `json:"line"` // 1-based
	RequestID string `json:"requestId,omitempty"`
}

// Figures are the numbers of the run that a reader asks for first. A nil one
// was not seen.
type Figures struct {
	ClockOffsetSeconds     *float64 `json:"clockOffsetSeconds,omitempty"` // AWS's clock minus ours
	ClockOffsetBound       *float64 `json:"clockOffsetBoundSeconds,omitempty"`
	IdleCPUPercent         *float64 `json:"idleCpuPercent,omitempty"`
	CPUMillisPerRequest    *float64 `json:"cpuMillisPerRequest,omitempty"`
	LoadRate               *float64 `json:"loadRate,omitempty"` // requests per second
	PredictedCPUPercent    *float64 `json:"predictedCpuPercent,omitempty"`
	BreachingCPUPercent    *float64 `json:"breachingCpuPercent,omitempty"`
	AfterCPUPercent        *float64 `json:"afterCpuPercent,omitempty"` // per instance, with two in service
	SecondsToAlarm         *float64 `json:"secondsToAlarm,omitempty"`  // since e0, as all below
	SecondsToDesired       *float64 `json:"secondsToDesired,omitempty"`
	SecondsToInService     *float64 `json:"secondsToInService,omitempty"`
	SecondsToHealthy       *float64 `json:"secondsToHealthy,omitempty"`
	SecondsToFirstRequest  *float64 `json:"secondsToFirstRequest,omitempty"`
	Offered                int64    `json:"offered"`
	Sent                   int64    `json:"sent"`
	Completed              int64    `json:"completed"`
	Failed                 int64    `json:"failed"`
	FailedWhileDraining    int64    `json:"failedWhileDraining"`
	RequestsByNewInstance  int64    `json:"requestsByNewInstance"`
	OldInstanceID          string   `json:"oldInstanceId,omitempty"`
	NewInstanceID          string   `json:"newInstanceId,omitempty"`
	ActivityID             string   `json:"activityId,omitempty"`
	ScaledIn               *bool    `json:"scaledIn,omitempty"`
	HoldRequestedSeconds   *float64 `json:"holdRequestedSeconds,omitempty"`
	HoldSeconds            *float64 `json:"holdSeconds,omitempty"`
	HoldEndedOnRequest     *bool    `json:"holdEndedOnRequest,omitempty"` // before its time
	InstanceSecondsOfGroup float64  `json:"instanceSeconds"`
}
