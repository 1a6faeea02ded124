// Package stsapi serves AWS STS: who signed a request.
package stsapi

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/cloud"
)

// Register serves STS on m.
func Register(m *awsapi.Mux, c *cloud.Cloud) {
	awsapi.Handle(m, awsapi.STS, func(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
		return callerIdentity(ctx, c.AccountID()), nil
	})
}

// callerIdentity is who signed: a role, or the account's only user.
func callerIdentity(ctx context.Context, account string) *sts.GetCallerIdentityOutput {
	who, ok := awsapi.Caller(ctx)
	if !ok {
		who = awsapi.Owner(account)
	}
	return &sts.GetCallerIdentityOutput{Account: &account, Arn: &who.ARN, UserId: &who.ID}
}
