package awsapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Config is what a Mux is made of.
type Config struct {
	AccessKeyID, SecretAccessKey string // every request must be signed with these
	SessionToken                 string // if not "", required too
	// Principals finds who else may sign, by access key id; nil: nobody.
	Principals func(accessKeyID string) (Principal, bool)
	Region     string           // the region requests must be signed for; "" accepts every region
	Log        *slog.Logger     // nil: discard
	Now        func() time.Time // nil: time.Now; for signature skew, the Date header and the time of events only
	// Record is given every call of an operation that is served, once it has been
	// answered, whatever came of it; nil: nobody wants to know. It must not block.
	Record func(Event)
}

// Mux is an http.Handler that answers the operations that were given to Handle,
// and InvalidAction or UnknownOperationException to all others. Make it with
// NewMux. Handle must not be called once it serves.
type Mux struct {
	credentials credentials
	principals  func(accessKeyID string) (Principal, bool)
	log         *slog.Logger
	now         func() time.Time
	record      func(Event)
	shapers     map[Service]*shaper
	operations  map[operationKey]*operation
}

// operationKey names an operation among all services.
type operationKey struct {
	service Service
	name    string
}

// operation is one operation that is served.
type operation struct {
	name      string
	namespace string // of XML answers
	input     reflect.Type
	in, out   *shape
	serve     func(ctx context.Context, in any) (out any, err error)
}

// NewMux returns a Mux without operations. It panics if the credentials are
// empty, because it would then let everyone in.
func NewMux(cfg Config) *Mux {
	if cfg.AccessKeyID == "" || cfg.SecretAccessKey == "" {
		panic("awsapi: Config needs AccessKeyID and SecretAccessKey")
	}
	m := &Mux{
		credentials: credentials{
			accessKeyID:     cfg.AccessKeyID,
			secretAccessKey: cfg.SecretAccessKey,
			sessionToken:    cfg.SessionToken,
			region:          cfg.Region,
		},
		principals: cfg.Principals,
		log:        cfg.Log,
		now:        cfg.Now,
		record:     cfg.Record,
		shapers:    make(map[Service]*shaper),
		operations: make(map[operationKey]*operation),
	}
	if m.log == nil {
		m.log = slog.New(slog.DiscardHandler)
	}
	if m.now == nil {
		m.now = time.Now
	}
	return m
}

// Handle serves an operation. In and Out are the SDK's (or ec2shapes') Input and
// Output structs; the operation's name is In's type name less "Input". Required
// members are not checked: h must not dereference what a raw caller left out. An
// error that is no *Error is answered with 500 and logged; a nil Out is an empty
// answer. Like http.ServeMux, Handle panics on what only a programmer can get
// wrong: an unknown service, an operation given twice, a type that the wire
// cannot carry.
func Handle[In, Out any](m *Mux, s Service, h func(ctx context.Context, in *In) (*Out, error)) {
	HandleTypes(m, s, reflect.TypeFor[In](), reflect.TypeFor[Out](), func(ctx context.Context, in any) (any, error) {
		out, err := h(ctx, in.(*In))
		return out, err
	})
}

// HandleTypes is Handle for types that are found by reflection: serve gets a pointer
// to an in and returns one to an out.
func HandleTypes(m *Mux, s Service, in, out reflect.Type, serve func(context.Context, any) (any, error)) {
	name, ok := strings.CutSuffix(in.Name(), "Input")
	key := operationKey{s, name}
	if !ok || m.operations[key] != nil {
		panic(fmt.Sprintf("awsapi: %s is not an Input, or %s serves it already", in, s))
	}
	if m.shapers[s] == nil {
		shaper, err := newShaper(s)
		if err != nil {
			panic("awsapi: " + err.Error())
		}
		m.shapers[s] = shaper
	}
	traits, _ := s.traits()
	op := &operation{name: name, namespace: traits.namespace, input: in, serve: serve}
	for _, side := range []struct {
		shape **shape
		of    reflect.Type
	}{{&op.in, in}, {&op.out, out}} {
		made, err := m.shapers[s].shapeOf(side.of)
		if err != nil {
			panic("awsapi: " + err.Error())
		}
		*side.shape = made
	}
	m.operations[key] = op
}

// Operations names what is served, as "autoscaling:SetDesiredCapacity", in order.
func (m *Mux) Operations() []string {
	var all []string
	for key := range m.operations {
		all = append(all, string(key.service)+":"+key.name)
	}
	slices.Sort(all)
	return all
}

// ServeHTTP checks the request's signature and answers it.
func (m *Mux) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := uuid.NewString()
	c := newCall(r)
	answer, failure := m.answer(r, c, id)

	log := m.log.With("request_id", id, "service", c.service, "operation", c.operation)
	h := w.Header()
	h.Set("Date", m.now().UTC().Format(http.TimeFormat))
	h.Set("x-amzn-requestid", id)
	c.protocol.header(h)
	status := http.StatusOK
	if failure != nil {
		answer = c.protocol.encodeError(h, failure, id)
		status = failure.status()
	}
	w.WriteHeader(status)
	if _, err := w.Write(answer); err != nil {
		log.Debug("client left before the answer", "error", err)
		return
	}
	if failure != nil {
		log.Debug("request refused", "status", status, "code", failure.Code, "message", failure.Message)
		return
	}
	log.Debug("request answered", "bytes", len(answer))
}

// answer returns the body of a successful answer, or the failure.
func (m *Mux) answer(r *http.Request, c *call, id string) ([]byte, *Error) {
	f := c.protocol.family()
	body, err := readAll(r.Body)
	if errors.Is(err, errTooLarge) {
		return nil, f.refuse(tooLarge, "The body is larger than %d bytes.", maxBody)
	}
	if err != nil {
		return nil, f.refuse(malformedInput, "The body did not arrive: %v.", err)
	}
	// The signature comes first: nothing is parsed for callers who cannot sign,
	// and nothing is told to them.
	who, refused := m.authenticate(r, body, f)
	if refused != nil {
		return nil, refused
	}
	if c.read(r, body); c.problem != nil {
		return nil, c.problem
	}
	key := operationKey{c.service, c.operation}
	op, ok := m.operations[key]
	if !ok {
		return nil, c.protocol.family().refuse(unknownOperation, "The operation %.100s is not served here.", c.operation)
	}
	event := m.eventOf(r, who, key, id)
	answer, failure := m.serve(r.Context(), c, op, event)
	if event.Failure = failure; m.record != nil {
		m.record(*event)
	}
	return answer, failure
}

// serve answers a call that may be the caller's to make, and notes in its event what it
// was about.
func (m *Mux) serve(ctx context.Context, c *call, op *operation, event *Event) ([]byte, *Error) {
	if refused := event.Principal.authorize(c); refused != nil {
		return nil, refused
	}
	if event.Principal != nil {
		ctx = context.WithValue(ctx, principalKey{}, *event.Principal)
	}
	return m.run(ctx, c, op, event)
}

// run decodes, calls the handler and encodes. A panic in any of them is answered
// with 500: the process holds the whole cloud and must survive one bad request.
func (m *Mux) run(ctx context.Context, c *call, op *operation, event *Event) (answer []byte, failure *Error) {
	f := c.protocol.family()
	log := m.log.With("request_id", event.RequestID, "service", c.service, "operation", op.name)
	defer func() {
		p := recover()
		if p == nil {
			return
		}
		if err, ok := p.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(p)
		}
		log.Error("request panicked", "panic", p, "stack", string(debug.Stack()))
		answer, failure = nil, f.refuse(internalFailure, "The operation %s panicked; the log has the details.", op.name)
	}()
	in := reflect.New(op.input)
	unknown, err := c.protocol.decode(op, c, in.Elem())
	switch {
	case err != nil:
		return nil, f.refuse(malformedInput, "%v.", err)
	case len(unknown) == 1:
		return nil, f.refuse(unknownParameter, "The parameter %.200s is not recognized", unknown[0])
	case len(unknown) > 1:
		// A parameter that is accepted and ignored would make a run prove something
		// else than its configuration says.
		return nil, f.refuse(unknownParameter, "The parameters %.1000s are not recognized", strings.Join(unknown, ", "))
	}
	if m.record != nil { // before the handler may share what is in it
		event.Parameters = elements(op.in, in)
	}
	out, err := op.serve(ctx, in.Interface())
	if err == nil {
		if m.record != nil && !event.ReadOnly() {
			event.Elements = elements(op.out, reflect.ValueOf(out))
		}
		return c.protocol.encode(op, reflect.ValueOf(out), event.RequestID), nil
	}
	if failure, ok := errors.AsType[*Error](err); ok {
		return nil, failure
	}
	log.Error("request failed", "error", err)
	return nil, f.refuse(internalFailure, "%v", err)
}
