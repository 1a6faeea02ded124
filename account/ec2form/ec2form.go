// Package ec2form calls the few EC2 operations that the project needs with forms
// of its own: the SDK's client takes minutes and gigabytes to compile.
package ec2form

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go"
)

// version is the version of the EC2 API that is spoken.
const version = "2016-11-15"

// maxAnswer is how many bytes of an answer are read.
const maxAnswer = 8 << 20

// Client calls EC2 with the configuration's credentials, Region, HTTP client and,
// if set, base endpoint. It retries only when a signature was refused because this
// machine's clock is wrong: then it signs again by EC2's clock, as the SDK's clients
// do.
type Client struct{ AWS aws.Config }

// Call posts a signed form and decodes the XML answer into answer, which may be
// nil. What EC2 refuses is a smithy.APIError, as of the SDK's clients.
func (c Client) Call(ctx context.Context, action string, form url.Values, answer any) error {
	fields := url.Values{"Action": {action}, "Version": {version}}
	for name, values := range form {
		fields[name] = values
	}
	body := fields.Encode()
	theirs, err := c.post(ctx, body, time.Now(), answer)
	if _, refused := errors.AsType[smithy.APIError](err); refused && time.Since(theirs).Abs() > maxSkew {
		_, err = c.post(ctx, body, theirs, answer)
	}
	if err != nil {
		return fmt.Errorf("ec2:%s: %w", action, err)
	}
	return nil
}

// maxSkew is below the 5 minutes that a signature's date may be off.
const maxSkew = 4 * time.Minute

// post sends a form that is signed at a time, and returns EC2's time in the answer,
// or now if the answer has none.
func (c Client) post(ctx context.Context, body string, at time.Time, answer any) (theirs time.Time, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint(), strings.NewReader(body))
	if err != nil {
		return time.Now(), err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	if err := Sign(ctx, c.AWS, request, []byte(body), "ec2", at); err != nil {
		return time.Now(), err
	}
	return c.send(request, answer)
}

func (c Client) endpoint() string {
	switch {
	case c.AWS.BaseEndpoint != nil:
		return strings.TrimSuffix(*c.AWS.BaseEndpoint, "/") + "/"
	case strings.HasPrefix(c.AWS.Region, "cn-"):
		return "https://ec2." + c.AWS.Region + ".amazonaws.com.cn/"
	}
	return "https://ec2." + c.AWS.Region + ".amazonaws.com/"
}

// Sign signs a request to a service, named as signatures name it, at a time.
func Sign(ctx context.Context, cfg aws.Config, request *http.Request, body []byte, service string, at time.Time) error {
	if cfg.Credentials == nil {
		return errors.New("no credentials configured")
	}
	credentials, err := cfg.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("retrieve credentials: %w", err)
	}
	digest := sha256.Sum256(body)
	return v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(digest[:]), service, cfg.Region, at)
}

// client is whichever HTTP client the SDK is configured with.
func (c Client) client() aws.HTTPClient {
	if c.AWS.HTTPClient != nil {
		return c.AWS.HTTPClient
	}
	return &http.Client{Timeout: 30 * time.Second}
}

func (c Client) send(request *http.Request, answer any) (theirs time.Time, err error) {
	response, err := c.client().Do(request)
	if err != nil {
		return time.Now(), err
	}
	defer response.Body.Close()
	if theirs, err = http.ParseTime(response.Header.Get("Date")); err != nil {
		theirs = time.Now()
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return theirs, fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return theirs, fmt.Errorf("the answer is over %d MiB", maxAnswer>>20)
	case response.StatusCode != http.StatusOK:
		return theirs, refusal(response.Status, body)
	case answer == nil:
		return theirs, nil
	}
	return theirs, xml.Unmarshal(body, answer)
}

// refusal is an answer that is an error.
func refusal(status string, body []byte) error {
	var refused struct {
		Code    string `xml:"Errors>Error>Code"`
		Message string `xml:"Errors>Error>Message"`
	}
	if err := xml.Unmarshal(body, &refused); err != nil || refused.Code == "" {
		return fmt.Errorf("status %s", status)
	}
	return &smithy.GenericAPIError{Code: refused.Code, Message: refused.Message}
}
