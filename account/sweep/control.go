package sweep

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/aws/smithy-go"
	smithytime "github.com/aws/smithy-go/time"

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

func (s *Sweeper) controlledKinds() (all []kind) {
	for _, c := range []controlled{
		{"SNS topic", "sns", "AWS::SNS::Topic", stageUsed, func(arn string) string { return arn }},
		{"log group", "logs:log-group", "AWS::Logs::LogGroup", stageUsed, nameIn},
		{"SSM association", "ssm:association", "AWS::SSM::Association", stageUsers, nameIn},
	} {
		all = append(all, kind{c.name, []string{c.arnType}, c.stage,
			func(ctx context.Context, candidates tagged) ([]thing, error) {
				return s.listControlled(ctx, c, candidates)
			},
			func(ctx context.Context, id string) error { return s.removeControlled(ctx, c, id) },
		})
	}
	return all
}

// listControlled leaves out the candidates that are gone already. Their tags are
// those of the tagging API.
func (s *Sweeper) listControlled(ctx context.Context, c controlled, candidates tagged) (things []thing, err error) {
	for arn, tags := range candidates {
		id := c.identifier(arn)
		switch _, err := s.control(ctx, "GetResource", map[string]string{"TypeName": c.typeName, "Identifier": id}); {
		case ec2form.Code(err) == "ResourceNotFoundException":
			continue
		case err != nil:
			return things, err
		}
		things = append(things, thing{id: id, tags: tags})
	}
	return things, nil
}

// How long one removal by Cloud Control is waited for.
const (
	controlPoll  = 2 * time.Second
	controlPolls = 60
)

func (s *Sweeper) removeControlled(ctx context.Context, c controlled, id string) error {
	p, err := s.control(ctx, "DeleteResource", map[string]string{"TypeName": c.typeName, "Identifier": id})
	for range controlPolls {
		if err != nil {
			return err
		}
		switch p.OperationStatus {
		case "SUCCESS":
			return nil
		case "FAILED", "CANCEL_COMPLETE":
			return &smithy.GenericAPIError{Code: p.ErrorCode, Message: p.StatusMessage}
		}
		if err := smithytime.SleepWithContext(ctx, controlPoll); err != nil {
			return err
		}
		p, err = s.control(ctx, "GetResourceRequestStatus", map[string]string{"RequestToken": p.RequestToken})
	}
	return fmt.Errorf("%s is still being deleted after %g s", id, (controlPolls * controlPoll).Seconds())
}

// progress is how far Cloud Control is with a removal.
type progress struct{ RequestToken, OperationStatus, ErrorCode, StatusMessage string }

// control calls Cloud Control by AWS JSON 1.0. Its own client of the SDK asks
// for another version of the SDK's core than the rest of the project has.
func (s *Sweeper) control(ctx context.Context, operation string, in map[string]string) (progress, error) {
	var answer struct{ ProgressEvent progress }
	body, err := json.Marshal(in)
	if err != nil {
		return progress{}, err
	}
	header := http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {"CloudApiService." + operation}}
	text, err := s.ec2.Post(ctx, "cloudcontrolapi", header, string(body))
	if err == nil {
		err = json.Unmarshal(text, &answer)
	}
	if err != nil {
		return progress{}, fmt.Errorf("cloudformation:%s: %w", operation, err)
	}
	return answer.ProgressEvent, nil
}
