package main

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"

	"secondwind/cmd/internal/awsconfig"
	"secondwind/localcloud"
)

// localAWS points the SDK at a local cloud, whatever the environment says.
func localAWS(cloud *localcloud.Cloud) aws.Config {
	cfg := cloud.AWSConfig()
	cfg.HTTPClient = awsconfig.BodyInMemory{Next: awshttp.NewBuildableClient()}
	return cfg
}
