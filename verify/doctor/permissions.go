package doctor

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/aws/smithy-go"

	"secondwind/runlog"
)

// The operations beyond those that an observer records.
const (
	opGetCallerIdentity           = "sts:GetCallerIdentity"
	opDescribeLifecycleHooks      = "autoscaling:DescribeLifecycleHooks"
	opDescribeLaunchConfiguration = "autoscaling:DescribeLaunchConfigurations"
	opDescribeTargetGroupAttrs    = "elasticloadbalancing:DescribeTargetGroupAttributes"
	opDescribeLoadBalancers       = "elasticloadbalancing:DescribeLoadBalancers"
	opDescribeListeners           = "elasticloadbalancing:DescribeListeners"
	opDescribeTemplateVersions    = "ec2:DescribeLaunchTemplateVersions"
	opDescribeInstances           = "ec2:DescribeInstances"
	opDescribeCredits             = "ec2:DescribeInstanceCreditSpecifications"
)

// required are what a proof asks all the time; without one there is none.
var required = []string{
	runlog.OpDescribeAutoScalingGroups, runlog.OpDescribePolicies, runlog.OpDescribeScalingActivities,
	runlog.OpDescribeScheduledActions, runlog.OpDescribeInstanceRefreshes,
	runlog.OpDescribeAlarms, runlog.OpDescribeAlarmsForMetric, runlog.OpDescribeAlarmHistory, runlog.OpGetMetricData,
	runlog.OpDescribeTargetGroups, runlog.OpDescribeTargetHealth,
}

// optional are what only an examination asks.
var optional = []string{
	opDescribeLifecycleHooks, opDescribeLaunchConfiguration, opDescribeTargetGroupAttrs, opDescribeLoadBalancers, opDescribeListeners,
	opDescribeTemplateVersions, opDescribeInstances, opDescribeCredits,
}

// Actions are the IAM actions that a proof and its examination use; all of them
// only read. GetCallerIdentity needs no permission.
func Actions() []string {
	all := slices.Concat(required, optional)
	slices.Sort(all)
	return all
}

// The error codes that AWS's services use for the same two things.
var (
	deniedCodes = []string{"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError", "UnauthorizedException"}
	unsignCodes = []string{
		"InvalidClientTokenId", "UnrecognizedClientException", "SignatureDoesNotMatch", "InvalidSignatureException", "ExpiredToken",
		"ExpiredTokenException", "RequestExpired", "AuthFailure", "InvalidAccessKeyId", "IncompleteSignature",
		"MissingAuthenticationToken", "InvalidToken",
	}
)

// codeOf is AWS's code of an error, "" if AWS did not answer.
func codeOf(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode()
	}
	return ""
}

// findFailure reports why an operation was not answered.
func (x *examination) findFailure(operation string, err error) {
	code := codeOf(err)
	switch {
	case slices.Contains(deniedCodes, code):
		x.findDenied(operation, err)
	case slices.Contains(unsignCodes, code) && x.clock.Offset().Abs() > clockFar:
		x.checkClock() // a date that is off makes every signature wrong
	case slices.Contains(unsignCodes, code):
		x.find("credentials.invalid", operation, fmt.Sprintf("AWS does not accept the credentials: %s.", messageOf(err)),
			"Log in again (aws sso login), renew the session token, or correct the keys; see what `aws sts get-caller-identity` says.")
	case unreachable(err):
		x.find("endpoint.unreachable", operation, fmt.Sprintf("The API cannot be reached: %s.", lastOf(err)),
			"Check the network, a proxy, AWS_REGION and AWS_ENDPOINT_URL; if that names a local cloud, start it.")
	default:
		x.find("api.failed", operation,
			fmt.Sprintf("The request failed: %s.", messageOf(err)),
			"Run the doctor again. What depends on the answer was not examined.")
	}
}

func (x *examination) findDenied(operation string, err error) {
	id, why := "permission.optional", "The doctor cannot examine what it would have answered."
	if slices.Contains(required, operation) {
		id, why = "permission.required", "A proof asks it all the time."
	}
	statement := statementOf(operation)
	x.add(Finding{
		ID: id, Where: operation, Statement: &statement,
		What:   fmt.Sprintf("The caller may not call %s: %s. %s", operation, messageOf(err), why),
		Change: "Add this statement to the caller's policy, or have the policy that denies it changed.",
	})
}

// messageOf is an error in AWS's own words, else in ours.
func messageOf(err error) string {
	if refused, ok := errors.AsType[smithy.APIError](err); ok {
		return refused.ErrorCode() + ": " + strings.TrimRight(refused.ErrorMessage(), ". ")
	}
	return err.Error()
}

func unreachable(err error) bool {
	_, isNet := errors.AsType[net.Error](err)
	_, isOp := errors.AsType[*net.OpError](err)
	return isNet || isOp
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
