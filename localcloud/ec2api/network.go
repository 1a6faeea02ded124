package ec2api

import (
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/operation"
)

// The network never changes, so these handlers read no state.

func (a api) DescribeAvailabilityZones(in *ec2shapes.DescribeAvailabilityZonesInput, out *ec2shapes.DescribeAvailabilityZonesOutput) error {
	for _, s := range a.Network().Subnets {
		ok, err := attributes{
			"zone-name": {s.Zone}, "zone-id": {s.ZoneID}, "region-name": {a.Region()}, "state": {"available"},
			"zone-type": {"availability-zone"}, "opt-in-status": {"opt-in-not-required"},
		}.passes(in.Filters)
		if err != nil {
			return err
		}
		if !ok || !listed(in.ZoneNames, s.Zone) || !listed(in.ZoneIds, s.ZoneID) {
			continue
		}
		out.AvailabilityZones = append(out.AvailabilityZones, types.AvailabilityZone{
			ZoneName: &s.Zone, ZoneId: &s.ZoneID, ZoneType: aws.String("availability-zone"),
			RegionName: aws.String(a.Region()), GroupName: aws.String(a.Region()), NetworkBorderGroup: aws.String(a.Region()),
			State: types.AvailabilityZoneStateAvailable, OptInStatus: types.AvailabilityZoneOptInStatusOptInNotRequired,
		})
	}
	return nil
}

func (a api) DescribeSubnets(in *ec2shapes.DescribeSubnetsInput, out *ec2shapes.DescribeSubnetsOutput) (err error) {
	for _, id := range in.SubnetIds {
		if _, ok := a.Network().Find(id); !ok {
			return operation.Errorf("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
		}
	}
	var subnets []types.Subnet
	for _, s := range a.Network().Subnets {
		ok, err := attributes{
			"subnet-id": {s.ID}, "vpc-id": {a.Network().VPC}, "availability-zone": {s.Zone}, "availability-zone-id": {s.ZoneID},
			"default-for-az": {"true"}, "state": {"available"}, "tag-key": {},
		}.passes(in.Filters)
		if err != nil {
			return err
		}
		if !ok || !listed(in.SubnetIds, s.ID) {
			continue
		}
		subnets = append(subnets, types.Subnet{
			SubnetId: &s.ID, VpcId: aws.String(a.Network().VPC), AvailabilityZone: &s.Zone, AvailabilityZoneId: &s.ZoneID,
			CidrBlock: &s.CIDR, State: types.SubnetStateAvailable, DefaultForAz: aws.Bool(true), MapPublicIpOnLaunch: aws.Bool(true),
			AvailableIpAddressCount: aws.Int32(4091), OwnerId: aws.String(a.AccountID()),
		})
	}
	out.Subnets, out.NextToken, err = operation.Page(subnets, in.MaxResults, in.NextToken, pages)
	return err
}

func (a api) DescribeVpcs(in *ec2shapes.DescribeVpcsInput, out *ec2shapes.DescribeVpcsOutput) error {
	vpc := a.Network().VPC
	for _, id := range in.VpcIds {
		if id != vpc {
			return operation.Errorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
		}
	}
	ok, err := attributes{
		"vpc-id": {vpc}, "is-default": {"true"}, "isDefault": {"true"}, "state": {"available"}, "tag-key": {},
	}.passes(in.Filters)
	if err != nil || !ok {
		return err
	}
	out.Vpcs, out.NextToken, err = operation.Page([]types.Vpc{{
		VpcId: &vpc, CidrBlock: aws.String("172.31.0.0/16"), IsDefault: aws.Bool(true), State: types.VpcStateAvailable,
		InstanceTenancy: types.TenancyDefault, OwnerId: aws.String(a.AccountID()),
	}}, in.MaxResults, in.NextToken, pages)
	return err
}

func (a api) DescribeSecurityGroups(in *ec2shapes.DescribeSecurityGroupsInput, out *ec2shapes.DescribeSecurityGroupsOutput) error {
	id, vpc := a.Network().SecurityGroup, a.Network().VPC
	for _, wanted := range in.GroupIds {
		if wanted != id {
			return operation.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", wanted)
		}
	}
	for _, wanted := range in.GroupNames {
		if wanted != "default" {
			return operation.Errorf("InvalidGroup.NotFound", "The security group '%s' does not exist", wanted)
		}
	}
	ok, err := attributes{"group-id": {id}, "group-name": {"default"}, "vpc-id": {vpc}, "tag-key": {}}.passes(in.Filters)
	if err != nil || !ok {
		return err
	}
	out.SecurityGroups, out.NextToken, err = operation.Page([]types.SecurityGroup{{
		GroupId: &id, GroupName: aws.String("default"), VpcId: &vpc, OwnerId: aws.String(a.AccountID()),
		Description: aws.String("default VPC security group"),
	}}, in.MaxResults, in.NextToken, pages)
	return err
}
