package server

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// HeaderInstanceID names the instance that gave an answer.
const HeaderInstanceID = "X-Instance-Id"

const (
	instanceIDTimeout  = time.Second // of one question
	instanceIDMaxPause = time.Minute // between two questions
)

// instanceIDs are the ids that the header may carry: what EC2 gives, and any other
// cloud's plain name.
var instanceIDs = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)

// MetadataInstanceID returns a function that asks the instance metadata service
// (IMDSv2) for the id of this instance. It honours the SDK's variables
// AWS_EC2_METADATA_DISABLED and AWS_EC2_METADATA_SERVICE_ENDPOINT.
func MetadataInstanceID() func(context.Context) (string, error) {
	client := imds.New(imds.Options{
		Retryer: aws.NopRetryer{}, // the caller asks again by itself
		// The service is link-local. A proxy would ask its own, and we would bear
		// the name of the proxy's instance.
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = nil }),
	})
	return func(ctx context.Context) (string, error) {
		answer, err := client.GetMetadata(ctx, &imds.GetMetadataInput{Path: "instance-id"})
		if err != nil {
			return "", fmt.Errorf("ask the instance metadata service: %w", err)
		}
		defer answer.Content.Close()
		id, err := io.ReadAll(io.LimitReader(answer.Content, 256))
		if err != nil {
			return "", fmt.Errorf("read the instance id: %w", err)
		}
		return strings.TrimSpace(string(id)), nil
	}
}

// instance knows the name of the instance that this process runs on.
type instance struct {
	header atomic.Pointer[[]string] // the name, as the header has it
}

// newInstance returns an instance with a name that is right on a machine
// without instance metadata, and is used until the metadata service answers.
func newInstance() *instance {
	host, err := os.Hostname()
	if err != nil || !instanceIDs.MatchString(host) {
		host = "unnamed"
	}
	i := new(instance)
	i.set(fmt.Sprintf("local-%s-%d", host, os.Getpid()))
	return i
}

func (i *instance) name() string  { return (*i.header.Load())[0] }
func (i *instance) set(id string) { i.header.Store(&[]string{id}) }

// learn asks until it is answered or ctx ends. It closes asked after the first
// question, whatever the answer.
func (i *instance) learn(ctx context.Context, ask func(context.Context) (string, error), asked chan<- struct{}, log *slog.Logger) {
	err := i.try(ctx, ask)
	close(asked)
	for pause := time.Second; err != nil; pause = min(2*pause, instanceIDMaxPause) {
		log.Debug("instance id unknown", "error", err, "askedAgainAfter", pause.String())
		select {
		case <-ctx.Done():
			return
		case <-time.After(pause):
		}
		err = i.try(ctx, ask)
	}
	log.Info("instance id known", "instance", i.name())
}

func (i *instance) try(ctx context.Context, ask func(context.Context) (string, error)) error {
	ctx, cancel := context.WithTimeout(ctx, instanceIDTimeout)
	defer cancel()
	id, err := ask(ctx)
	if err != nil {
		return err
	}
	if !instanceIDs.MatchString(id) {
		return fmt.Errorf("instance id %.40q is no name", id)
	}
	i.set(id)
	return nil
}

// named puts the instance's name on every answer, those of errors too.
func (i *instance) named(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header()[HeaderInstanceID] = *i.header.Load()
		next.ServeHTTP(w, r)
	})
}
