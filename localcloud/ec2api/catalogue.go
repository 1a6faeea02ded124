package ec2api

import (
	"maps"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/fleet"
	"secondwind/localcloud/operation"
)

// DescribeImages answers the images that the cloud was started with.
func (a api) DescribeImages(in *ec2shapes.DescribeImagesInput, out *ec2shapes.DescribeImagesOutput) (err error) {
	if err := operation.Without(in, "", "ExecutableUsers"); err != nil {
		return err
	}
	for _, id := range in.ImageIds {
		if _, ok := a.Images()[id]; !ok {
			return operation.Errorf("InvalidAMIID.NotFound", "The image id '[%s]' does not exist", id)
		}
	}
	var images []types.Image
	for _, id := range slices.Sorted(maps.Keys(a.Images())) {
		if !listed(in.ImageIds, id) || !listed(in.Owners, "self") && !listed(in.Owners, a.AccountID()) {
			continue
		}
		image := a.describedImage(id)
		ok, err := attributes{
			"image-id": {id}, "name": {*image.Name}, "state": {"available"}, "architecture": {string(image.Architecture)},
			"owner-id": {*image.OwnerId}, "virtualization-type": {"hvm"}, "root-device-type": {"ebs"}, "tag-key": {},
		}.passes(in.Filters)
		if err != nil {
			return err
		}
		if ok {
			images = append(images, image)
		}
	}
	out.Images, out.NextToken, err = operation.Page(images, in.MaxResults, in.NextToken, pages)
	return err
}

func (a api) describedImage(id string) types.Image {
	architecture := types.ArchitectureValuesX8664
	if runtime.GOARCH == "arm64" {
		architecture = types.ArchitectureValuesArm64
	}
	// The program's name, not its path: an answer may end up in a report.
	name := filepath.Base(a.Images()[id].Program)
	return types.Image{
		ImageId: &id, Name: &name, Description: aws.String("the program " + name + " on this machine"),
		OwnerId: aws.String(a.AccountID()), State: types.ImageStateAvailable, Public: aws.Bool(false), Architecture: architecture,
		ImageType: types.ImageTypeValuesMachine, RootDeviceType: types.DeviceTypeEbs, VirtualizationType: types.VirtualizationTypeHvm,
		ImdsSupport: types.ImdsSupportValuesV20,
	}
}

// DescribeInstanceTypes answers the types that are asked for by name: what
// counts here is their number of vCPUs.
func (a api) DescribeInstanceTypes(in *ec2shapes.DescribeInstanceTypesInput, out *ec2shapes.DescribeInstanceTypesOutput) (err error) {
	if len(in.InstanceTypes) == 0 || len(in.Filters) > 0 {
		return invalidValuef("The local cloud describes instance types by name: give InstanceTypes, and no Filters")
	}
	var infos []types.InstanceTypeInfo
	for _, t := range in.InstanceTypes {
		n, ok := fleet.VCPUs(string(t))
		if !ok {
			return operation.Errorf("InvalidInstanceType", "The following supplied instance types do not exist: [%s]", t)
		}
		infos = append(infos, types.InstanceTypeInfo{
			InstanceType: t, VCpuInfo: &types.VCpuInfo{DefaultVCpus: aws.Int32(int32(n))},
			BurstablePerformanceSupported: aws.Bool(burstable.MatchString(string(t))),
		})
	}
	out.InstanceTypes, out.NextToken, err = operation.Page(infos, in.MaxResults, in.NextToken, pages)
	return err
}

// burstable are the families t2, t3, t3a, t4g.
var burstable = regexp.MustCompile(`^t\d\w*\.`)

// DescribeInstanceCreditSpecifications answers each burstable type's default:
// standard for t2, unlimited for the later ones. No credits are kept here.
func (a api) DescribeInstanceCreditSpecifications(
	in *ec2shapes.DescribeInstanceCreditSpecificationsInput, out *ec2shapes.DescribeInstanceCreditSpecificationsOutput,
) error {
	var credits []types.InstanceCreditSpecification
	return a.Read(func(s *cloud.State) error {
		found, err := find(s, in.InstanceIds, in.Filters)
		if err != nil {
			return err
		}
		for _, i := range found {
			if !burstable.MatchString(i.Type) {
				continue
			}
			mode := "unlimited"
			if strings.HasPrefix(i.Type, "t2.") {
				mode = "standard"
			}
			credits = append(credits, types.InstanceCreditSpecification{InstanceId: aws.String(i.ID), CpuCredits: &mode})
		}
		out.InstanceCreditSpecifications, out.NextToken, err = operation.Page(credits, in.MaxResults, in.NextToken, pages)
		return err
	})
}
