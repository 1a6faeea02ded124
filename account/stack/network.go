package stack

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
)

// defaultSubnets finds the default subnets of the default VPC, one for each
// Availability Zone.
func (b *builder) defaultSubnets(ctx context.Context) error {
	form := url.Values{"Filter.1.Name": {"default-for-az"}, "Filter.1.Value.1": {"true"}}
	if err := b.ec2.Call(ctx, "DescribeSubnets", form, &b.subnets); err != nil {
		return err
	}
	if len(b.subnets.IDs) < 2 {
		return fmt.Errorf("the account has %d default subnets, and a load balancer needs two; "+
			"create a default VPC (aws ec2 create-default-vpc)", len(b.subnets.IDs))
	}
	return nil
}

// launchTemplate makes the template of the group's instances.
func (b *builder) launchTemplate(ctx context.Context) error {
	var answer struct {
		ID string `xml:"launchTemplate>launchTemplateId"`
	}
	form := url.Values{
		"LaunchTemplateName":                         {*b.name("lt")},
		"LaunchTemplateData.ImageId":                 {b.o.ImageID},
		"LaunchTemplateData.InstanceType":            {b.o.Variables.InstanceType},
		"LaunchTemplateData.IamInstanceProfile.Name": {*b.name("instance")}, // instances act as its role
		"LaunchTemplateData.Monitoring.Enabled":      {"true"},              // detailed: a datapoint a minute, not one every five
	}
	if len(b.o.Tags) > 0 {
		form.Set("TagSpecification.1.ResourceType", "launch-template")
	}
	for i, key := range slices.Sorted(maps.Keys(b.o.Tags)) {
		tag := fmt.Sprintf("TagSpecification.1.Tag.%d.", i+1)
		form.Set(tag+"Key", key)
		form.Set(tag+"Value", b.o.Tags[key])
	}
	err := b.ec2.Call(ctx, "CreateLaunchTemplate", form, &answer)
	b.stack.LaunchTemplateID = answer.ID
	return err
}
