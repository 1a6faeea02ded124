package cloudtrailapi

import (
	"encoding/base64"
	"fmt"
	"hash/fnv"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"
	"github.com/aws/aws-sdk-go-v2/service/cloudtrail/types"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// pageSize is how many events an answer has at most, and if nothing is said.
const pageSize = 50

// api has a method for each operation, by its name.
type api struct{ *Trail }

// Register serves CloudTrail on m.
func (t *Trail) Register(m *awsapi.Mux) { operation.Serve(m, awsapi.CloudTrail, api{t}) }

// attributes tell whether an event has a value, by the name of the attribute.
var attributes = map[types.LookupAttributeKey]func(e event, value string) bool{
	types.LookupAttributeKeyEventId:     func(e event, value string) bool { return *e.EventId == value },
	types.LookupAttributeKeyEventName:   func(e event, value string) bool { return *e.EventName == value },
	types.LookupAttributeKeyEventSource: func(e event, value string) bool { return *e.EventSource == value },
	types.LookupAttributeKeyUsername:    func(e event, value string) bool { return *e.Username == value },
	types.LookupAttributeKeyReadOnly:    func(e event, value string) bool { return *e.ReadOnly == value },
	types.LookupAttributeKeyAccessKeyId: func(e event, value string) bool { return optional.Value(e.AccessKeyId) == value },
	types.LookupAttributeKeyResourceName: func(e event, value string) bool {
		return slices.ContainsFunc(e.Resources, func(r types.Resource) bool { return *r.ResourceName == value })
	},
	types.LookupAttributeKeyResourceType: func(e event, value string) bool {
		return slices.ContainsFunc(e.Resources, func(r types.Resource) bool { return *r.ResourceType == value })
	},
}

// LookupEvents answers events, the newest first.
func (a api) LookupEvents(in *cloudtrail.LookupEventsInput, out *cloudtrail.LookupEventsOutput) error {
	match, err := check(in)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	before, err := a.place(in)
	if err != nil {
		return err
	}
	if lost := a.writes.lost; in.StartTime != nil && !lost.IsZero() && !in.StartTime.After(lost) {
		// An answer that lacks them would say that nobody called.
		return operation.Errorf("InvalidTimeRangeException", "The local cloud keeps the last %d calls that change anything, "+
			"and no longer has those until %s; ask for what came after.", maxWrites, lost.Format(time.RFC3339))
	}
	all := slices.Concat(a.writes.events, a.reads.events)
	slices.SortFunc(all, func(x, y event) int { return int(y.number - x.number) })
	now := a.cfg.Now()
	for _, e := range all {
		if e.number >= before || e.seen.After(now) || !match(e) {
			continue
		}
		if len(out.Events) == size(in) {
			out.NextToken = token(in, before)
			return nil
		}
		out.Events, before = append(out.Events, e.Event), e.number
	}
	return nil
}

func size(in *cloudtrail.LookupEventsInput) int {
	if in.MaxResults == nil {
		return pageSize
	}
	return int(*in.MaxResults)
}

// check refuses what AWS refuses, and returns what the request asks for.
func check(in *cloudtrail.LookupEventsInput) (match func(event) bool, err error) {
	match = func(e event) bool {
		return (in.StartTime == nil || !e.EventTime.Before(*in.StartTime)) && (in.EndTime == nil || !e.EventTime.After(*in.EndTime))
	}
	switch n := size(in); {
	case n < 1 || n > pageSize:
		return nil, operation.Errorf("InvalidMaxResultsException", "A maximum of %d results is not valid: give 1 to %d.", n, pageSize)
	case in.StartTime != nil && in.EndTime != nil && in.EndTime.Before(*in.StartTime):
		return nil, operation.Errorf("InvalidTimeRangeException", "The end time %s is before the start time %s.",
			in.EndTime.UTC().Format(time.RFC3339), in.StartTime.UTC().Format(time.RFC3339))
	case in.EventCategory != "" && in.EventCategory != types.EventCategoryInsight:
		return nil, operation.Errorf("InvalidEventCategoryException", "The event category %q is not valid.", in.EventCategory)
	case in.EventCategory != "":
		return nil, operation.NotServed("EventCategory insight")
	case len(in.LookupAttributes) > 1:
		return nil, operation.Errorf("InvalidLookupAttributesException", "Only one lookup attribute may be given, not %d.",
			len(in.LookupAttributes))
	case len(in.LookupAttributes) == 0:
		return match, nil
	}
	asked := in.LookupAttributes[0]
	has, ok := attributes[asked.AttributeKey]
	if !ok || optional.Value(asked.AttributeValue) == "" {
		return nil, operation.Errorf("InvalidLookupAttributesException", "The lookup attribute %q with the value %q is not valid.",
			asked.AttributeKey, optional.Value(asked.AttributeValue))
	}
	inTime := match
	return func(e event) bool { return inTime(e) && has(e, *asked.AttributeValue) }, nil
}

// token is of the page after the event of that number. It goes with the request that
// it was given for, and with no other.
func token(in *cloudtrail.LookupEventsInput, number int64) *string {
	asked := fnv.New64a()
	for _, at := range []*time.Time{in.StartTime, in.EndTime} {
		fmt.Fprintln(asked, optional.Value(at).UnixNano())
	}
	for _, l := range in.LookupAttributes {
		fmt.Fprintln(asked, l.AttributeKey, optional.Value(l.AttributeValue))
	}
	return aws.String(base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d %x", number, asked.Sum64())))
}

// place is the number of the event that the page asked for comes after; callers hold mu.
func (t *Trail) place(in *cloudtrail.LookupEventsInput) (before int64, err error) {
	given := optional.Value(in.NextToken)
	if given == "" {
		return t.recorded, nil
	}
	text, err := base64.RawURLEncoding.DecodeString(given)
	if err == nil {
		_, err = fmt.Sscanf(string(text), "%d", &before)
	}
	if err != nil || *token(in, before) != given {
		return 0, operation.Errorf("InvalidNextTokenException",
			"The token %.100q is not valid, or was given for a request with other parameters.", given)
	}
	return before, nil
}
