package ec2api_test

import (
	"runtime"
	"testing"

	"secondwind/localcloud/apitest"
	"secondwind/localcloud/awsapi"
)

func TestImages(t *testing.T) {
	architecture := map[bool]string{true: "arm64", false: "x86_64"}[runtime.GOARCH == "arm64"]
	const describe = "DescribeImages"
	do(t, apitest.Steps{
		{
			"the program's name, without its path", describe,
			"imagesSet#=1&imagesSet.1.imageId=ami-1&imagesSet.1.name=true&imagesSet.1.description=the program true on this machine&" +
				"imagesSet.1.imageOwnerId=123456789012&imagesSet.1.imageState=available&imagesSet.1.isPublic=false",
		},
		{
			"this machine's kind", describe,
			"imagesSet.1.architecture=" + architecture + "&imagesSet.1.rootDeviceType=ebs&imagesSet.1.virtualizationType=hvm&" +
				"imagesSet.1.imageType=machine&imagesSet.1.imdsSupport=v2.0",
		},
		{"by id", describe + "&ImageId.1=ami-1", "imagesSet#=1"},
		{"by no id", describe + "&ImageId.1=ami-2", "InvalidAMIID.NotFound: The image id '[ami-2]' does not exist"},
		{"one's own", describe + "&Owner.1=self", "imagesSet#=1"},
		{"the account's", describe + "&Owner.1=amazon&Owner.2=123456789012", "imagesSet#=1"},
		{"Amazon's", describe + "&Owner.1=amazon", "imagesSet#=0"},
		{"by name", filtered(describe, "name", "tr*"), "imagesSet#=1"},
		{"by another name", filtered(describe, "name", "false"), "imagesSet#=0"},
		{"by kind", filtered(describe, "architecture", architecture), "imagesSet#=1"},
		{"by a tag, of which they have none", filtered(describe, "tag:run", "a"), "imagesSet#=0"},
		{"by a filter that there is not", filtered(describe, "colour", "red"), "InvalidParameterValue: The filter 'colour' is invalid"},
		{"that others may run", describe + "&ExecutableBy.1=self", notServed("ExecutableUsers")},
		{"a page that is too long", describe + "&MaxResults=1001", tooLong("1001")},
		{"a token that is not ours", describe + "&NextToken=x", noToken},
		{"a dry run", describe + "&DryRun=true", dry},
	})
}

func TestInstanceTypes(t *testing.T) {
	const describe = "DescribeInstanceTypes"
	const byName = "InvalidParameterValue: The local cloud describes instance types by name: give InstanceTypes, and no Filters"
	do(t, apitest.Steps{
		{
			"as they are asked for", describe + "&InstanceType.1=m5.xlarge&InstanceType.2=t2.micro",
			"instanceTypeSet#=2&instanceTypeSet.1.instanceType=m5.xlarge&instanceTypeSet.1.vCpuInfo.defaultVCpus=4&" +
				"instanceTypeSet.1.burstablePerformanceSupported=false&instanceTypeSet.2.vCpuInfo.defaultVCpus=1&" +
				"instanceTypeSet.2.burstablePerformanceSupported=true",
		},
		{"none", describe, byName},
		{"filtered", filtered(describe+"&InstanceType.1=t2.micro", "hypervisor", "xen"), byName},
		{
			"one that there is not", describe + "&InstanceType.1=t2.enormous",
			"InvalidInstanceType: The following supplied instance types do not exist: [t2.enormous]",
		},
		{"the first page", describe + "&InstanceType.1=t2.micro&InstanceType.2=t3.micro&MaxResults=1", "instanceTypeSet#=1"},
		{"a token that is not ours", describe + "&InstanceType.1=t2.micro&NextToken=x", noToken},
		{"a dry run", describe + "&InstanceType.1=t2.micro&DryRun=true", dry},
	})
}

func TestTheNetwork(t *testing.T) {
	withInstance(t, func(t *testing.T, w *apitest.World) {
		w.Name(t, "vpc", "vpcSet.1.vpcId", awsapi.EC2, "DescribeVpcs")
		w.Name(t, "sg", "securityGroupInfo.1.groupId", awsapi.EC2, "DescribeSecurityGroups")
		w.Do(t, awsapi.EC2, apitest.Steps{
			{
				"three zones", "DescribeAvailabilityZones",
				"availabilityZoneInfo#=3&availabilityZoneInfo.1.zoneName=local-1a&availabilityZoneInfo.1.zoneId=loc1-az1&" +
					"availabilityZoneInfo.1.regionName=local-1&availabilityZoneInfo.1.zoneState=available&availabilityZoneInfo.3.zoneName=local-1c",
			},
			{"by name", "DescribeAvailabilityZones&ZoneName.1=local-1b", "availabilityZoneInfo#=1&availabilityZoneInfo.1.zoneId=loc1-az2"},
			{"by id", "DescribeAvailabilityZones&ZoneId.1=loc1-az3", "availabilityZoneInfo#=1&availabilityZoneInfo.1.zoneName=local-1c"},
			{"by filter", filtered("DescribeAvailabilityZones", "zone-name", "*b"), "availabilityZoneInfo#=1"},
			{"by no filter of zones", filtered("DescribeAvailabilityZones", "tag:x", "y"), "InvalidParameterValue: The filter 'tag:x' is invalid"},
			{"zones as a dry run", "DescribeAvailabilityZones&DryRun=true", dry},
			{
				"a subnet in each", "DescribeSubnets",
				"subnetSet#=3&subnetSet.2.subnetId={subnet2}&subnetSet.2.vpcId={vpc}&subnetSet.2.availabilityZone=local-1b&" +
					"subnetSet.2.cidrBlock=172.31.16.0/20&subnetSet.2.defaultForAz=true&subnetSet.2.mapPublicIpOnLaunch=true&" +
					"subnetSet.2.availableIpAddressCount=4091&subnetSet.2.ownerId=123456789012",
			},
			{"by id", "DescribeSubnets&SubnetId.1={subnet3}", "subnetSet#=1&subnetSet.1.availabilityZone=local-1c"},
			{"by no id", "DescribeSubnets&SubnetId.1=subnet-1", "InvalidSubnetID.NotFound: The subnet ID 'subnet-1' does not exist"},
			{"by zone", filtered("DescribeSubnets", "availability-zone", "local-1a"), "subnetSet#=1&subnetSet.1.subnetId={subnet1}"},
			{"by VPC", filtered("DescribeSubnets", "vpc-id", "{vpc}"), "subnetSet#=3"},
			{"by another VPC", filtered("DescribeSubnets", "vpc-id", "vpc-1"), "subnetSet#=0"},
			{"by no filter of subnets", filtered("DescribeSubnets", "colour", "red"), "InvalidParameterValue: The filter 'colour' is invalid"},
			{"a page that is too long", "DescribeSubnets&MaxResults=1001", tooLong("1001")},
			{"one VPC", "DescribeVpcs", "vpcSet#=1&vpcSet.1.cidrBlock=172.31.0.0/16&vpcSet.1.isDefault=true&vpcSet.1.state=available"},
			{"by id", "DescribeVpcs&VpcId.1={vpc}", "vpcSet#=1"},
			{"by no id", "DescribeVpcs&VpcId.1=vpc-1", "InvalidVpcID.NotFound: The vpc ID 'vpc-1' does not exist"},
			{"the default", filtered("DescribeVpcs", "is-default", "true"), "vpcSet#=1"},
			{"as Terraform asks", filtered("DescribeVpcs", "isDefault", "true"), "vpcSet#=1"},
			{"no other", filtered("DescribeVpcs", "is-default", "false"), "vpcSet#=0"},
			{"by no filter of VPCs", filtered("DescribeVpcs", "colour", "red"), "InvalidParameterValue: The filter 'colour' is invalid"},
			{"a token that is not ours", "DescribeVpcs&NextToken=x", noToken},
			{
				"one security group", "DescribeSecurityGroups",
				"securityGroupInfo#=1&securityGroupInfo.1.groupName=default&securityGroupInfo.1.vpcId={vpc}&" +
					"securityGroupInfo.1.groupDescription=default VPC security group",
			},
			{"by id and name", "DescribeSecurityGroups&GroupId.1={sg}&GroupName.1=default", "securityGroupInfo#=1"},
			{"by no id", "DescribeSecurityGroups&GroupId.1=sg-1", "InvalidGroup.NotFound: The security group 'sg-1' does not exist"},
			{"by no name", "DescribeSecurityGroups&GroupName.1=web", "InvalidGroup.NotFound: The security group 'web' does not exist"},
			{"by filter", filtered("DescribeSecurityGroups", "group-name", "web"), "securityGroupInfo#=0"},
			{"by no filter of groups", filtered("DescribeSecurityGroups", "colour", "red"), "InvalidParameterValue: The filter 'colour' is invalid"},
			{"a token that is not ours", "DescribeSecurityGroups&NextToken=x", noToken},
		})
	})
}
