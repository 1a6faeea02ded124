package cost

import "fmt"

// Total is the range in whole cents, the low end down and the high end up: more
// digits would promise what the estimate does not know.
func (e Estimate) Total() string {
	return fmt.Sprintf("$%.2f to $%.2f", float64(int(e.Low*100))/100, float64(int(e.High*100)+1)/100)
}
