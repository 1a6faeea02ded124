package burstable

import (
	"fmt"
	"math"
	"testing"
)

// A credit is a vCPU for a minute: the baseline follows from what is earned, so
// that a slip in either column is seen.
func TestTheBaselineIsWhatTheCreditsPayFor(t *testing.T) {
	for name, of := range types {
		if pays := of.CreditsPerHour / of.VCPUs / 60 * 100; math.Abs(pays-of.BaselinePercent) > 1e-9 {
			t.Errorf("%s: %g credits an hour pay for %g %%, the table says %g %%", name, of.CreditsPerHour, pays, of.BaselinePercent)
		}
	}
}

func ExampleOf() {
	t, ok := Of("t2.micro")
	fmt.Println(t.BaselinePercent, ok)
	_, ok = Of("m7i.large")
	fmt.Println(ok)
	// Output:
	// 10 true
	// false
}
