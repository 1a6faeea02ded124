package doctor

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/smithy-go"

	"secondwind/account/ec2form"
	"secondwind/runlog"
)

// The operations beyond those that an observer records.
const (
	opGetCallerIdentity           = "sts:GetCallerIdentity"
	opDescribeLaunchConfiguration = "autoscaling:DescribeLaunchConfigurations"
	opDescribeLoadBalancers       = "elasticloadbalancing:DescribeLoadBalancers"
	opDescribeTemplateVersions    = "ec2:DescribeLaunchTemplateVersions"
	opDescribeInstances           = "ec2:DescribeInstances"
	opDescribeCredits             = "ec2:DescribeInstanceCreditSpecifications"
	opLookupEvents                = "cloudtrail:LookupEvents"
)

// required are what a proof asks all the time; without one there is none.
var required = append(runlog.Watched(),
	runlog.OpDescribeScalingActivities, runlog.OpDescribeAlarmHistory, runlog.OpGetMetricData, runlog.OpDescribeTargetHealth)

// optional are what only an examination asks, and what an audit asks after a run.
var optional = []string{
	opDescribeLaunchConfiguration, opDescribeLoadBalancers, opDescribeTemplateVersions, opDescribeInstances, opDescribeCredits,
	opLookupEvents,
}

// Actions are the IAM actions that a proof, its examination and its audit use; all of them
// only read. GetCallerIdentity needs no permission.
func Actions() []string {
	all := slices.Concat(required, optional)
	slices.Sort(all)
	return all
}

// unsignCodes are the error codes with which AWS's services refuse a signature.
var unsignCodes = []string{
	"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException", "ExpiredToken",
	"ExpiredTokenException", "RequestExpired", "AuthFailure", "InvalidAccessKeyId", "IncompleteSignature",
	"MissingAuthenticationToken", "InvalidToken",
}

// findFailure reports why an operation was not answered.
func (x *examination) findFailure(operation string, err error) {
	if unsigned(err) && x.clock.Offset().Abs() > clockFar {
		x.checkClock() // a date that is off makes every signature wrong
		return
	}
	x.add(failure(operation, err))
}

func unsigned(err error) bool { return slices.Contains(unsignCodes, ec2form.Code(err)) }

// failure is what it means that an operation was not answered.
func failure(operation string, err error) Finding {
	_, unreachable := errors.AsType[net.Error](err)
	switch {
	case ec2form.Denied(err):
		return denied(operation, err)
	case unsigned(err):
		return Finding{ID: "credentials.invalid", Severity: Error, Where: operation,
			What:   fmt.Sprintf("AWS does not accept the credentials: %s.", messageOf(err)),
			Change: "Log in again (`aws sso login`), renew the session token, or correct the keys; `aws sts get-caller-identity` tests them."}
	case unreachable:
		return Finding{ID: "endpoint.unreachable", Severity: Error, Where: operation,
			What:   fmt.Sprintf("The API cannot be reached: %s.", lastOf(err)),
			Change: "Check the network, any proxy, AWS_REGION and AWS_ENDPOINT_URL; if that names a local cloud, start it."}
	}
	return Finding{ID: "api.failed", Severity: Warning, Where: operation, What: fmt.Sprintf("The request failed: %s.", messageOf(err)),
		Change: "Run the doctor again: what depends on the answer was not examined."}
}

// Explain is the error of a request to AWS in the doctor's words: what is wrong, and
// what to change. What is no such error, or has no known cause, stays as it is.
func Explain(ctx context.Context, cfg aws.Config, err error) error {
	asked, ok := errors.AsType[*smithy.OperationError](err)
	if !ok || ctx.Err() != nil {
		return err
	}
	f := failure(asked.Service()+":"+asked.Operation(), err)
	if f.ID == "api.failed" {
		if _, missing := cfg.Credentials.Retrieve(ctx); missing == nil {
			return err
		}
		f = noCredentials(lastOf(err))
	}
	return fmt.Errorf("%s: %s %s", f.Where, f.What, f.Change)
}

func denied(operation string, err error) Finding {
	severity, id, why := Warning, "permission.optional", "Without it, the doctor examines less."
	if operation == opLookupEvents {
		why = "Without it, nobody can be asked who called during a run (`secondwind audit`)."
	}
	if operation == opDescribeLoadBalancers {
		why = "Without it, the URL of the group is not found, and has to be given (--url)."
	}
	if slices.Contains(required, operation) {
		severity, id, why = Error, "permission.required", "A proof needs it from beginning to end."
	}
	return Finding{
		Severity: severity, ID: id, Where: operation, Statement: &PolicyOf(operation).Statement[0],
		What:   fmt.Sprintf("The caller is not allowed to call %s: %s. %s", operation, messageOf(err), why),
		Change: "Add this statement to the caller's policy, or change the policy that denies the call.",
	}
}

// messageOf is an error in AWS's own words, else in ours.
func messageOf(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return strings.TrimRight(refused.ErrorCode()+": "+refused.ErrorMessage(), ".: ")
	}
	return err.Error()
}

// lastOf is the innermost cause: the SDK wraps it in a line of its own machinery.
func lastOf(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// The offsets from which a clock is worth a word.
const (
	clockOffset = 2 * time.Second // beyond it, the order of our events and AWS's is unsure
	clockFar    = 4 * time.Minute // AWS refuses signatures that are 5 minutes off
)

// checkClock compares this machine's clock with AWS's. It may be called from any
// goroutine.
func (x *examination) checkClock() {
	offset := x.clock.Offset()
	severity, id := Warning, "clock.offset"
	switch {
	case offset.Abs() < clockOffset:
		return
	case offset.Abs() > clockFar:
		severity, id = Error, "clock.far"
	}
	word := "behind"
	if offset < 0 {
		word = "ahead of"
	}
	x.find(severity, id, "this machine", fmt.Sprintf("Its clock is %s %s AWS's.", runlog.Words(offset.Abs()), word),
		"Turn on time synchronization (`timedatectl set-ntp true`), and wait until the clock is right.")
}
