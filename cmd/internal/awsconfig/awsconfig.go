// Package awsconfig loads the AWS configuration of the user's environment, for
// every command alike. A test sees to it that nothing else does.
package awsconfig

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/smithy-go/logging"
)

// ErrNoRegion is Load's error if nothing names a Region.
var ErrNoRegion = errors.New("no AWS Region is set: set AWS_REGION, or a region in the AWS profile")

// Load loads the configuration that the user's environment and AWS files give.
// A region that is not "" is used instead of theirs: a deployed stack says where
// it is. The error is ErrNoRegion if there is none; the configuration is whole
// otherwise.
func Load(ctx context.Context, region string) (aws.Config, error) {
	// What goes wrong is returned as an error. The SDK's own warnings about it
	// would stand on stderr before our sentence.
	// Without a client of ours there is one only where AWS_CA_BUNDLE is set.
	client := config.WithHTTPClient(awshttp.NewBuildableClient())
	cfg, err := config.LoadDefaultConfig(ctx, config.WithLogger(logging.Nop{}), client)
	if err != nil {
		return cfg, fmt.Errorf("load the AWS configuration: %w; correct AWS_PROFILE, AWS_CA_BUNDLE, ~/.aws/config or ~/.aws/credentials", err)
	}
	cfg.HTTPClient = BodyInMemory{cfg.HTTPClient}
	if cfg.Region = cmp.Or(region, cfg.Region); cfg.Region == "" {
		return cfg, ErrNoRegion
	}
	return cfg, nil
}

// BodyInMemory sends every request's body from memory. The SDK closes a body as
// soon as its answer begins; where answers come within microseconds, as on
// loopback, net/http may not have seen the body's end by then, and would tear
// down the connection with the answer on it.
type BodyInMemory struct{ Next aws.HTTPClient }

// Do implements aws.HTTPClient.
func (c BodyInMemory) Do(r *http.Request) (*http.Response, error) {
	if r.Body != nil && r.Body != http.NoBody {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, fmt.Errorf("read the request's body: %w", err)
		}
		r = r.Clone(r.Context())
		r.Body = io.NopCloser(bytes.NewReader(body))
		r.ContentLength = int64(len(body))
	}
	return c.Next.Do(r)
}
