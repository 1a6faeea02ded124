package sweep

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"secondwind/account/ec2form"
)

// controlled is a kind that is left to AWS Cloud Control, one API for all kinds.
// The local cloud has none of these services: of this file nothing but its
// requests was ever tried.
type controlled struct {
	name, arnType string
	typeName      string // CloudFormation's
	stage         int
	identifier    func(arn string) string
}

func whole(arn string) string { return arn }

// lastIn is an ARN's name without its path.
func lastIn(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

func controlledTable() []controlled {
	return []controlled{
		{"SNS topic", "sns", "AWS::SNS::Topic", stageUsed, whole},
		{"log group", "logs:log-group", "AWS::Logs::LogGroup", stageUsed, nameIn},
		{"SSM association", "ssm:association", "AWS::SSM::Association", stageUsers, lastIn},
	}
}

func controlledKinds() (all []kind) {
	for _, c := range controlledTable() {
		all = append(all, kind{
			name: c.name, types: []string{c.arnType}, stage: c.stage,
			list: func(ctx context.Context, s *Sweeper, candidates tagged) ([]thing, error) {
				return s.listControlled(ctx, c, candidates)
			},
			remove: func(ctx context.Context, s *Sweeper, id string) error { return s.removeControlled(ctx, c, id) },
		})
	}
	return all
}

// listControlled leaves out the candidates that are gone already. Their tags are
// those of the tagging API.
func (s *Sweeper) listControlled(ctx context.Context, c controlled, candidates tagged) (things []thing, err error) {
	for arn, tags := range candidates {
		id := c.identifier(arn)
		err := s.control(ctx, "GetResource", map[string]string{"TypeName": c.typeName, "Identifier": id}, nil)
		if code := codeOf(err); code == "ResourceNotFoundException" {
			continue
		}
		if err != nil {
			return things, err
		}
		things = append(things, thing{id: id, tags: tags})
	}
	return things, nil
}

// progress is how far Cloud Control is with a request.
type progress struct {
	ProgressEvent struct {
		RequestToken, OperationStatus, ErrorCode, StatusMessage string
	}
}

// How long one removal by Cloud Control is waited for.
const (
	controlPoll  = 2 * time.Second
	controlPolls = 60
)

func (s *Sweeper) removeControlled(ctx context.Context, c controlled, id string) error {
	var p progress
	if err := s.control(ctx, "DeleteResource", map[string]string{"TypeName": c.typeName, "Identifier": id}, &p); err != nil {
		return err
	}
	for range controlPolls {
		switch event := p.ProgressEvent; event.OperationStatus {
		case "SUCCESS":
			return nil
		case "FAILED", "CANCEL_COMPLETE":
			return &smithy.GenericAPIError{Code: event.ErrorCode, Message: event.StatusMessage}
		}
		if err := pause(ctx, controlPoll); err != nil {
			return err
		}
		if err := s.control(ctx, "GetResourceRequestStatus", map[string]string{"RequestToken": p.ProgressEvent.RequestToken}, &p); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s is still being deleted after %s", id, controlPolls*controlPoll)
}

// maxControlAnswer bounds what is read of an answer, in bytes.
const maxControlAnswer = 1 << 20

// control calls Cloud Control by AWS JSON 1.0. Its own client of the SDK asks
// for another version of the SDK's core than the rest of the project has.
func (s *Sweeper) control(ctx context.Context, operation string, in map[string]string, answer any) error {
	body, err := json.Marshal(in)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.controlEndpoint(), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/x-amz-json-1.0")
	request.Header.Set("X-Amz-Target", "CloudApiService."+operation)
	if err := ec2form.Sign(ctx, s.cfg.AWS, request, body, "cloudcontrolapi", time.Now()); err != nil {
		return err
	}
	if err := s.sendControl(request, answer); err != nil {
		return fmt.Errorf("cloudformation:%s: %w", operation, err)
	}
	return nil
}

func (s *Sweeper) controlEndpoint() string {
	if base := aws.ToString(s.cfg.AWS.BaseEndpoint); base != "" {
		return strings.TrimSuffix(base, "/") + "/"
	}
	return "https://cloudcontrolapi." + s.cfg.AWS.Region + ".amazonaws.com/"
}

func (s *Sweeper) sendControl(request *http.Request, answer any) error {
	var client aws.HTTPClient = &http.Client{Timeout: 30 * time.Second}
	if s.cfg.AWS.HTTPClient != nil {
		client = s.cfg.AWS.HTTPClient
	}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxControlAnswer))
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		var refused struct {
			Type    string `json:"__type"`
			Message string `json:"Message"` // matches "message" too
		}
		if err := json.Unmarshal(body, &refused); err != nil || refused.Type == "" {
			return fmt.Errorf("status %s", response.Status)
		}
		return &smithy.GenericAPIError{Code: refused.Type[strings.LastIndex(refused.Type, "#")+1:], Message: refused.Message}
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(body, answer)
}
