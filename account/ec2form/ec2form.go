// Package ec2form asks EC2 the few questions that the project has by hand-made
// forms: the SDK's own client takes minutes and gigabytes to compile. The local
// cloud's stack has a client of its own, because nothing of the local cloud may
// share code with those who look at it.
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

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 8 << 20

// Client calls EC2 as AWS says to: with its credentials, Region, HTTP client and,
// if set, base endpoint. It does not retry.
type Client struct{ AWS aws.Config }

// Call posts a signed form and decodes the XML answer into answer, which may be
// nil. What EC2 refuses is a smithy.APIError, as of the SDK's clients.
func (c Client) Call(ctx context.Context, action string, form url.Values, answer any) error {
	fields := url.Values{"Action": {action}, "Version": {version}}
	for name, values := range form {
		fields[name] = values
	}
	body := fields.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.endpoint(), strings.NewReader(body))
	if err == nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
		err = c.sign(ctx, request, body)
	}
	if err == nil {
		err = c.send(request, answer)
	}
	if err != nil {
		return fmt.Errorf("ec2:%s: %w", action, err)
	}
	return nil
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

func (c Client) sign(ctx context.Context, request *http.Request, body string) error {
	if c.AWS.Credentials == nil {
		return errors.New("no credentials configured")
	}
	credentials, err := c.AWS.Credentials.Retrieve(ctx)
	if err != nil {
		return fmt.Errorf("retrieve credentials: %w", err)
	}
	digest := sha256.Sum256([]byte(body))
	return v4.NewSigner().SignHTTP(ctx, credentials, request, hex.EncodeToString(digest[:]), "ec2", c.AWS.Region, time.Now())
}

// client is whichever HTTP client the SDK is configured with.
func (c Client) client() aws.HTTPClient {
	if c.AWS.HTTPClient != nil {
		return c.AWS.HTTPClient
	}
	return &http.Client{Timeout: 30 * time.Second}
}

func (c Client) send(request *http.Request, answer any) error {
	response, err := c.client().Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer+1))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer: %w", err)
	case len(body) > maxAnswer:
		return fmt.Errorf("the answer is over %d MiB", maxAnswer>>20)
	case response.StatusCode != http.StatusOK:
		return refusal(response.Status, body)
	case answer == nil:
		return nil
	}
	return xml.Unmarshal(body, answer)
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
