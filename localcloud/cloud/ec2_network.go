package cloud

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/localcloud/awsapi/ec2shapes"
)

// The network never changes, so these handlers need no lock.

func (a ec2API) describeAvailabilityZones(_ context.Context, in *ec2shapes.DescribeAvailabilityZonesInput) (*ec2shapes.DescribeAvailabilityZonesOutput, error) {
	out := &ec2shapes.DescribeAvailabilityZonesOutput{AvailabilityZones: []types.AvailabilityZone{}}
	for _, s := range a.c.network.subnets {
		have := attributes{"zone-name": {s.zone}, "zone-id": {s.zoneID}, "region-name": {a.c.cfg.Region}, "state": {"available"}, "zone-type": {"availability-zone"}, "opt-in-status": {"opt-in-not-required"}}
		ok, err := have.passes(in.Filters)
		if err != nil {
			return nil, err
		}
		if !ok || len(in.ZoneNames) > 0 && !slices.Contains(in.ZoneNames, s.zone) || len(in.ZoneIds) > 0 && !slices.Contains(in.ZoneIds, s.zoneID) {
			continue
		}
		out.AvailabilityZones = append(out.AvailabilityZones, types.AvailabilityZone{
			ZoneName: aws.String(s.zone), ZoneId: aws.String(s.zoneID), ZoneType: aws.String("availability-zone"),
			RegionName: &a.c.cfg.Region, GroupName: &a.c.cfg.Region, NetworkBorderGroup: &a.c.cfg.Region,
			State: types.AvailabilityZoneStateAvailable, OptInStatus: types.AvailabilityZoneOptInStatusOptInNotRequired,
		})
	}
	return out, nil
}

func (a ec2API) describeSubnets(_ context.Context, in *ec2shapes.DescribeSubnetsInput) (*ec2shapes.DescribeSubnetsOutput, error) {
	for _, id := range in.SubnetIds {
		if _, ok := a.c.network.find(id); !ok {
			return nil, apiErrorf("InvalidSubnetID.NotFound", "The subnet ID '%s' does not exist", id)
		}
	}
	subnets := []types.Subnet{}
	for _, s := range a.c.network.subnets {
		have := attributes{"subnet-id": {s.id}, "vpc-id": {a.c.network.vpc}, "availability-zone": {s.zone}, "availability-zone-id": {s.zoneID}, "default-for-az": {"true"}, "state": {"available"}, "tag-key": {}}
		ok, err := have.passes(in.Filters)
		if err != nil {
			return nil, err
		}
		if !ok || len(in.SubnetIds) > 0 && !slices.Contains(in.SubnetIds, s.id) {
			continue
		}
		subnets = append(subnets, types.Subnet{
			SubnetId: aws.String(s.id), VpcId: aws.String(a.c.network.vpc), AvailabilityZone: aws.String(s.zone), AvailabilityZoneId: aws.String(s.zoneID),
			CidrBlock: aws.String(s.cidr), State: types.SubnetStateAvailable, DefaultForAz: aws.Bool(true), MapPublicIpOnLaunch: aws.Bool(true),
			AvailableIpAddressCount: aws.Int32(4091), OwnerId: &a.c.cfg.AccountID,
		})
	}
	page, next, err := pageOf(subnets, in.MaxResults, in.NextToken, ec2Pages)
	return &ec2shapes.DescribeSubnetsOutput{Subnets: page, NextToken: next}, err
}

func (a ec2API) describeVpcs(_ context.Context, in *ec2shapes.DescribeVpcsInput) (*ec2shapes.DescribeVpcsOutput, error) {
	vpc := a.c.network.vpc
	for _, id := range in.VpcIds {
		if id != vpc {
			return nil, apiErrorf("InvalidVpcID.NotFound", "The vpc ID '%s' does not exist", id)
		}
	}
	out := &ec2shapes.DescribeVpcsOutput{Vpcs: []types.Vpc{}}
	ok, err := attributes{"vpc-id": {vpc}, "is-default": {"true"}, "isDefault": {"true"}, "state": {"available"}, "tag-key": {}}.passes(in.Filters)
	if err != nil || !ok {
		return out, err
	}
	out.Vpcs = append(out.Vpcs, types.Vpc{
		VpcId: &vpc, CidrBlock: aws.String("172.31.0.0/16"), IsDefault: aws.Bool(true), State: types.VpcStateAvailable,
		InstanceTenancy: types.TenancyDefault, OwnerId: &a.c.cfg.AccountID,
	})
	return out, nil
}

func (a ec2API) describeSecurityGroups(_ context.Context, in *ec2shapes.DescribeSecurityGroupsInput) (*ec2shapes.DescribeSecurityGroupsOutput, error) {
	id, vpc := a.c.network.securityGroup, a.c.network.vpc
	for _, wanted := range in.GroupIds {
		if wanted != id {
			return nil, apiErrorf("InvalidGroup.NotFound", "The security group '%s' does not exist", wanted)
		}
	}
	for _, wanted := range in.GroupNames {
		if wanted != "default" {
			return nil, apiErrorf("InvalidGroup.NotFound", "The security group '%s' does not exist", wanted)
		}
	}
	out := &ec2shapes.DescribeSecurityGroupsOutput{SecurityGroups: []types.SecurityGroup{}}
	ok, err := attributes{"group-id": {id}, "group-name": {"default"}, "vpc-id": {vpc}, "tag-key": {}}.passes(in.Filters)
	if err != nil || !ok {
		return out, err
	}
	out.SecurityGroups = append(out.SecurityGroups, types.SecurityGroup{
		GroupId: &id, GroupName: aws.String("default"), VpcId: &vpc, OwnerId: &a.c.cfg.AccountID, Description: aws.String("default VPC security group"),
	})
	return out, nil
}
