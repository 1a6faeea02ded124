package fleet

import (
	"fmt"
	"testing"
)

func TestVCPUs(t *testing.T) {
	for instanceType, want := range map[string]int{
		"t2.micro": 1, "t2.medium": 2, "t3.micro": 2, "t3a.2xlarge": 8, "t4g.nano": 2, "m5.large": 2,
		"c5.9xlarge": 36, "m6g.medium": 1, "c6i.32xlarge": 128, "m7i.48xlarge": 192, "c7g.16xlarge": 64,
		"": 0, "t2": 0, "t2.": 0, "t2.huge": 0, "z1.micro": 0,
	} {
		if got, ok := VCPUs(instanceType); got != want || ok != (want > 0) {
			t.Errorf("VCPUs(%q) = %d, %t, want %d", instanceType, got, ok, want)
		}
	}
}

func ExampleVCPUs() {
	n, ok := VCPUs("t2.micro")
	fmt.Println(n, ok)
	// Output: 1 true
}
