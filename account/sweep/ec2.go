package sweep

import (
	"context"
	"encoding/xml"
	"maps"
	"net/url"
	"strings"
)

// ec2Row is a kind that EC2 lists and removes by a form each.
type ec2Row struct {
	name   string
	stage  int
	list   string     // action
	form   url.Values // besides the tag filter
	id     string     // of an item
	remove string     // action
	takes  string     // parameter of the removal that takes the id
}

// liveStates are those of an instance that is not gone: EC2 describes one that is
// for an hour more.
var liveStates = url.Values{
	"Filter.2.Name": {"instance-state-name"}, "Filter.2.Value.1": {"pending"}, "Filter.2.Value.2": {"running"},
	"Filter.2.Value.3": {"shutting-down"}, "Filter.2.Value.4": {"stopping"}, "Filter.2.Value.5": {"stopped"},
}

var ownedBySelf = url.Values{"Owner.1": {"self"}}

// ec2Kinds are what EC2 has of a stack, its network included.
func (s *Sweeper) ec2Kinds() []kind {
	all := []kind{
		// Two groups whose rules name each other can be deleted only once the rules are gone.
		s.ec2Kind("security group rule", stageParts, "DescribeSecurityGroupRules", nil, ruleID, s.revoke),
		s.ec2Kind("internet gateway", stageNetwork, "DescribeInternetGateways", nil, gatewayID, s.removeGateway),
	}
	for _, k := range []ec2Row{
		{"instance", stageUsers, "DescribeInstances", liveStates, "instanceId", "TerminateInstances", "InstanceId.1"},
		{"launch template", stageUsed, "DescribeLaunchTemplates", nil, "launchTemplateId", "DeleteLaunchTemplate", "LaunchTemplateId"},
		{"image", stageUsed, "DescribeImages", ownedBySelf, "imageId", "DeregisterImage", "ImageId"},
		{"snapshot", stageParts, "DescribeSnapshots", ownedBySelf, "snapshotId", "DeleteSnapshot", "SnapshotId"},
		{"volume", stageParts, "DescribeVolumes", nil, "volumeId", "DeleteVolume", "VolumeId"},
		{"network interface", stageParts, "DescribeNetworkInterfaces", nil, "networkInterfaceId", "DeleteNetworkInterface", "NetworkInterfaceId"},
		{"security group", stageNetwork, "DescribeSecurityGroups", nil, "groupId", "DeleteSecurityGroup", "GroupId"},
		{"subnet", stageSubnets, "DescribeSubnets", nil, "subnetId", "DeleteSubnet", "SubnetId"},
		{"route table", stageRoutes, "DescribeRouteTables", nil, "routeTableId", "DeleteRouteTable", "RouteTableId"},
		{"VPC", stageVPC, "DescribeVpcs", nil, "vpcId", "DeleteVpc", "VpcId"},
	} {
		id := func(i item) string { return i.member(k.id) }
		all = append(all, s.ec2Kind(k.name, k.stage, k.list, k.form, id, func(ctx context.Context, id string) error {
			return s.ec2.Call(ctx, k.remove, url.Values{k.takes: {id}}, nil)
		}))
	}
	return all
}

// ec2Kind makes the kind whose items that have the run's tag an action of EC2
// lists, page after page.
func (s *Sweeper) ec2Kind(
	name string, stage int, action string, form url.Values, id func(item) string, remove func(context.Context, string) error,
) kind {
	arnType := "ec2:" + strings.ToLower(strings.ReplaceAll(name, " ", "-"))
	return kind{name, []string{arnType}, stage, func(ctx context.Context, _ tagged) (things []thing, err error) {
		page := url.Values{"Filter.1.Name": {"tag-key"}, "Filter.1.Value.1": {RunTag}}
		maps.Copy(page, form)
		for {
			var answer listing
			if err := s.ec2.Call(ctx, action, page, &answer); err != nil {
				return things, err
			}
			for _, i := range answer.items() {
				things = append(things, thing{id: id(i), tags: i.tags()})
			}
			if answer.Next == "" {
				return things, nil
			}
			page.Set("NextToken", answer.Next)
		}
	}, remove}
}

// ruleID is direction, group and rule: the removal takes all three.
func ruleID(i item) string {
	direction := "ingress"
	if i.member("isEgress") == "true" {
		direction = "egress"
	}
	return direction + " " + i.member("groupId") + " " + i.member("securityGroupRuleId")
}

func (s *Sweeper) revoke(ctx context.Context, id string) error {
	parts := strings.Fields(id)
	action := map[string]string{"ingress": "RevokeSecurityGroupIngress", "egress": "RevokeSecurityGroupEgress"}[parts[0]]
	return s.ec2.Call(ctx, action, url.Values{"GroupId": {parts[1]}, "SecurityGroupRuleId.1": {parts[2]}}, nil)
}

// gatewayID is the gateway and the VPCs from which it is detached first.
func gatewayID(i item) string {
	return strings.Join(append([]string{i.member("internetGatewayId")}, i.VPCs...), " ")
}

func (s *Sweeper) removeGateway(ctx context.Context, id string) error {
	parts := strings.Fields(id)
	for _, vpc := range parts[1:] {
		if err := s.ec2.Call(ctx, "DetachInternetGateway", url.Values{"InternetGatewayId": {parts[0]}, "VpcId": {vpc}}, nil); err != nil {
			return err
		}
	}
	return s.ec2.Call(ctx, "DeleteInternetGateway", url.Values{"InternetGatewayId": {parts[0]}}, nil)
}

// listing is an answer of EC2 to any action that lists.
type listing struct {
	Next      string `xml:"nextToken"`
	Instances []item `xml:"reservationSet>item>instancesSet>item"`
	Sets      []struct {
		Items []item `xml:"item"`
	} `xml:",any"` // "vpcSet" of VPCs, "imagesSet" of images
}

func (l listing) items() []item {
	all := l.Instances
	for _, set := range l.Sets {
		all = append(all, set.Items...)
	}
	return all
}

// item is what EC2 lists, whatever its kind.
type item struct {
	VPCs []string `xml:"attachmentSet>item>vpcId"`
	Tags []struct {
		Key   string `xml:"key"`
		Value string `xml:"value"`
	} `xml:"tagSet>item"`
	Members []struct {
		XMLName xml.Name
		Text    string `xml:",chardata"`
	} `xml:",any"`
}

// member is the text of a member, "" if the item does not have it.
func (i item) member(name string) string {
	for _, m := range i.Members {
		if m.XMLName.Local == name {
			return m.Text
		}
	}
	return ""
}

// tags are not trimmed: "a " is the tag of another run than "a".
func (i item) tags() map[string]string {
	tags := map[string]string{}
	for _, t := range i.Tags {
		tags[t.Key] = t.Value
	}
	return tags
}
