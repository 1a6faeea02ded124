// Package burstable is the table of EC2's burstable instance types: what CPU
// they earn, which decides both whether a proof can succeed and what it costs.
package burstable

// Type is what an instance type earns. Source: EC2 User Guide, "Key concepts for
// burstable performance instances".
type Type struct {
	VCPUs float64
	// CreditsPerHour are the CPU credits that an instance earns in an hour; one
	// pays for a vCPU at 100 % for a minute.
	CreditsPerHour float64
	// BaselinePercent is the CPU that they pay for without end. An instance that
	// has none left, and is not unlimited, is held there.
	BaselinePercent float64
}

var types = map[string]Type{
	"t2.nano": {1, 3, 5}, "t2.micro": {1, 6, 10}, "t2.small": {1, 12, 20}, "t2.medium": {2, 24, 20},
	"t2.large": {2, 36, 30}, "t2.xlarge": {4, 54, 22.5}, "t2.2xlarge": {8, 81.6, 17},

	"t3.nano": {2, 6, 5}, "t3.micro": {2, 12, 10}, "t3.small": {2, 24, 20}, "t3.medium": {2, 24, 20},
	"t3.large": {2, 36, 30}, "t3.xlarge": {4, 96, 40}, "t3.2xlarge": {8, 192, 40},

	"t3a.nano": {2, 6, 5}, "t3a.micro": {2, 12, 10}, "t3a.small": {2, 24, 20}, "t3a.medium": {2, 24, 20},
	"t3a.large": {2, 36, 30}, "t3a.xlarge": {4, 96, 40}, "t3a.2xlarge": {8, 192, 40},

	"t4g.nano": {2, 6, 5}, "t4g.micro": {2, 12, 10}, "t4g.small": {2, 24, 20}, "t4g.medium": {2, 24, 20},
	"t4g.large": {2, 36, 30}, "t4g.xlarge": {4, 96, 40}, "t4g.2xlarge": {8, 192, 40},
}

// Of returns what an instance type earns, and false if it is not burstable.
func Of(instanceType string) (Type, bool) {
	t, ok := types[instanceType]
	return t, ok
}
