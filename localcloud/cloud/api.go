package cloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/sts"

	"secondwind/localcloud/awsapi"
)

// Register serves the cloud's operations on m.
func (c *Cloud) Register(m *awsapi.Mux) {
	cloudWatchAPI{c}.register(m)
	autoScalingAPI{c}.register(m)
	elbAPI{c}.register(m)
	ec2API{c}.register(m)
	c.registerTagging(m)
	handle(m, awsapi.STS, c.getCallerIdentity)
}

// getCallerIdentity answers who signed: a role, or the account's only user.
func (c *Cloud) getCallerIdentity(ctx context.Context, _ *sts.GetCallerIdentityInput) (*sts.GetCallerIdentityOutput, error) {
	arn, id := "arn:aws:iam::"+c.cfg.AccountID+":user/secondwind", "AIDASECONDWINDLOCAL00"
	if role, ok := awsapi.Caller(ctx); ok {
		arn, id = role.ARN, role.ID
	}
	return &sts.GetCallerIdentityOutput{Account: &c.cfg.AccountID, Arn: &arn, UserId: &id}, nil
}
