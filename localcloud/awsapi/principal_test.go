package awsapi

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"
)

const roleARN = "arn:aws:sts::123456789012:assumed-role/demo-instance/i-0123456789abcdef0"

// principalMux serves three services to a role that may call STS alone.
func principalMux(t *testing.T, expires time.Time) (url string, asRole aws.Config) {
	t.Helper()
	cfg := testConfig()
	cfg.Principals = func(id string) (Principal, bool) {
		p := Principal{ARN: roleARN, ID: "AROA:i-0", SecretAccessKey: "role secret", SessionToken: "role token", Expires: expires,
			Allows: func(s Service, operation string) bool { return s == STS && operation == "GetCallerIdentity" }}
		return p, id == "ASIAROLE"
	}
	m := NewMux(cfg)
	Handle(m, STS, func(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
		p, ok := Caller(ctx)
		if !ok {
			p.ARN = "the owner"
		}
		return &sts.GetCallerIdentityOutput{Arn: &p.ARN}, nil
	})
	Handle(m, CloudWatch, func(context.Context, *cloudwatch.DeleteAlarmsInput) (*cloudwatch.DeleteAlarmsOutput, error) {
		t.Error("DeleteAlarms was carried out")
		return nil, nil
	})
	Handle(m, AutoScaling, func(context.Context, *autoscaling.SetDesiredCapacityInput) (*autoscaling.SetDesiredCapacityOutput, error) {
		t.Error("SetDesiredCapacity was carried out")
		return nil, nil
	})
	url = newServer(t, m)
	return url, signingAs(url, "ASIAROLE", "role secret", "role token")
}

func signingAs(url, id, secret, token string) aws.Config {
	cfg := testAWS(url)
	cfg.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
	})
	return cfg
}

func TestARoleCallsWhatItIsAllowed(t *testing.T) {
	url, asRole := principalMux(t, time.Now().Add(time.Hour))
	for want, cfg := range map[string]aws.Config{roleARN: asRole, "the owner": testAWS(url)} {
		out, err := sts.NewFromConfig(cfg).GetCallerIdentity(t.Context(), nil)
		if err != nil || *out.Arn != want {
			t.Errorf("GetCallerIdentity() = %v, %v, want %s", out, err, want)
		}
	}
}

func TestARoleIsDeniedEverythingElse(t *testing.T) {
	_, cfg := principalMux(t, time.Now().Add(time.Hour))
	_, alarms := cloudwatch.NewFromConfig(cfg).DeleteAlarms(t.Context(), &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{"a"}})
	_, groups := autoscaling.NewFromConfig(cfg).SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{
		AutoScalingGroupName: aws.String("g"), DesiredCapacity: aws.Int32(9),
	})
	for _, test := range []struct {
		err          error
		code, action string
	}{
		{alarms, "AccessDeniedException", "cloudwatch:DeleteAlarms"},
		{groups, "AccessDenied", "autoscaling:SetDesiredCapacity"},
	} {
		api, ok := errors.AsType[smithy.APIError](test.err)
		want := "User: " + roleARN + " is not authorized to perform: " + test.action +
			" because no identity-based policy allows the " + test.action + " action"
		if !ok || api.ErrorCode() != test.code || api.ErrorMessage() != want {
			t.Errorf("%s = %v, want %s: %s", test.action, test.err, test.code, want)
		}
	}
}

// EC2's client is not here to be used; its own words are held against the code.
func TestEC2DeniesInItsOwnWords(t *testing.T) {
	p := &Principal{ARN: roleARN}
	refused := p.authorize(&call{protocol: queryProtocol{ec2: true}, service: EC2, operation: "TerminateInstances"})
	if refused == nil || refused.Code != "UnauthorizedOperation" || refused.status() != 403 {
		t.Errorf("authorize(ec2:TerminateInstances) = %v, want UnauthorizedOperation, 403", refused)
	}
}

func TestARolesSignatureIsChecked(t *testing.T) {
	url, _ := principalMux(t, time.Now().Add(time.Hour))
	expired, late := principalMux(t, time.Now().Add(-time.Minute))
	for name, test := range map[string]struct {
		cfg  aws.Config
		want string
	}{
		"a wrong secret":            {signingAs(url, "ASIAROLE", "guess", "role token"), "SignatureDoesNotMatch"},
		"a wrong token":             {signingAs(url, "ASIAROLE", "role secret", "guess"), "InvalidClientTokenId"},
		"no token":                  {signingAs(url, "ASIAROLE", "role secret", ""), "InvalidClientTokenId"},
		"the owner's token":         {signingAs(url, "ASIAROLE", "role secret", testToken), "InvalidClientTokenId"},
		"another id":                {signingAs(url, "ASIAROLF", "role secret", "role token"), "InvalidClientTokenId"},
		"the owner with its secret": {signingAs(url, testKey, "role secret", testToken), "SignatureDoesNotMatch"},
		"expired credentials":       {late, "ExpiredToken"},
		"expired, a wrong secret":   {signingAs(expired, "ASIAROLE", "guess", "role token"), "SignatureDoesNotMatch"},
	} {
		_, err := sts.NewFromConfig(test.cfg).GetCallerIdentity(t.Context(), nil)
		if api, ok := errors.AsType[smithy.APIError](err); !ok || api.ErrorCode() != test.want {
			t.Errorf("%s = %v, want %s", name, err, test.want)
		}
	}
}
