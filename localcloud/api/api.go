// Package api serves a cloud's operations. Every service is a package of its own,
// which knows package cloud and none of the other services.
package api

import (
	"secondwind/localcloud/autoscalingapi"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/cloudwatchapi"
	"secondwind/localcloud/ec2api"
	"secondwind/localcloud/elbapi"
	"secondwind/localcloud/stsapi"
	"secondwind/localcloud/taggingapi"
)

// Register serves the cloud's operations on m.
func Register(m *awsapi.Mux, c *cloud.Cloud) {
	autoscalingapi.Register(m, c)
	cloudwatchapi.Register(m, c)
	ec2api.Register(m, c)
	elbapi.Register(m, c)
	stsapi.Register(m, c)
	taggingapi.Register(m, c)
}
