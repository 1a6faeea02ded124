package localcloud

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// AWSConfig makes clients of the AWS SDK talk to this cloud, and to nothing else:
// it reads neither the environment nor the user's AWS files.
func (c *Cloud) AWSConfig() aws.Config {
	credentials := aws.Credentials{
		AccessKeyID: c.credentials.AccessKeyID, SecretAccessKey: c.credentials.SecretAccessKey, SessionToken: c.credentials.SessionToken,
		Source: "localcloud",
	}
	return aws.Config{
		Region: Region, BaseEndpoint: aws.String(c.endpoint),
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return credentials, nil }),
	}
}
