package runlog

import "fmt"

// Count is a number with what it counts, in the singular where that is right: "1
// instance", "2 instances". The plural of noun takes an s.
func Count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
