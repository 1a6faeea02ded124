package doctor

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"secondwind/runlog"
)

// Severity says what a finding means for a proof.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // the proof cannot succeed
	Warning Severity = "warning" // it may fail, or prove less
	Note    Severity = "note"    // good to know
)

// severities are all of them, the worst first.
var severities = []Severity{Error, Warning, Note}

// Finding is something that the doctor has found.
type Finding struct {
	ID       string   `json:"id"` // "alarm.actions-disabled"; docs/doctor.md explains each
	Severity Severity `json:"severity"`
	Where    string   `json:"where"`  // the alarm, the group, the variable …
	What     string   `json:"what"`   // a sentence
	Change   string   `json:"change"` // what to change, a sentence
	// Statement is the statement that is missing from the caller's policy; of
	// permission.* only.
	Statement *Statement `json:"statement,omitempty"`
}

// Report is what an examination has found.
type Report struct {
	Version              int               `json:"version"` // 1
	Examined             time.Time         `json:"examined"`
	Account              string            `json:"account,omitempty"`
	Caller               string            `json:"caller,omitempty"` // the ARN
	Region               string            `json:"region,omitempty"`
	AutoScalingGroupName string            `json:"autoScalingGroupName,omitempty"`
	AlarmName            string            `json:"alarmName,omitempty"`
	PolicyName           string            `json:"policyName,omitempty"`
	InstanceTypes        []string          `json:"instanceTypes"`
	MaxSize              int               `json:"maxSize,omitempty"`
	LoadBalancerURL      string            `json:"loadBalancerUrl,omitempty"`
	ClockOffsetSeconds   float64           `json:"clockOffsetSeconds"` // AWS's clock minus ours
	Findings             []Finding         `json:"findings"`           // errors first
	Deadlines            []runlog.Deadline `json:"deadlines"`          // of the chain, e1 to e7
	ScaleIn              runlog.Terms      `json:"scaleIn,omitempty"`
	// ExpectSeconds is the longest that control, chain, hold and scaling in may
	// take by these deadlines; calibration comes on top.
	ExpectSeconds float64 `json:"expectSeconds"`
}

// Fit reports whether nothing was found with which a proof cannot succeed.
func (r Report) Fit() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == Error })
}

// Answered reports whether AWS could be asked: if not, nothing is known of the group.
func (r Report) Answered() bool {
	return !slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return slices.Contains([]string{"region.missing", "credentials.missing", "credentials.invalid", "endpoint.unreachable"}, f.ID)
	})
}

// Policy is the policy document that the caller lacks, nil if nothing is missing.
func (r Report) Policy() *Policy {
	var actions []string
	for _, f := range r.Findings {
		if f.Statement != nil {
			actions = append(actions, f.Statement.Action...)
		}
	}
	if len(actions) == 0 {
		return nil
	}
	p := PolicyOf(actions...)
	return &p
}

// areas are what the ids of findings begin with, in the order of their report.
var areas = []string{
	"region", "credentials", "endpoint", "permission", "api", "clock", "group", "alarm", "policy", "metric", "monitoring", "credits",
	"targets", "health", "balancer", "claim",
}

// sort puts errors first and, within a severity, keeps the order of the areas.
func (r *Report) sort() {
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(slices.Index(severities, a.Severity), slices.Index(severities, b.Severity)),
			cmp.Compare(areaOf(a), areaOf(b)), cmp.Compare(a.ID, b.ID), cmp.Compare(a.Where, b.Where))
	})
}

func areaOf(f Finding) int {
	area, _, _ := strings.Cut(f.ID, ".")
	return slices.Index(areas, area)
}

// Policy is an IAM policy document.
type Policy struct {
	Version   string
	Statement []Statement
}

// Statement is a statement of an IAM policy.
type Statement struct {
	Sid      string `json:",omitempty"`
	Effect   string
	Action   []string
	Resource string
}

// PolicyOf is the document that allows actions; they come out sorted, once each. The
// resource is "*" because most of the Describe actions know no resources.
func PolicyOf(actions ...string) Policy {
	actions = slices.Compact(slices.Sorted(slices.Values(actions)))
	return Policy{
		Version:   "2012-10-17",
		Statement: []Statement{{Sid: "SecondwindReads", Effect: "Allow", Action: actions, Resource: "*"}},
	}
}

// String is the document as indented JSON.
func (p Policy) String() string {
	text, err := json.MarshalIndent(p, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("a policy of texts cannot be marshalled: %v", err))
	}
	return string(text)
}
