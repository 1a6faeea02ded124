package autoscale

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"
)

// LaunchTemplate says what to launch.
type LaunchTemplate struct{ ID, Name, Version string }

// Group is an Auto Scaling group's configuration.
type Group struct {
	Name                   string
	LaunchTemplate         LaunchTemplate
	MinSize, MaxSize       int
	DesiredCapacity        *int            // to begin with; nil: MinSize
	DefaultCooldown        *time.Duration  // nil: 300 s
	DefaultInstanceWarmup  *time.Duration  // nil: none
	HealthCheckType        HealthCheckType // "": HealthCheckEC2
	HealthCheckGracePeriod time.Duration
	AvailabilityZones      []string
	VPCZoneIdentifier      string // subnets, separated by commas; one for each zone, in their order
	TargetGroupARNs        []string
	NewInstancesProtected  bool
	TerminationPolicies    []TerminationPolicy // in their order; none: TerminateDefault
}

// GroupUpdate changes what is not nil.
type GroupUpdate struct {
	LaunchTemplate                         *LaunchTemplate
	MinSize, MaxSize, DesiredCapacity      *int
	DefaultCooldown, DefaultInstanceWarmup *time.Duration
	RemoveDefaultInstanceWarmup            bool // AWS's DefaultInstanceWarmup -1
	HealthCheckType                        *HealthCheckType
	HealthCheckGracePeriod                 *time.Duration
	NewInstancesProtected                  *bool
}

// GroupStatus is a group and its instances.
type GroupStatus struct {
	Group
	DesiredCapacity int // as it is now
	ARN             string
	Created         time.Time
	Instances       []Instance
	Suspended       map[Process]string // process → reason
	Deleting        bool
}

// group is a group as the engine keeps it.
type group struct {
	Group
	DesiredCapacity int // as it is now

	arn        string
	created    time.Time
	deleting   bool
	suspended  map[Process]string // process → reason
	members    []*member          // by launch
	suspects   map[string]*member
	active     int             // members that are Pending or InService
	zones      map[string]int  // active members
	attached   map[string]bool // target groups of which a target has been healthy
	change     change
	replacing  int // launches owed for unhealthy instances
	failures   launchFailures
	ends       earlyEnds
	activities []*Activity // by start

	cooldown      time.Duration // to start when the last activity has ended
	cooldownUntil time.Time
}

// maxGroupSize is ours: a slip of the keyboard must not ask for a million instances.
const maxGroupSize = 100_000

// defaultCooldown is a group's. Source: EC2 Auto Scaling API Reference,
// CreateAutoScalingGroup.
const defaultCooldown = 300 * time.Second

// HealthCheckType says whose health checks a group heeds.
type HealthCheckType string

// The types of health checks: those of EC2 always count.
const (
	HealthCheckEC2 HealthCheckType = "EC2"
	HealthCheckELB HealthCheckType = "ELB"
)

// withDefaults returns a copy that has AWS's defaults for what was left out.
func (g Group) withDefaults() Group {
	g = g.clone()
	g.DesiredCapacity = cmp.Or(g.DesiredCapacity, new(g.MinSize))
	g.DefaultCooldown = cmp.Or(g.DefaultCooldown, new(defaultCooldown))
	g.HealthCheckType = cmp.Or(g.HealthCheckType, HealthCheckEC2)
	if len(g.TerminationPolicies) == 0 {
		g.TerminationPolicies = []TerminationPolicy{TerminateDefault}
	}
	return g
}

// Validate returns nil, or the first thing that EC2 Auto Scaling would refuse,
// as an *Error.
// Source: EC2 Auto Scaling API Reference, CreateAutoScalingGroup.
func (g Group) Validate() error {
	if err := nameLength("autoScalingGroupName", g.Name); err != nil {
		return err
	}
	if g.LaunchTemplate.ID == "" && g.LaunchTemplate.Name == "" {
		return invalid("Valid requests must contain either LaunchTemplate, LaunchConfigurationName, InstanceId or " +
			"MixedInstancesPolicy parameter.")
	}
	if len(g.AvailabilityZones) == 0 && g.VPCZoneIdentifier == "" {
		return invalid("At least one Availability Zone or VPC Subnet is required.")
	}
	return cmp.Or(
		g.validateSize(),
		notNegative("DefaultCooldown", g.DefaultCooldown),
		notNegative("DefaultInstanceWarmup", g.DefaultInstanceWarmup),
		notNegative("HealthCheckGracePeriod", &g.HealthCheckGracePeriod),
		oneOf("healthCheckType", g.HealthCheckType, "", HealthCheckEC2, HealthCheckELB),
		validateTerminationPolicies(g.TerminationPolicies),
	)
}

func (g Group) validateSize() error {
	n := g.DesiredCapacity
	switch {
	case g.MinSize < 0 || g.MaxSize < 0:
		return invalid("MinSize (%d) and MaxSize (%d) must not be negative", g.MinSize, g.MaxSize)
	case g.MaxSize < g.MinSize:
		return invalid("Max bound, %d, must be greater than or equal to min bound, %d", g.MaxSize, g.MinSize)
	case g.MaxSize > maxGroupSize:
		return invalid("MaxSize (%d) must not be greater than %d", g.MaxSize, maxGroupSize)
	case n != nil && (*n < g.MinSize || *n > g.MaxSize):
		return invalid("Desired capacity:%d must be between the specified min size:%d and max size:%d", *n, g.MinSize, g.MaxSize)
	}
	return nil
}

// subnet is the subnet of a zone; "" if the group names none.
func (g Group) subnet(zone string) string {
	if g.VPCZoneIdentifier == "" {
		return ""
	}
	subnets := strings.Split(g.VPCZoneIdentifier, ",")
	i := max(slices.Index(g.AvailabilityZones, zone), 0)
	return strings.TrimSpace(subnets[i%len(subnets)])
}

func (g Group) clone() Group {
	g.DesiredCapacity = cloned(g.DesiredCapacity)
	g.DefaultCooldown, g.DefaultInstanceWarmup = cloned(g.DefaultCooldown), cloned(g.DefaultInstanceWarmup)
	g.AvailabilityZones = slices.Clone(g.AvailabilityZones)
	g.TargetGroupARNs = slices.Clone(g.TargetGroupARNs)
	g.TerminationPolicies = slices.Clone(g.TerminationPolicies)
	return g
}

func (g *group) status() GroupStatus {
	s := GroupStatus{
		Group: g.Group.clone(), DesiredCapacity: g.DesiredCapacity, ARN: g.arn, Created: g.created,
		Suspended: maps.Clone(g.suspended), Deleting: g.deleting,
		Instances: make([]Instance, len(g.members)),
	}
	s.Group.DesiredCapacity = new(g.DesiredCapacity)
	for i, m := range g.members {
		s.Instances[i] = m.Instance
	}
	return s
}

// changeable returns a group that is not being deleted.
func (e *Engine) changeable(name string) (*group, error) {
	g := e.groups[name]
	if g == nil {
		return nil, groupNotFound(name)
	}
	if g.deleting {
		return nil, invalid("AutoScalingGroup '%s' is pending delete", name)
	}
	return g, nil
}

func groupNotFound(name string) error {
	return invalid("AutoScalingGroup name not found - AutoScalingGroup %s not found", name)
}
