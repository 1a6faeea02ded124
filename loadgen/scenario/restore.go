package scenario

import (
	"slices"
	"strings"
)

// Restore gives a header back that WithoutSecrets left out; false: none of that name was.
func (s *Scenario) Restore(name, value string) (restored bool) {
	s.Requests = slices.Clone(s.Requests)
	for i := range s.Requests {
		for given, now := range s.Requests[i].Headers {
			if strings.EqualFold(given, name) && now == hiddenValue {
				s.Requests[i].SetHeader(name, value)
				restored = true
			}
		}
	}
	return restored
}
