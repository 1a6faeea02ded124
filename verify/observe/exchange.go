package observe

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxBody bounds an answer; AWS's largest pages are far below it.
const maxBody = 32 << 20

// exchange is what is known of an answer on the wire, beyond what the SDK
// decodes. With retries it is the last one's.
type exchange struct {
	date       time.Time
	bodySHA256 string
	endpoint   string
}

// exchangeKey is a context's key for the *exchange of a call.
type exchangeKey struct{}

// transport is an SDK HTTP client that notes Date and digest of every answer.
type transport struct{ next aws.HTTPClient }

// Do sends the request and notes its answer in the context's exchange.
func (t transport) Do(r *http.Request) (*http.Response, error) {
	resp, err := t.next.Do(r)
	x, ok := r.Context().Value(exchangeKey{}).(*exchange)
	if err != nil || !ok {
		return resp, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBody+1))
	if err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", r.URL.Host, err)
	}
	if len(body) > maxBody {
		return nil, fmt.Errorf("answer of %s is over %d MiB", r.URL.Host, maxBody>>20)
	}
	sum := sha256.Sum256(body)
	x.endpoint = r.URL.Scheme + "://" + r.URL.Host
	x.bodySHA256 = hex.EncodeToString(sum[:])
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		x.date = date.UTC()
	}
	resp.Body = io.NopCloser(bytes.NewReader(body))
	return resp, nil
}
