package cloud

import (
	"fmt"
	"slices"
	"strings"
)

// network is the default VPC: one subnet in each of three Availability Zones.
type network struct {
	vpc, securityGroup string
	subnets            []subnet
}

// subnet is a default subnet.
type subnet struct{ id, zone, zoneID, cidr string }

func newNetwork(region string, id func(prefix string, n int) string) network {
	n := network{vpc: id("vpc-", 17), securityGroup: id("sg-", 17)}
	for i, letter := range []string{"a", "b", "c"} {
		n.subnets = append(n.subnets, subnet{
			id: id("subnet-", 17), zone: region + letter,
			zoneID: fmt.Sprintf("loc1-az%d", i+1), cidr: fmt.Sprintf("172.31.%d.0/20", 16*i),
		})
	}
	return n
}

// find returns the subnet of that id.
func (n network) find(id string) (subnet, bool) {
	i := slices.IndexFunc(n.subnets, func(s subnet) bool { return s.id == id })
	if i < 0 {
		return subnet{}, false
	}
	return n.subnets[i], true
}

// subnetOf is the id of a zone's subnet, "" for an unknown zone.
func (n network) subnetOf(zone string) string {
	for _, s := range n.subnets {
		if s.zone == zone {
			return s.id
		}
	}
	return ""
}

// zonesOf are the zones of subnets as VPCZoneIdentifier lists them, by commas.
func (n network) zonesOf(vpcZoneIdentifier string) ([]string, error) {
	var zones []string
	for id := range strings.SplitSeq(vpcZoneIdentifier, ",") {
		s, ok := n.find(strings.TrimSpace(id))
		if !ok {
			return nil, validationError("The subnet ID '%s' does not exist", strings.TrimSpace(id))
		}
		if !slices.Contains(zones, s.zone) {
			zones = append(zones, s.zone)
		}
	}
	return zones, nil
}
