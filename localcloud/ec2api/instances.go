package ec2api

import (
	"cmp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/localcloud/awsapi/ec2shapes"
	"secondwind/localcloud/cloud"
	"secondwind/localcloud/operation"
	"secondwind/localcloud/optional"
)

// stateCodes are the numbers EC2 gives the states. Source: EC2 API Reference, InstanceState.
var stateCodes = map[types.InstanceStateName]int32{
	cloud.Pending: 0, cloud.Running: 16, cloud.ShuttingDown: 32, cloud.Terminated: 48,
}

func describedState(s types.InstanceStateName) *types.InstanceState {
	return &types.InstanceState{Name: s, Code: aws.Int32(stateCodes[s])}
}

// find returns the instances of those ids that pass the filters, oldest first;
// all instances if there is no id.
func find(s *cloud.State, ids []string, filters []types.Filter) ([]*cloud.Instance, error) {
	for _, id := range ids {
		if s.Instances[id] == nil {
			return nil, operation.Errorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
		}
	}
	// A filter that is not known is an error even when there is nothing to filter.
	if _, err := withTags(s, instanceAttributes(&cloud.Instance{}), "").passes(filters); err != nil {
		return nil, err
	}
	var found []*cloud.Instance
	for _, i := range s.Instances {
		if len(ids) > 0 && !slices.Contains(ids, i.ID) {
			continue
		}
		if ok, _ := withTags(s, instanceAttributes(i), i.ID).passes(filters); ok {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b *cloud.Instance) int { return cmp.Or(a.Launched.Compare(b.Launched), cmp.Compare(a.ID, b.ID)) })
	return found, nil
}

func instanceAttributes(i *cloud.Instance) attributes {
	return attributes{
		"instance-id": {i.ID}, "instance-state-name": {string(i.State)}, "instance-type": {i.Type}, "image-id": {i.ImageID},
		"availability-zone": {i.Zone}, "subnet-id": {i.Subnet}, "private-ip-address": {i.PrivateIP},
	}
}

func (a api) DescribeInstances(in *ec2shapes.DescribeInstancesInput, out *ec2shapes.DescribeInstancesOutput) error {
	var reservations []types.Reservation
	return a.Read(func(s *cloud.State) error {
		found, err := find(s, in.InstanceIds, in.Filters)
		if err != nil {
			return err
		}
		for _, i := range found {
			reservations = append(reservations, types.Reservation{
				ReservationId: aws.String("r-" + strings.TrimPrefix(i.ID, "i-")), OwnerId: aws.String(a.AccountID()),
				Groups: []types.GroupIdentifier{}, Instances: []types.Instance{a.described(s, i)},
			})
		}
		out.Reservations, out.NextToken, err = operation.Page(reservations, in.MaxResults, in.NextToken, pages)
		return err
	})
}

// described is an instance as EC2 answers it. Its monitoring is
// detailed: metrics come every MetricsPeriod.
func (a api) described(s *cloud.State, i *cloud.Instance) types.Instance {
	out := types.Instance{
		InstanceId: aws.String(i.ID), ImageId: aws.String(i.ImageID), InstanceType: types.InstanceType(i.Type),
		State: describedState(i.State), LaunchTime: aws.Time(i.Launched), AmiLaunchIndex: aws.Int32(0),
		Placement:  &types.Placement{AvailabilityZone: aws.String(i.Zone), Tenancy: types.TenancyDefault},
		Monitoring: &types.Monitoring{State: types.MonitoringStateEnabled},
		SubnetId:   aws.String(i.Subnet), VpcId: aws.String(a.Network().VPC), Tags: ec2Tags(s, i.ID),
		SecurityGroups: []types.GroupIdentifier{{GroupId: aws.String(a.Network().SecurityGroup), GroupName: aws.String("default")}},
		Architecture:   types.ArchitectureValuesX8664, RootDeviceType: types.DeviceTypeEbs, VirtualizationType: types.VirtualizationTypeHvm,
		MetadataOptions: &types.InstanceMetadataOptionsResponse{
			HttpTokens: types.HttpTokensStateRequired, HttpEndpoint: types.InstanceMetadataEndpointStateEnabled,
			HttpPutResponseHopLimit: aws.Int32(1), State: types.InstanceMetadataOptionsStateApplied,
		},
	}
	if i.Profile != "" {
		arn := "arn:aws:iam::" + a.AccountID() + ":instance-profile/" + i.Profile
		out.IamInstanceProfile = &types.IamInstanceProfile{Arn: &arn}
	}
	if i.State == cloud.Pending || i.State == cloud.Running {
		out.PrivateIpAddress = optional.NonZero(i.PrivateIP)
	}
	if i.Reason.Code != "" {
		out.StateReason = &types.StateReason{Code: aws.String(i.Reason.Code), Message: aws.String(i.Reason.Message)}
		out.StateTransitionReason = aws.String("User initiated (" + i.Ended.Format("2006-01-02 15:04:05 MST") + ")")
	}
	return out
}

// DescribeInstanceStatus answers running instances only, unless all are asked for.
func (a api) DescribeInstanceStatus(in *ec2shapes.DescribeInstanceStatusInput, out *ec2shapes.DescribeInstanceStatusOutput) error {
	var statuses []types.InstanceStatus
	return a.Read(func(s *cloud.State) error {
		found, err := find(s, in.InstanceIds, in.Filters)
		if err != nil {
			return err
		}
		for _, i := range found {
			if i.State != cloud.Running && !optional.Value(in.IncludeAllInstances) {
				continue
			}
			check := types.InstanceStatusSummary{Status: types.SummaryStatusNotApplicable}
			if i.State == cloud.Running {
				check = types.InstanceStatusSummary{Status: types.SummaryStatusOk,
					Details: []types.InstanceStatusDetails{{Name: types.StatusNameReachability, Status: types.StatusTypePassed}}}
			}
			statuses = append(statuses, types.InstanceStatus{
				InstanceId: aws.String(i.ID), AvailabilityZone: aws.String(i.Zone), InstanceState: describedState(i.State),
				InstanceStatus: &check, SystemStatus: &check,
			})
		}
		out.InstanceStatuses, out.NextToken, err = operation.Page(statuses, in.MaxResults, in.NextToken, pages)
		return err
	})
}

// TerminateInstances ends instances behind their group's back. The group's EC2
// health check finds them gone and replaces them.
func (a api) TerminateInstances(in *ec2shapes.TerminateInstancesInput, out *ec2shapes.TerminateInstancesOutput) error {
	if len(in.InstanceIds) == 0 {
		return missing("InstanceId")
	}
	if err := cmp.Or(operation.Without(in, "", "Force", "SkipOsShutdown"), operation.DryRun(in)); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		found, err := find(s, in.InstanceIds, nil)
		if err != nil {
			return err
		}
		for _, i := range found {
			change := types.InstanceStateChange{InstanceId: aws.String(i.ID), PreviousState: describedState(i.State)}
			s.Terminate(i)
			change.CurrentState = describedState(i.State)
			out.TerminatingInstances = append(out.TerminatingInstances, change)
		}
		return nil
	})
}

// CreateTags tags instances and launch templates.
func (a api) CreateTags(in *ec2shapes.CreateTagsInput, _ *ec2shapes.CreateTagsOutput) error {
	if err := operation.DryRun(in); err != nil {
		return err
	}
	return a.Change(func(s *cloud.State) error {
		for _, id := range in.Resources {
			template := cloud.Find(s.Templates, func(t *cloud.Template) bool { return t.ID == id })
			if s.Instances[id] == nil && template == nil {
				return operation.Errorf("InvalidID", "The ID '%s' is not valid: instances and launch templates can be tagged here", id)
			}
		}
		for _, id := range in.Resources {
			for _, t := range in.Tags {
				s.Tags.Set(id, optional.Value(t.Key), optional.Value(t.Value))
			}
		}
		return nil
	})
}
