package cloudwatchapi

import (
	"secondwind/autoscale"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
)

// api has a method for each operation, by its name.
type api struct{ *cloud.Cloud }

// Register serves CloudWatch on m.
func Register(m *awsapi.Mux, c *cloud.Cloud) { operation.Serve(m, awsapi.CloudWatch, api{c}) }

// invalidValuef refuses a value of a parameter.
func invalidValuef(format string, args ...any) error {
	return operation.Errorf("InvalidParameterValue", format, args...)
}

// alarmPages is how CloudWatch cuts lists of alarms.
var alarmPages = operation.Paging{DefaultSize: 50, MaxSize: 100, SizeName: "maxRecords", BadToken: "InvalidNextToken"}

// view returns what f reads of the engine.
func view[T any](a api, f func(*autoscale.Engine) T) T {
	return cloud.View(a.Cloud, func(s *cloud.State) T { return f(s.Engine) })
}
