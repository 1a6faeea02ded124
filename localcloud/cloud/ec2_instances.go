package cloud

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"secondwind/autoscale"
	"secondwind/localcloud/awsapi/ec2shapes"
)

// stateCodes are the numbers EC2 gives the states. Source: EC2 API Reference, InstanceState.
var stateCodes = map[types.InstanceStateName]int32{statePending: 0, stateRunning: 16, stateShuttingDown: 32, stateTerminated: 48}

func describedState(s types.InstanceStateName) *types.InstanceState {
	return &types.InstanceState{Name: s, Code: aws.Int32(stateCodes[s])}
}

// find returns the instances of those ids that pass the filters, oldest first;
// all instances if there is no id. Callers hold mu.
func (a ec2API) find(ids []string, filters []types.Filter) ([]*instance, error) {
	for _, id := range ids {
		if a.c.instances[id] == nil {
			return nil, apiErrorf("InvalidInstanceID.NotFound", "The instance ID '%s' does not exist", id)
		}
	}
	// A filter that is not known is an error even when there is nothing to filter.
	if _, err := a.c.withTags((&instance{}).attributes(), "").passes(filters); err != nil {
		return nil, err
	}
	var found []*instance
	for _, i := range a.c.instances {
		if len(ids) > 0 && !slices.Contains(ids, i.id) {
			continue
		}
		ok, err := a.c.withTags(i.attributes(), i.id).passes(filters)
		if err != nil {
			return nil, err
		}
		if ok {
			found = append(found, i)
		}
	}
	slices.SortFunc(found, func(a, b *instance) int { return cmp.Or(a.launched.Compare(b.launched), cmp.Compare(a.id, b.id)) })
	return found, nil
}

func (i *instance) attributes() attributes {
	return attributes{
		"instance-id": {i.id}, "instance-state-name": {string(i.state)}, "instance-type": {i.instanceType}, "image-id": {i.imageID},
		"availability-zone": {i.zone}, "subnet-id": {i.subnet}, "private-ip-address": {i.privateIP},
	}
}

func (a ec2API) describeInstances(_ context.Context, in *ec2shapes.DescribeInstancesInput) (*ec2shapes.DescribeInstancesOutput, error) {
	reservations := []types.Reservation{}
	err := a.c.read(func(time.Time) error {
		found, err := a.find(in.InstanceIds, in.Filters)
		for _, i := range found {
			reservations = append(reservations, types.Reservation{
				ReservationId: aws.String("r-" + strings.TrimPrefix(i.id, "i-")), OwnerId: &a.c.cfg.AccountID,
				Groups: []types.GroupIdentifier{}, Instances: []types.Instance{a.described(i)},
			})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(reservations, in.MaxResults, in.NextToken, ec2Pages)
	return &ec2shapes.DescribeInstancesOutput{Reservations: page, NextToken: next}, err
}

// described is an instance as EC2 answers it; callers hold mu. Its monitoring is
// detailed: metrics come every MetricsPeriod.
func (a ec2API) described(i *instance) types.Instance {
	out := types.Instance{
		InstanceId: aws.String(i.id), ImageId: aws.String(i.imageID), InstanceType: types.InstanceType(i.instanceType),
		State: describedState(i.state), LaunchTime: aws.Time(i.launched), AmiLaunchIndex: aws.Int32(0),
		Placement:  &types.Placement{AvailabilityZone: aws.String(i.zone), Tenancy: types.TenancyDefault},
		Monitoring: &types.Monitoring{State: types.MonitoringStateEnabled},
		SubnetId:   aws.String(i.subnet), VpcId: aws.String(a.c.network.vpc), Tags: a.c.ec2Tags(i.id),
		SecurityGroups: []types.GroupIdentifier{{GroupId: aws.String(a.c.network.securityGroup), GroupName: aws.String("default")}},
		Architecture:   types.ArchitectureValuesX8664, RootDeviceType: types.DeviceTypeEbs, VirtualizationType: types.VirtualizationTypeHvm,
		MetadataOptions: &types.InstanceMetadataOptionsResponse{
			HttpTokens: types.HttpTokensStateRequired, HttpEndpoint: types.InstanceMetadataEndpointStateEnabled,
			HttpPutResponseHopLimit: aws.Int32(1), State: types.InstanceMetadataOptionsStateApplied,
		},
	}
	if i.profile != "" {
		out.IamInstanceProfile = &types.IamInstanceProfile{Arn: aws.String("arn:aws:iam::" + a.c.cfg.AccountID + ":instance-profile/" + i.profile)}
	}
	if i.state == statePending || i.state == stateRunning {
		out.PrivateIpAddress = unlessZero(i.privateIP)
	}
	if i.reason.code != "" {
		out.StateReason = &types.StateReason{Code: aws.String(i.reason.code), Message: aws.String(i.reason.message)}
		out.StateTransitionReason = aws.String("User initiated (" + i.ended.Format("2006-01-02 15:04:05 MST") + ")")
	}
	return out
}

// describeInstanceStatus answers running instances only, unless all are asked for.
func (a ec2API) describeInstanceStatus(_ context.Context, in *ec2shapes.DescribeInstanceStatusInput) (*ec2shapes.DescribeInstanceStatusOutput, error) {
	statuses := []types.InstanceStatus{}
	err := a.c.read(func(time.Time) error {
		found, err := a.find(in.InstanceIds, in.Filters)
		for _, i := range found {
			if i.state != stateRunning && !deref(in.IncludeAllInstances) {
				continue
			}
			check := types.InstanceStatusSummary{Status: types.SummaryStatusNotApplicable}
			if i.state == stateRunning {
				check = types.InstanceStatusSummary{Status: types.SummaryStatusOk,
					Details: []types.InstanceStatusDetails{{Name: types.StatusNameReachability, Status: types.StatusTypePassed}}}
			}
			statuses = append(statuses, types.InstanceStatus{
				InstanceId: aws.String(i.id), AvailabilityZone: aws.String(i.zone), InstanceState: describedState(i.state),
				InstanceStatus: &check, SystemStatus: &check,
			})
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	page, next, err := pageOf(statuses, in.MaxResults, in.NextToken, ec2Pages)
	return &ec2shapes.DescribeInstanceStatusOutput{InstanceStatuses: page, NextToken: next}, err
}

// terminateInstances ends instances behind their group's back. The group's EC2
// health check finds them gone and replaces them.
func (a ec2API) terminateInstances(_ context.Context, in *ec2shapes.TerminateInstancesInput) (*ec2shapes.TerminateInstancesOutput, error) {
	if len(in.InstanceIds) == 0 {
		return nil, apiErrorf("MissingParameter", "The request must contain the parameter InstanceId")
	}
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	out := &ec2shapes.TerminateInstancesOutput{TerminatingInstances: []types.InstanceStateChange{}}
	err := a.c.change(func(time.Time) error {
		found, err := a.find(in.InstanceIds, nil)
		if err != nil {
			return err
		}
		for _, i := range found {
			change := types.InstanceStateChange{InstanceId: aws.String(i.id), PreviousState: describedState(i.state)}
			if i.state != stateTerminated {
				if i.state != stateShuttingDown {
					a.c.asked = append(a.c.asked, autoscale.TerminateInstance{InstanceID: i.id})
				}
				i.state = stateShuttingDown
			}
			change.CurrentState = describedState(i.state)
			out.TerminatingInstances = append(out.TerminatingInstances, change)
		}
		return nil
	})
	return out, err
}

// createTags tags instances and launch templates.
func (a ec2API) createTags(_ context.Context, in *ec2shapes.CreateTagsInput) (*ec2shapes.CreateTagsOutput, error) {
	if err := dryRun(in.DryRun); err != nil {
		return nil, err
	}
	err := a.c.change(func(time.Time) error {
		for _, id := range in.Resources {
			template := find(a.c.templates, func(t *launchTemplate) bool { return t.id == id })
			if a.c.instances[id] == nil && template == nil {
				return apiErrorf("InvalidID", "The ID '%s' is not valid: instances and launch templates can be tagged here", id)
			}
		}
		for _, id := range in.Resources {
			for _, t := range in.Tags {
				a.c.setTag(id, deref(t.Key), deref(t.Value))
			}
		}
		return nil
	})
	return &ec2shapes.CreateTagsOutput{}, err
}
