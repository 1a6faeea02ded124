package runlog

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Audit is audit.jsonl: what CloudTrail says of who called during a run. It is made once
// the run has ended, at once or days later, and is no part of the sealed record: it has a
// digest of its own, and names the record that it is about.
type Audit struct {
	Version int    `json:"version"`
	RunID   string `json:"runId"`
	// RecordSHA256 is the digest of the record that the audit is about: see
	// Manifest.RecordSHA256.
	RecordSHA256 string `json:"recordSha256"`
	Region       string `json:"region"`
	// From and To are the time that was asked for, by AWS's clock.
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
	// Asked is when the last lookup was begun that From and To were asked in: by our clock.
	Asked time.Time `json:"asked"`
	// Cut is why not all events of that time are here; "" if they are.
	Cut string `json:"cut,omitempty"`
	// Markers are calls that the audit made itself, after the run: where CloudTrail shows
	// one, it shows what was called before.
	Markers []AuditMarker `json:"markers,omitempty"`
	// Others counts the calls to services that cannot change the outcome, by EventSource:
	// they are not listed.
	Others map[string]int64 `json:"others,omitempty"`

	Events []AuditEvent `json:"-"` // line i+2 of the file
}

// AuditMarker is a call that changes nothing.
type AuditMarker struct {
	EventSource string    `json:"eventSource"`
	RequestID   string    `json:"requestId"`
	Sent        time.Time `json:"sent"` // our clock
}

// AuditEvent is an event as LookupEvents answers it, with AWS's own member names.
type AuditEvent struct {
	EventId, EventName, EventSource string
	EventTime                       time.Time // whole seconds
	Username                        string    `json:",omitempty"`
	AccessKeyId                     string    `json:",omitempty"`
	ReadOnly                        string    // "true" or "false"
	Resources                       []AuditResource
	CloudTrailEvent                 string // JSON: CloudTrailRecord
}

// AuditResource is what an event is about.
type AuditResource struct{ ResourceType, ResourceName string }

// CloudTrailRecord is the part of an event's CloudTrailEvent that is read.
type CloudTrailRecord struct {
	UserIdentity struct {
		Type           string `json:"type"`
		ARN            string `json:"arn"`
		PrincipalID    string `json:"principalId"`
		InvokedBy      string `json:"invokedBy"` // an AWS service
		SessionContext struct {
			SessionIssuer struct {
				ARN string `json:"arn"`
			} `json:"sessionIssuer"`
		} `json:"sessionContext"`
	} `json:"userIdentity"`
	SourceIPAddress   string          `json:"sourceIPAddress"`
	UserAgent         string          `json:"userAgent"`
	RequestID         string          `json:"requestID"`
	ErrorCode         string          `json:"errorCode"`
	RequestParameters json.RawMessage `json:"requestParameters"`
	ResponseElements  json.RawMessage `json:"responseElements"`
}

// Record reads CloudTrailEvent; zero and false if it cannot be read.
func (e AuditEvent) Record() (r CloudTrailRecord, ok bool) {
	err := json.Unmarshal([]byte(e.CloudTrailEvent), &r)
	return r, err == nil
}

// The event sources of the services whose calls can change the outcome of a run.
const (
	SourceAutoScaling = "autoscaling.amazonaws.com"
	SourceCloudWatch  = "monitoring.amazonaws.com"
	SourceELB         = "elasticloadbalancing.amazonaws.com"
	SourceEC2         = "ec2.amazonaws.com"
	SourceSSM         = "ssm.amazonaws.com" // it runs commands on instances
)

// AuditedSources are those whose calls are listed, and not only counted.
func AuditedSources() []string {
	return []string{SourceAutoScaling, SourceCloudWatch, SourceELB, SourceEC2, SourceSSM}
}

// AuditDelay is how long CloudTrail takes at most until it shows a call. Source: AWS
// CloudTrail User Guide, "Viewing events with CloudTrail Event history".
const AuditDelay = 15 * time.Minute

// validate reports what contradicts itself.
func (a Audit) validate() error {
	switch {
	case !ValidID(a.RunID) || a.RecordSHA256 == "":
		return errors.New("runId or recordSha256 is missing: it does not say which record it is about")
	case a.From.IsZero() || a.Asked.IsZero() || a.To.Before(a.From):
		return fmt.Errorf("it is about the time from %s to %s, asked at %s, which is none", a.From, a.To, a.Asked)
	}
	return nil
}

func (e AuditEvent) validate() error {
	switch {
	case e.EventId == "" || e.EventName == "" || e.EventSource == "":
		return errors.New("EventId, EventName or EventSource is missing")
	case e.EventTime.IsZero():
		return errors.New("EventTime is missing")
	}
	return nil
}

// sorted are the events by time, each once: pages overlap where events arrive in between.
// CloudTrail answers the newest first, also of those of a second.
func sorted(events []AuditEvent) []AuditEvent {
	events = slices.Clone(events)
	slices.Reverse(events)
	slices.SortStableFunc(events, func(a, b AuditEvent) int { return a.EventTime.Compare(b.EventTime) })
	seen := map[string]bool{}
	return slices.DeleteFunc(events, func(e AuditEvent) bool {
		again := seen[e.EventId]
		seen[e.EventId] = true
		return again
	})
}
