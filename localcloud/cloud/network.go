package cloud

import (
	"fmt"
	"slices"
	"strings"

	"secondwind/localcloud/operation"
)

// Network is the default VPC: one subnet in each of three Availability Zones.
type Network struct {
	VPC, SecurityGroup string
	Subnets            []Subnet
}

// Subnet is a default subnet.
type Subnet struct{ ID, Zone, ZoneID, CIDR string }

func newNetwork(region string, id func(prefix string, n int) string) Network {
	n := Network{VPC: id("vpc-", 17), SecurityGroup: id("sg-", 17)}
	for i, letter := range []string{"a", "b", "c"} {
		n.Subnets = append(n.Subnets, Subnet{
			ID: id("subnet-", 17), Zone: region + letter,
			ZoneID: fmt.Sprintf("loc1-az%d", i+1), CIDR: fmt.Sprintf("172.31.%d.0/20", 16*i),
		})
	}
	return n
}

// Find returns the subnet of that id.
func (n Network) Find(id string) (Subnet, bool) {
	i := slices.IndexFunc(n.Subnets, func(s Subnet) bool { return s.ID == id })
	if i < 0 {
		return Subnet{}, false
	}
	return n.Subnets[i], true
}

// SubnetOf is the id of a zone's subnet, "" for an unknown zone.
func (n Network) SubnetOf(zone string) string {
	for _, s := range n.Subnets {
		if s.Zone == zone {
			return s.ID
		}
	}
	return ""
}

// ZonesOf are the zones of subnets as VPCZoneIdentifier lists them, by commas.
func (n Network) ZonesOf(vpcZoneIdentifier string) ([]string, error) {
	var zones []string
	for id := range strings.SplitSeq(vpcZoneIdentifier, ",") {
		s, ok := n.Find(strings.TrimSpace(id))
		if !ok {
			return nil, operation.Invalidf("The subnet ID '%s' does not exist", strings.TrimSpace(id))
		}
		if !slices.Contains(zones, s.Zone) {
			zones = append(zones, s.Zone)
		}
	}
	return zones, nil
}
