package sweep

import (
	"context"
	"encoding/xml"
	"net/url"
	"strings"
)

// ec2Kind is a kind that EC2 lists and removes by a form each.
type ec2Kind struct {
	name   string
	stage  int
	list   string     // action
	form   url.Values // besides the tag filter
	path   string     // of the answer's items
	id     string     // of an item
	remove string     // action
}

// arnType is the type in ARNs: "ec2:launch-template" of a launch template.
func (k ec2Kind) arnType() string {
	return "ec2:" + strings.ToLower(strings.ReplaceAll(k.name, " ", "-"))
}

// parameter is that of the removal which takes the id. TerminateInstances alone
// takes a list.
func (k ec2Kind) parameter() string {
	name := strings.ToUpper(k.id[:1]) + k.id[1:]
	if k.remove == "TerminateInstances" {
		return name + ".1"
	}
	return name
}

// liveStates are those of an instance that is not gone: EC2 describes one that is
// for an hour more.
var liveStates = url.Values{
	"Filter.2.Name": {"instance-state-name"}, "Filter.2.Value.1": {"pending"}, "Filter.2.Value.2": {"running"},
	"Filter.2.Value.3": {"shutting-down"}, "Filter.2.Value.4": {"stopping"}, "Filter.2.Value.5": {"stopped"},
}

var ownedBySelf = url.Values{"Owner.1": {"self"}}

func ec2Table() []ec2Kind {
	return []ec2Kind{
		{"instance", stageUsers, "DescribeInstances", liveStates, "reservationSet>item>instancesSet>item", "instanceId", "TerminateInstances"},
		{"launch template", stageUsed, "DescribeLaunchTemplates", nil, "launchTemplates>item", "launchTemplateId", "DeleteLaunchTemplate"},
		{"image", stageUsed, "DescribeImages", ownedBySelf, "imagesSet>item", "imageId", "DeregisterImage"},
		{"snapshot", stageParts, "DescribeSnapshots", ownedBySelf, "snapshotSet>item", "snapshotId", "DeleteSnapshot"},
		{"volume", stageParts, "DescribeVolumes", nil, "volumeSet>item", "volumeId", "DeleteVolume"},
		{
			"network interface", stageParts, "DescribeNetworkInterfaces", nil, "networkInterfaceSet>item", "networkInterfaceId",
			"DeleteNetworkInterface",
		},
		{"security group", stageNetwork, "DescribeSecurityGroups", nil, "securityGroupInfo>item", "groupId", "DeleteSecurityGroup"},
		{"subnet", stageSubnets, "DescribeSubnets", nil, "subnetSet>item", "subnetId", "DeleteSubnet"},
		{"route table", stageRoutes, "DescribeRouteTables", nil, "routeTableSet>item", "routeTableId", "DeleteRouteTable"},
		{"VPC", stageVPC, "DescribeVpcs", nil, "vpcSet>item", "vpcId", "DeleteVpc"},
	}
}

// ec2Kinds are what EC2 has of a stack, its network included.
func ec2Kinds() []kind {
	all := []kind{ruleKind(), gatewayKind()}
	for _, k := range ec2Table() {
		all = append(all, kind{
			name: k.name, types: []string{k.arnType()}, stage: k.stage,
			list: func(ctx context.Context, s *Sweeper, _ tagged) ([]thing, error) {
				var things []thing
				err := s.describe(ctx, k, func(item node) {
					things = append(things, thing{id: item.text(k.id), tags: item.tags()})
				})
				return things, err
			},
			remove: func(ctx context.Context, s *Sweeper, id string) error {
				return s.ec2.Call(ctx, k.remove, url.Values{k.parameter(): {id}}, nil)
			},
		})
	}
	return all
}

// ruleKind is the rules of security groups: two groups whose rules name each
// other can be deleted only once the rules are gone.
func ruleKind() kind {
	list := ec2Kind{name: "security group rule", list: "DescribeSecurityGroupRules", path: "securityGroupRuleSet>item"}
	return kind{
		name: list.name, types: []string{list.arnType()}, stage: stageParts,
		list: func(ctx context.Context, s *Sweeper, _ tagged) ([]thing, error) {
			var things []thing
			err := s.describe(ctx, list, func(item node) {
				direction := "ingress"
				if item.text("isEgress") == "true" {
					direction = "egress"
				}
				id := direction + " " + item.text("groupId") + " " + item.text("securityGroupRuleId")
				things = append(things, thing{id: id, tags: item.tags()})
			})
			return things, err
		},
		remove: func(ctx context.Context, s *Sweeper, id string) error {
			parts := strings.Fields(id)
			action := "RevokeSecurityGroupIngress"
			if parts[0] == "egress" {
				action = "RevokeSecurityGroupEgress"
			}
			return s.ec2.Call(ctx, action, url.Values{"GroupId": {parts[1]}, "SecurityGroupRuleId.1": {parts[2]}}, nil)
		},
	}
}

// gatewayKind is the internet gateway of a network of the stack's own.
func gatewayKind() kind {
	list := ec2Kind{name: "internet gateway", list: "DescribeInternetGateways", path: "internetGatewaySet>item"}
	return kind{
		name: list.name, types: []string{list.arnType()}, stage: stageNetwork,
		list: func(ctx context.Context, s *Sweeper, _ tagged) ([]thing, error) {
			var things []thing
			err := s.describe(ctx, list, func(item node) {
				id := item.text("internetGatewayId")
				for _, a := range item.at("attachmentSet>item") {
					id += " " + a.text("vpcId")
				}
				things = append(things, thing{id: id, tags: item.tags()})
			})
			return things, err
		},
		remove: func(ctx context.Context, s *Sweeper, id string) error {
			parts := strings.Fields(id)
			for _, vpc := range parts[1:] {
				if err := s.ec2.Call(ctx, "DetachInternetGateway", url.Values{"InternetGatewayId": {parts[0]}, "VpcId": {vpc}}, nil); err != nil {
					return err
				}
			}
			return s.ec2.Call(ctx, "DeleteInternetGateway", url.Values{"InternetGatewayId": {parts[0]}}, nil)
		},
	}
}

// describe calls each with every item that has the run's tag, page after page.
func (s *Sweeper) describe(ctx context.Context, k ec2Kind, each func(node)) error {
	form := url.Values{"Filter.1.Name": {"tag-key"}, "Filter.1.Value.1": {RunTag}}
	for name, values := range k.form {
		form[name] = values
	}
	for {
		var answer node
		if err := s.ec2.Call(ctx, k.list, form, &answer); err != nil {
			return err
		}
		for _, item := range answer.at(k.path) {
			each(item)
		}
		next := answer.text("nextToken")
		if next == "" {
			return nil
		}
		form.Set("NextToken", next)
	}
}

// node is an element of an answer, whatever it is called.
type node struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
	Nodes   []node `xml:",any"`
}

// at are the elements on a path such as "vpcSet>item".
func (n node) at(path string) (found []node) {
	first, rest, more := strings.Cut(path, ">")
	for _, child := range n.Nodes {
		switch {
		case child.XMLName.Local != first:
		case more:
			found = append(found, child.at(rest)...)
		default:
			found = append(found, child)
		}
	}
	return found
}

// text is what stands in the first element on a path, "" if there is none. It is
// not trimmed: "a " is the tag of another run than "a".
func (n node) text(path string) string {
	for _, found := range n.at(path) {
		return found.Text
	}
	return ""
}

func (n node) tags() map[string]string {
	tags := map[string]string{}
	for _, t := range n.at("tagSet>item") {
		tags[t.text("key")] = t.text("value")
	}
	return tags
}
