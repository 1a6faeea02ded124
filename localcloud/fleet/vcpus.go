package fleet

import (
	"slices"
	"strconv"
	"strings"
)

// VCPUs of an instance type, as EC2 has them without CPU options; ok is false
// for an unknown type.
// Source: Amazon EC2 Instance Types, "vCPUs" of general purpose and compute
// optimized instances.
func VCPUs(instanceType string) (n int, ok bool) {
	family, size, _ := strings.Cut(instanceType, ".")
	if sizes := burstableSizes(family); sizes != nil {
		n, ok = sizes[size]
		return n, ok
	}
	if size == "" || !slices.Contains(strings.Fields(sizesOf(family)), size) {
		return 0, false
	}
	switch size {
	case "medium":
		return 1, true
	case "large":
		return 2, true
	case "xlarge":
		return 4, true
	}
	n, _ = strconv.Atoi(strings.TrimSuffix(size, "xlarge"))
	return 4 * n, true
}

// burstableSizes are the vCPUs of a family's sizes; nil if it is not burstable.
func burstableSizes(family string) map[string]int {
	switch family {
	case "t2":
		return map[string]int{"nano": 1, "micro": 1, "small": 1, "medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8}
	case "t3", "t3a", "t4g":
		return map[string]int{"nano": 2, "micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8}
	}
	return nil
}

// sizesOf are the sizes of the other families, of which an "n·xlarge" has 4·n vCPUs.
func sizesOf(family string) string {
	switch family {
	case "m5", "m5a", "m5d", "m5n", "m5ad", "m5dn", "c5a", "c5ad":
		return "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge"
	case "c5", "c5d":
		return "large xlarge 2xlarge 4xlarge 9xlarge 12xlarge 18xlarge 24xlarge"
	case "m6g", "m6gd", "c6g", "c6gd", "c6gn", "m7g", "m7gd", "c7g", "c7gd", "c7gn":
		return "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
	case "m6i", "m6id", "m6in", "m6idn", "c6i", "c6id", "c6in":
		return "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge"
	case "m6a", "c6a":
		return "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge"
	case "m7i", "c7i":
		return "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 48xlarge"
	case "m7i-flex", "c7i-flex":
		return "large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge"
	case "m7a", "c7a":
		return "medium large xlarge 2xlarge 4xlarge 8xlarge 12xlarge 16xlarge 24xlarge 32xlarge 48xlarge"
	}
	return ""
}
