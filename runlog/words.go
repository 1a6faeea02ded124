package runlog

import (
	"fmt"
	"strings"
	"time"
)

// Count is a number with what it counts, in the singular where that is right: "1
// instance", "2 instances". The plural of noun takes an s.
func Count[N int | int64](n N, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Words is a duration for people, to the second: "45 s", "4 min 53 s", "8 h".
func Words(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	var parts []string
	for _, unit := range []struct {
		seconds int64
		name    string
	}{{3600, "h"}, {60, "min"}, {1, "s"}} {
		if n := s / unit.seconds; n != 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, unit.name))
		}
		s %= unit.seconds
	}
	if len(parts) == 0 {
		return "0 s"
	}
	return strings.Join(parts, " ")
}
