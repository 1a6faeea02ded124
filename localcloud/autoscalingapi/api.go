package autoscalingapi

import (
	"secondwind/autoscale"
	"secondwind/localcloud/awsapi"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
)

// api has a method for each operation, by its name.
type api struct{ *cloud.Cloud }

// Register serves EC2 Auto Scaling on m.
func Register(m *awsapi.Mux, c *cloud.Cloud) { operation.Serve(m, awsapi.AutoScaling, api{c}) }

// groupPages is how Auto Scaling cuts most lists.
var groupPages = operation.Paging{DefaultSize: 50, MaxSize: 100, SizeName: "maxRecords", BadToken: "InvalidNextToken"}

// onGroup changes something of a group that the caller named.
func (a api) onGroup(name *string, f func(s *cloud.State, g autoscale.GroupStatus) error) error {
	if err := operation.Given("autoScalingGroupName", name); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		g, err := s.Engine.Group(*name)
		if err != nil {
			return err
		}
		return f(s, g)
	})
}

// groupIfNamed refuses a name that is given and that no group has.
func (a api) groupIfNamed(name *string) error {
	if name == nil {
		return nil
	}
	return a.Read(func(s *cloud.State) error {
		_, err := s.Engine.Group(*name)
		return err
	})
}
