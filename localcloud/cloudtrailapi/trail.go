// Package cloudtrailapi serves AWS CloudTrail's LookupEvents: who called what in the
// local cloud. A Trail is told of every call that the API answers, and of what Auto
// Scaling does on its own. Of calls that only read it keeps few: they are many, and
// nothing follows from them.
//
// Source: AWS CloudTrail User Guide, "CloudTrail record contents" and "CloudTrail
// userIdentity element"; API Reference, LookupEvents.
package cloudtrailapi

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"
	"github.com/google/uuid"

	"secondwind/localcloud/awsapi"
)

// DefaultDelay is how long an event takes to be seen. On AWS that is minutes: typically
// five, and up to fifteen.
const DefaultDelay = time.Second

// What a Trail keeps. AWS keeps 90 days.
const (
	maxWrites     = 5000
	maxReads      = 1000
	maxWriteBytes = 8 << 20
	// maxElements is the size beyond which requestParameters or responseElements are
	// left out, as AWS does.
	maxElements = 100 << 10
)

// Config is what a Trail is of.
type Config struct {
	Region    string
	AccountID string
	Delay     time.Duration    // until an event is seen; 0: DefaultDelay
	Now       func() time.Time // by which events are seen; nil: time.Now
}

// Trail is the event history of one account in one Region. Its methods are safe for
// concurrent use. Make it with New.
type Trail struct {
	cfg Config

	mu            sync.Mutex
	recorded      int64 // events so far: the number of the next one
	writes, reads history
}

// history are the newest events of a kind, oldest first.
type history struct {
	events []event
	bytes  int
	lost   time.Time // when the newest of those was that are not kept; zero: none
}

// event is an event as LookupEvents answers it.
type event struct {
	types.Event
	number int64
	seen   time.Time // from when on
}

// New returns a Trail without events.
func New(cfg Config) *Trail {
	if cfg.Delay == 0 {
		cfg.Delay = DefaultDelay
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Trail{cfg: cfg}
}

// Record adds an event.
func (t *Trail) Record(e awsapi.Event) {
	made := event{Event: t.describe(e), seen: e.Time.Add(t.cfg.Delay)}
	t.mu.Lock()
	defer t.mu.Unlock()
	made.number = t.recorded
	t.recorded++
	if e.ReadOnly() {
		t.reads.add(made, maxReads)
		return
	}
	t.writes.add(made, maxWrites)
}

// add appends an event, and drops the oldest while there are more than are kept.
func (h *history) add(e event, most int) {
	h.events, h.bytes = append(h.events, e), h.bytes+len(*e.CloudTrailEvent)
	for len(h.events) > most || h.bytes > maxWriteBytes && len(h.events) > 1 {
		h.lost, h.bytes = *h.events[0].EventTime, h.bytes-len(*h.events[0].CloudTrailEvent)
		h.events[0] = event{} // let go of its text
		h.events = h.events[1:]
	}
}

// describe makes an event of a call. Its time is in whole seconds, as AWS's is.
func (t *Trail) describe(e awsapi.Event) types.Event {
	id, source, at := uuid.NewString(), string(e.Service)+".amazonaws.com", e.Time.UTC().Truncate(time.Second)
	who, name := t.identity(e)
	record := map[string]any{
		"eventVersion": "1.11", "eventID": id, "eventTime": at.Format(time.RFC3339), "eventSource": source, "eventName": e.Operation,
		"awsRegion": t.cfg.Region, "recipientAccountId": t.cfg.AccountID, "eventType": "AwsApiCall", "eventCategory": "Management",
		"managementEvent": true, "readOnly": e.ReadOnly(), "userIdentity": who, "sourceIPAddress": e.SourceIP, "userAgent": e.UserAgent,
		"requestParameters": bounded(e.Parameters), "responseElements": bounded(e.Elements), "requestID": e.RequestID,
	}
	if e.Failure != nil {
		record["errorCode"], record["errorMessage"] = e.Failure.Code, e.Failure.Message
	}
	raw, _ := json.Marshal(record) // of texts, and of what JSON was made of before
	text, reads := string(raw), strconv.FormatBool(e.ReadOnly())
	made := types.Event{
		EventId: &id, EventName: &e.Operation, EventTime: &at, EventSource: &source, Username: &name, ReadOnly: &reads,
		Resources: resourcesOf(e), CloudTrailEvent: &text,
	}
	if e.AccessKeyID != "" {
		made.AccessKeyId = &e.AccessKeyID
	}
	return made
}

// bounded is the JSON of parameters or elements; null if it is too large.
func bounded(all map[string]any) json.RawMessage {
	raw, err := json.Marshal(all)
	if err != nil || len(raw) > maxElements {
		return json.RawMessage("null")
	}
	return raw
}

// identity is an event's userIdentity, and the user name that it is looked up by.
func (t *Trail) identity(e awsapi.Event) (who map[string]any, name string) {
	if e.InvokedBy != "" {
		return map[string]any{
			"type": "AssumedRole", "accountId": t.cfg.AccountID, "invokedBy": e.InvokedBy, "principalId": "AROASERVICEROLELOCAL0:AutoScaling",
			"arn": fmt.Sprintf("arn:aws:sts::%s:assumed-role/AWSServiceRoleForAutoScaling/AutoScaling", t.cfg.AccountID),
		}, "AutoScaling"
	}
	who = map[string]any{"type": "AssumedRole", "accountId": t.cfg.AccountID, "accessKeyId": e.AccessKeyID}
	caller := awsapi.Owner(t.cfg.AccountID)
	if e.Principal != nil {
		caller = *e.Principal
	}
	name = caller.ARN[strings.LastIndexByte(caller.ARN, '/')+1:]
	if e.Principal == nil {
		who["type"], who["userName"] = "IAMUser", name
	}
	who["arn"], who["principalId"] = caller.ARN, caller.ID
	return who, name
}
