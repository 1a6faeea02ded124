// Package ec2form calls operations of AWS with requests of its own: the few of EC2
// that the project needs, because the SDK's client takes minutes and gigabytes to
// compile, and those of other services whose client it does not use.
package ec2form

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
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

// Client calls AWS with the configuration's credentials, Region, HTTP client and,
// if set, base endpoint. It retries only when a signature was refused because this
// machine's clock is wrong: then it signs again by the service's clock, as the SDK's
// clients do.
type Client struct{ AWS aws.Config }

// Call posts a signed form to EC2 and decodes the XML answer into answer, which may
// be nil. What EC2 refuses is a smithy.APIError, as of the SDK's clients.
func (c Client) Call(ctx context.Context, action string, form url.Values, answer any) error {
	fields := url.Values{"Action": {action}, "Version": {version}}
	for name, values := range form {
		fields[name] = values
	}
	header := http.Header{"Content-Type": {"application/x-www-form-urlencoded; charset=utf-8"}}
	body, err := c.Post(ctx, "ec2", header, fields.Encode())
	if err == nil && answer != nil {
		err = xml.Unmarshal(body, answer)
	}
	if err != nil {
		return fmt.Errorf("ec2:%s: %w", action, err)
	}
	return nil
}

// maxSkew is below the 5 minutes that a signature's date may be off.
const maxSkew = 4 * time.Minute

// Post posts a signed body to a service, named as in its endpoint, and returns the
// answer. What the service refuses is a smithy.APIError.
func (c Client) Post(ctx context.Context, service string, header http.Header, body string) ([]byte, error) {
	answer, theirs, err := c.post(ctx, service, header, body, time.Now())
	if Code(err) != "" && time.Since(theirs).Abs() > maxSkew {
		answer, _, err = c.post(ctx, service, header, body, theirs)
	}
	return answer, err
}

// post posts a body that is signed at a time. It also returns the service's time in
// the answer, or now if there is none.
func (c Client) post(
	ctx context.Context, service string, header http.Header, body string, at time.Time,
) (answer []byte, theirs time.Time, err error) {
	theirs = time.Now()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint(service), strings.NewReader(body))
	if err != nil {
		return nil, theirs, err
	}
	request.Header = header.Clone()
	if err := c.sign(ctx, request, body, service, at); err != nil {
		return nil, theirs, err
	}
	response, err := c.client().Do(request)
	if err != nil {
		return nil, theirs, err
	}
	defer response.Body.Close()
	if date, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		theirs = date
	}
	answer, err = io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		err = fmt.Errorf("read the answer: %w", err)
	case len(answer) > maxAnswer:
		err = fmt.Errorf("the answer is over %d MiB", maxAnswer>>20)
	case response.StatusCode != http.StatusOK:
		err = refusal(response.Status, answer)
	}
	return answer, theirs, err
}

// refusal is an answer that is an error, in EC2's XML or in AWS's JSON.
func refusal(status string, answer []byte) error {
	var refused struct {
		Code    string `xml:"Errors>Error>Code" json:"__type"` // in JSON after the service's name space
		Message string `xml:"Errors>Error>Message" json:"message"`
	}
	if xml.Unmarshal(answer, &refused) != nil && json.Unmarshal(answer, &refused) != nil || refused.Code == "" {
		return fmt.Errorf("status %s", status)
	}
	return &smithy.GenericAPIError{Code: refused.Code[strings.LastIndex(refused.Code, "#")+1:], Message: refused.Message}
}

func (c Client) endpoint(service string) string {
	switch {
	case c.AWS.BaseEndpoint != nil:
		return strings.TrimSuffix(*c.AWS.BaseEndpoint, "/") + "/"
	case strings.HasPrefix(c.AWS.Region, "cn-"):
		return "https://" + service + "." + c.AWS.Region + ".amazonaws.com.cn/"
	}
	return "https://" + service + "." + c.AWS.Region + ".amazonaws.com/"
}

func (c Client) sign(ctx context.Context, request *http.Request, body, service string, at time.Time) error {
	if c.AWS.Credentials == nil {
		return errors.New("no credentials configured")
	}
	credentials, err := c.AWS.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("retrieve credentials: %w", err)
	}
	digest := sha256.Sum256([]byte(body))
	return v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(digest[:]), service, c.AWS.Region, at)
}

// client is whichever HTTP client the SDK is configured with.
func (c Client) client() aws.HTTPClient {
	if c.AWS.HTTPClient != nil {
		return c.AWS.HTTPClient
	}
	return &http.Client{Timeout: 30 * time.Second}
}

// Code is AWS's code of an error, of the SDK's clients too; "" if it is not one of AWS's.
func Code(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode()
	}
	return ""
}

// Denied reports whether AWS denied access. Its services have several codes for that.
func Denied(err error) bool {
	switch Code(err) {
	case "AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedException":
		return true
	}
	return false
}
