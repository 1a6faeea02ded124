package fleet

import "strings"

// VCPUs of an instance type, as EC2 has them without CPU options; ok is false
// for an unknown type.
// Source: Amazon EC2 Instance Types, "vCPUs" of general purpose and compute
// optimized instances.
func VCPUs(instanceType string) (n int, ok bool) {
	family, size, found := strings.Cut(instanceType, ".")
	if !found {
		return 0, false
	}
	var sizes map[string]int
	switch family {
	case "t2":
		sizes = map[string]int{"nano": 1, "micro": 1, "small": 1, "medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8}
	case "t3", "t3a", "t4g":
		sizes = map[string]int{"nano": 2, "micro": 2, "small": 2, "medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8}
	case "m5", "m5a", "m5d", "m5n", "m5ad", "m5dn":
		sizes = map[string]int{
			"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64, "24xlarge": 96,
		}
	case "c5", "c5d":
		sizes = map[string]int{
			"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "9xlarge": 36, "12xlarge": 48, "18xlarge": 72, "24xlarge": 96,
		}
	case "c5a", "c5ad":
		sizes = map[string]int{
			"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64, "24xlarge": 96,
		}
	case "m6g", "m6gd", "c6g", "c6gd", "c6gn", "m7g", "m7gd", "c7g", "c7gd", "c7gn":
		sizes = map[string]int{"medium": 1, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64}
	case "m6i", "m6id", "m6in", "m6idn", "c6i", "c6id", "c6in":
		sizes = map[string]int{
			"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64, "24xlarge": 96,
			"32xlarge": 128,
		}
	case "m6a", "c6a":
		sizes = map[string]int{
			"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64, "24xlarge": 96,
			"32xlarge": 128, "48xlarge": 192,
		}
	case "m7i", "c7i":
		sizes = map[string]int{
			"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64, "24xlarge": 96,
			"48xlarge": 192,
		}
	case "m7i-flex", "c7i-flex":
		sizes = map[string]int{"large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64}
	case "m7a", "c7a":
		sizes = map[string]int{
			"medium": 1, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16, "8xlarge": 32, "12xlarge": 48, "16xlarge": 64, "24xlarge": 96,
			"32xlarge": 128, "48xlarge": 192,
		}
	}
	n, ok = sizes[size]
	return n, ok
}
