package profile

import (
	"fmt"
	"strings"
	"time"
)

var _ Profile = Spike{}

// Spike is one rate, with another for a while:
//
//	Peak           ,------.
//	               |      |
//	Base  ---------'      '--------
//	      |-- At --|-Long-|
//	      |----------- For -------|
type Spike struct {
	Base, Peak float64       // requests per second; Peak may be the lower one
	At         time.Duration // when the peak begins
	Long       time.Duration // how long it lasts; must be positive
	For        time.Duration // of the whole; the peak must end by then
}

// Rate implements Profile.
func (s Spike) Rate(at time.Duration) float64 {
	switch {
	case at < 0 || at >= s.For:
		return 0
	case at >= s.At && at < s.At+s.Long:
		return s.Peak
	default:
		return s.Base
	}
}

// Hits implements Profile.
func (s Spike) Hits(at time.Duration) float64 {
	at = min(max(at, 0), s.For)
	high := min(max(at-s.At, 0), s.Long)
	return s.Base*(at-high).Seconds() + s.Peak*high.Seconds()
}

// Duration implements Profile.
func (s Spike) Duration() time.Duration { return s.For }

// Validate implements Profile.
func (s Spike) Validate() error {
	if s.At < 0 || s.Long <= 0 || s.At > forever || s.Long > forever || s.At+s.Long > s.For {
		return fmt.Errorf("spike: a peak of %v after %v is not within a duration of %v; "+
			"give when it begins, how long it lasts and the whole, as in spike:50..500@2m+30s/5m", s.Long, s.At, s.For)
	}
	if err := validRate("spike", s.Base); err != nil {
		return err
	}
	return validRate("spike", s.Peak)
}

// String implements Profile: "spike:50..500@2m0s+30s/5m0s".
func (s Spike) String() string {
	return "spike:" + number(s.Base) + ".." + number(s.Peak) + "@" + s.At.String() + "+" + s.Long.String() + "/" + s.For.String()
}

func parseSpike(text string) (Profile, error) {
	head, forText, ok := strings.Cut(text, "/")
	rates, peak, hasPeak := strings.Cut(head, "@")
	atText, longText, hasLength := strings.Cut(peak, "+")
	if !ok || !hasPeak || !hasLength {
		return nil, fmt.Errorf("no peak or no duration; write both as in spike:50..500@2m+30s/5m")
	}
	var s Spike
	var err error
	if s.Base, s.Peak, err = parseRange(rates); err != nil {
		return nil, err
	}
	if s.At, err = parseTime(atText); err != nil {
		return nil, err
	}
	if s.Long, err = parseLength(longText); err != nil {
		return nil, err
	}
	s.For, err = parseLength(forText)
	return s, err
}

// parseTime reads a duration that may be 0.
func parseTime(text string) (time.Duration, error) {
	if at, err := time.ParseDuration(strings.TrimSpace(text)); err == nil && at == 0 {
		return 0, nil
	}
	return parseLength(text)
}
