package cloud

import (
	"context"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/fleet"
)

// describeImages answers the images that the cloud was started with.
func (a ec2API) describeImages(_ context.Context, in *ec2shapes.DescribeImagesInput) (*ec2shapes.DescribeImagesOutput, error) {
	for _, id := range in.ImageIds {
		if _, ok := a.c.cfg.Images[id]; !ok {
			return nil, apiErrorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
		}
	}
	images := []types.Image{}
	for _, id := range slices.Sorted(maps.Keys(a.c.cfg.Images)) {
		if len(in.ImageIds) > 0 && !slices.Contains(in.ImageIds, id) {
			continue
		}
		if len(in.Owners) > 0 && !slices.Contains(in.Owners, "self") && !slices.Contains(in.Owners, a.c.cfg.AccountID) {
			continue
		}
		image := a.describedImage(id)
		have := attributes{"image-id": {id}, "name": {*image.Name}, "state": {"available"}, "architecture": {string(image.Architecture)}, "owner-id": {*image.OwnerId}, "virtualization-type": {"hvm"}, "root-device-type": {"ebs"}, "tag-key": {}}
		ok, err := have.passes(in.Filters)
		if err != nil {
			return nil, err
		}
		if ok {
			images = append(images, image)
		}
	}
	page, next, err := pageOf(images, in.MaxResults, in.NextToken, ec2Pages)
	return &ec2shapes.DescribeImagesOutput{Images: page, NextToken: next}, err
}

func (a ec2API) describedImage(id string) types.Image {
	architecture := types.ArchitectureValuesX8664
	if runtime.GOARCH == "arm64" {
		architecture = types.ArchitectureValuesArm64
	}
	// The program's name, not its path: an answer may end up in a report.
	name := filepath.Base(a.c.cfg.Images[id].Program)
	return types.Image{
		ImageId: &id, Name: &name, Description: aws.String("the program " + name + " on this machine"),
		OwnerId: &a.c.cfg.AccountID, State: types.ImageStateAvailable, Public: aws.Bool(false), Architecture: architecture,
		ImageType: types.ImageTypeValuesMachine, RootDeviceType: types.DeviceTypeEbs, VirtualizationType: types.VirtualizationTypeHvm,
		ImdsSupport: types.ImdsSupportValuesV20,
	}
}

// describeInstanceTypes answers the types that are asked for by name: what
// counts here is their number of vCPUs.
func (a ec2API) describeInstanceTypes(_ context.Context, in *ec2shapes.DescribeInstanceTypesInput) (*ec2shapes.DescribeInstanceTypesOutput, error) {
	if len(in.InstanceTypes) == 0 || len(in.Filters) > 0 {
		return nil, apiErrorf("InvalidParameterValue", "The local cloud describes instance types by name: give InstanceTypes, and no Filters")
	}
	out := &ec2shapes.DescribeInstanceTypesOutput{InstanceTypes: []types.InstanceTypeInfo{}}
	for _, t := range in.InstanceTypes {
		n, ok := fleet.VCPUs(string(t))
		if !ok {
			return nil, apiErrorf("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", t)
		}
		out.InstanceTypes = append(out.InstanceTypes, types.InstanceTypeInfo{
			InstanceType: t, VCpuInfo: &types.VCpuInfo{DefaultVCpus: aws.Int32(int32(n))},
			BurstablePerformanceSupported: aws.Bool(burstable(string(t))),
		})
	}
	return out, nil
}

func burstable(instanceType string) bool {
	return strings.HasPrefix(instanceType, "t") && strings.Contains(instanceType, ".")
}

// describeInstanceCreditSpecifications answers each burstable type's default:
// standard for t2, unlimited for the later ones. No credits are kept here.
func (a ec2API) describeInstanceCreditSpecifications(_ context.Context, in *ec2shapes.DescribeInstanceCreditSpecificationsInput) (*ec2shapes.DescribeInstanceCreditSpecificationsOutput, error) {
	credits := []types.InstanceCreditSpecification{}
	err := a.c.read(func(time.Time) error {
		found, err := a.find(in.InstanceIds, in.Filters)
		for _, i := range found {
			if !burstable(i.instanceType) {
				continue
			}
			mode := "unlimited"
			if strings.HasPrefix(i.instanceType, "t2.") {
				mode = "standard"
			}
			credits = append(credits, types.InstanceCreditSpecification{InstanceId: aws.String(i.id), CpuCredits: &mode})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(credits, in.MaxResults, in.NextToken, ec2Pages)
	return &ec2shapes.DescribeInstanceCreditSpecificationsOutput{InstanceCreditSpecifications: page, NextToken: next}, err
}
