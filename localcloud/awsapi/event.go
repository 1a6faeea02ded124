package awsapi

import (
	"math"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Event is a call as CloudTrail records it: who called what, from where, and what
// came of it. A call whose signature was refused has no caller, and is no event.
type Event struct {
	RequestID   string
	Time        time.Time // when the call arrived
	Service     Service
	Operation   string
	AccessKeyID string     // "" if InvokedBy is set
	Principal   *Principal // nil: the owner of Config's credentials
	InvokedBy   string     // the AWS service that called on its own; "": it was a caller of the API
	SourceIP    string
	UserAgent   string
	// Parameters and Elements are the input and the output as a CloudTrail event has
	// them: members in lower camel case, nothing that is empty, and no blob, which may be
	// a secret. Parameters is nil if the input could not be decoded; Elements is nil if
	// the call failed, or reads only.
	Parameters, Elements map[string]any
	Failure              *Error // nil if the call was answered
}

// ReadOnly reports whether the call changes nothing, as CloudTrail tells it. Of KMS the
// uses of a key count as reading.
func (e Event) ReadOnly() bool {
	reads := []string{"Describe", "Get", "List", "Lookup"}
	if e.Service == KMS {
		reads = append(reads, "Encrypt", "Decrypt", "ReEncrypt", "Generate")
	}
	return slices.ContainsFunc(reads, func(verb string) bool { return strings.HasPrefix(e.Operation, verb) })
}

// eventOf is the event of a request that has been authenticated.
func (m *Mux) eventOf(r *http.Request, who *Principal, op operationKey, requestID string) *Event {
	a, _ := parseAuthorization(r.Header.Get("Authorization"))
	e := &Event{
		RequestID: requestID, Time: m.now().UTC(), Service: op.service, Operation: op.name, AccessKeyID: a.accessKeyID, Principal: who,
		SourceIP: r.RemoteAddr, UserAgent: r.UserAgent(),
	}
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		e.SourceIP = host
	}
	return e
}

// elements are the members of a structure in an event; nil of none.
func elements(s *shape, v reflect.Value) map[string]any {
	all, _ := element(s, v).(map[string]any)
	return all
}

// element is a value in an event; nil if there is nothing to show.
func element(s *shape, v reflect.Value) any {
	for v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch s.kind {
	case structure:
		return structureElement(s, v)
	case list:
		var all []any
		for i := range v.Len() {
			all = append(all, element(s.element, v.Index(i)))
		}
		return orNil(all, len(all))
	case mapping:
		all := map[string]any{}
		for _, key := range v.MapKeys() {
			all[key.String()] = element(s.element, v.MapIndex(key))
		}
		return orNil(all, len(all))
	case union:
		if m, value, ok := s.memberOf(v); ok {
			return map[string]any{lowerFirst(m.name): element(m.shape, value)}
		}
		return nil
	case text:
		return orNil(v.String(), v.Len())
	case float:
		if f := v.Float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return formatFloat(f, 64)
		}
	case timestamp:
		return v.Interface().(time.Time).UTC().Format(time.RFC3339)
	case blob:
		return nil
	case boolean, integer:
	}
	return v.Interface()
}

func structureElement(s *shape, v reflect.Value) any {
	all := map[string]any{}
	for _, f := range s.fields {
		if shown := element(f.shape, v.Field(f.index)); shown != nil {
			all[lowerFirst(f.names.Wire)] = shown
		}
	}
	return orNil(all, len(all))
}

// orNil is v, or nil if there is nothing in it.
func orNil(v any, size int) any {
	if size == 0 {
		return nil
	}
	return v
}
