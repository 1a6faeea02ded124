package observe

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"

	"secondwind/runlog"
	"secondwind/verify/awsclock"
)

// recorder numbers observations, leaves out answers that did not change, and
// hands each line to the sink in order. One goroutine at a time may use it.
type recorder struct {
	sink func(runlog.Observation) error

	clock awsclock.Clock

	seq  int64
	last map[[sha256.Size]byte]answered // by operation and input
	from map[string]string              // the endpoint that answered last, by service

	calls    int                 // that the snapshot under way, else the last one, took
	snapshot *runlog.Observation // the line that will end the snapshot under way; nil: none is
}

// begin begins a configuration snapshot: from now on an answer that did not change gets
// no line of its own.
func (r *recorder) begin() {
	r.calls = 0
	r.snapshot = &runlog.Observation{Operation: runlog.OpSnapshot, Snapshot: &runlog.Snapshot{Unchanged: []int64{}}}
}

// end writes the line that ends the snapshot, if anything was answered in it.
func (r *recorder) end() error {
	s := r.snapshot
	r.snapshot = nil
	if s.Sent.IsZero() {
		return nil
	}
	return r.append(*s)
}

type answered struct {
	seq    int64
	answer [sha256.Size]byte
}

// maxRemembered bounds the answers that a later one can be unchanged from;
// inputs with a time window never come again.
const maxRemembered = 256

// append gives o its number and writes it, without its answer if that is the
// same as the last one to the same question.
func (r *recorder) append(o runlog.Observation) error {
	r.seq++
	o.Seq = r.seq
	if o.Error == nil && o.Snapshot == nil {
		question := sha256.Sum256(append([]byte(o.Operation+"\x00"), o.Input...))
		answer := sha256.Sum256(o.Answer)
		if was, ok := r.last[question]; ok && was.answer == answer {
			if r.snapshot != nil && o.Endpoint == "" {
				r.seq--
				r.snapshot.Snapshot.Unchanged = append(r.snapshot.Snapshot.Unchanged, was.seq)
				return nil
			}
			o.Unchanged, o.Answer = was.seq, nil
		} else {
			if len(r.last) >= maxRemembered {
				clear(r.last)
			}
			r.last[question] = answered{o.Seq, answer}
		}
	}
	return r.sink(o)
}

// caller is an operation of an SDK client.
type caller[In, Out, Options any] func(context.Context, *In, ...func(*Options)) (*Out, error)

// ask makes one call, appends what came of it to the record, and reads the answer
// as the record's reader will: from the JSON that was recorded.
func ask[Answer, In, Out, Options any](
	ctx context.Context, r *recorder, operation string, in *In, call caller[In, Out, Options],
) (answer Answer, err error) {
	recorded, err := record(ctx, r, operation, in, call)
	if err != nil {
		return answer, err
	}
	if err := json.Unmarshal(recorded.Answer, &answer); err != nil {
		return answer, fmt.Errorf("%s: read answer: %w", operation, err)
	}
	return answer, nil
}

// askPages asks for page after page, token being where the input names the next one,
// and returns all of them as one.
func askPages[In, Out, Options any](
	ctx context.Context, r *recorder, operation string, in *In, call caller[In, Out, Options], token **string,
) (all runlog.Answer, err error) {
	for {
		page, err := ask[runlog.Answer](ctx, r, operation, in, call)
		if err != nil {
			return all, err
		}
		all.Join(page)
		next := page.Next()
		if next == "" {
			return all, nil
		}
		*token = &next
	}
}

// record makes one call, appends what came of it to the record, and returns it. The
// call's own error is returned too: an observer decides whether to go on.
func record[In, Out, Options any](
	ctx context.Context, r *recorder, operation string, in *In, call caller[In, Out, Options],
) (o runlog.Observation, err error) {
	o.Operation = operation
	if o.Input, err = json.Marshal(in); err != nil {
		return o, fmt.Errorf("%s: encode input: %w", operation, err)
	}
	var x exchange
	o.Sent = time.Now().UTC()
	out, callErr := call(context.WithValue(ctx, exchangeKey{}, &x), in)
	o.Received = time.Now().UTC()
	o.Date, o.BodySHA256 = x.date, x.bodySHA256
	if service, _, _ := strings.Cut(operation, ":"); x.endpoint != r.from[service] && x.endpoint != "" {
		o.Endpoint, r.from[service] = x.endpoint, x.endpoint
	}
	r.clock.Note(x.date, o.Sent, o.Received)
	if callErr != nil {
		o.Error, o.RequestID = failed(callErr)
	} else {
		o.RequestID = requestID(out)
		if o.Answer, err = answerOf(out); err != nil {
			return o, fmt.Errorf("%s: encode answer: %w", operation, err)
		}
	}
	if r.snapshot != nil {
		r.calls++
	}
	if s := r.snapshot; s != nil && callErr == nil {
		s.Sent, s.Received, s.Date = cmp.Or(s.Sent, o.Sent), o.Received, o.Date
	}
	if err := r.append(o); err != nil {
		return o, &sinkError{err}
	}
	if callErr != nil {
		return o, fmt.Errorf("%s: %w", operation, callErr)
	}
	return o, nil
}

// sinkError says that the record itself could not be written: nothing that is
// seen from here on would be evidence.
type sinkError struct{ err error }

func (e *sinkError) Error() string { return "write the record: " + e.err.Error() }
func (e *sinkError) Unwrap() error { return e.err }

// sdkMetadata is how every output's ResultMetadata, which has no exported field,
// is encoded. Within a JSON string its quotes would be escaped.
var sdkMetadata = []byte(`"ResultMetadata":{}`)

// answerOf is the SDK's output as JSON, less the SDK's own metadata.
func answerOf(out any) (json.RawMessage, error) {
	whole, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	before, after, found := bytes.Cut(whole, sdkMetadata)
	if !found {
		return nil, fmt.Errorf("%T has no ResultMetadata", out)
	}
	// The members on both sides are joined by one comma, or by none.
	before, after = bytes.TrimSuffix(before, []byte(",")), bytes.TrimPrefix(after, []byte(","))
	if len(before) > 1 && len(after) > 1 {
		before = append(before, ',')
	}
	return append(before, after...), nil
}

// requestID is in the metadata that every output of the SDK carries.
func requestID(out any) string {
	metadata, ok := reflect.ValueOf(out).Elem().FieldByName("ResultMetadata").Interface().(middleware.Metadata)
	if !ok {
		return ""
	}
	id, _ := awsmiddleware.GetRequestIDMetadata(metadata)
	return id
}

// failed is the error and the request id that the SDK's error tells of.
func failed(err error) (is *runlog.APIError, requestID string) {
	is = &runlog.APIError{Message: err.Error()}
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		is = &runlog.APIError{Code: api.ErrorCode(), Message: api.ErrorMessage()}
	}
	if response, ok := errors.AsType[*awshttp.ResponseError](err); ok {
		requestID = response.ServiceRequestID()
	}
	return is, requestID
}
