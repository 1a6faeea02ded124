package balancer

import (
	"fmt"
	"strconv"
	"strings"
)

// matcher is the set of HTTP codes that make a health check succeed.
type matcher []codeRange

// codeRange is from first to last, both included.
type codeRange struct{ first, last int }

// parseMatcher reads ELBv2's form: codes and ranges, separated by commas.
// ELBv2 allows 200 to 499; here any code that HTTP has is allowed.
func parseMatcher(s string) (matcher, error) {
	var m matcher
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(strings.TrimSpace(part), "-")
		if !isRange {
			last = first
		}
		a, err1 := parseCode(first)
		b, err2 := parseCode(last)
		if err1 != nil || err2 != nil || a > b {
			return nil, fmt.Errorf("matcher %q: %q is neither a code such as 200 nor a range such as 200-299", s, part)
		}
		m = append(m, codeRange{a, b})
	}
	return m, nil
}

func parseCode(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || len(s) != 3 || n < 100 || n > 599 {
		return 0, fmt.Errorf("%q is not an HTTP code", s)
	}
	return n, nil
}

// matches reports whether code is in the set.
func (m matcher) matches(code int) bool {
	for _, r := range m {
		if r.first <= code && code <= r.last {
			return true
		}
	}
	return false
}
