package executor

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Think is how long a user waits after an answer before the next request. The zero value is
// not at all.
type Think struct {
	// Low and High are the bounds between which every time is as likely as any other.
	Low, High time.Duration
	// Mean, if it is set, makes the times exponential instead: of many short and a few long
	// ones, cut off at ten means.
	Mean time.Duration
}

// ParseThink reads a think time as a person writes it: 2s, 1s..3s, or exponential:2s. The
// error shows the right form.
func ParseThink(text string) (Think, error) {
	var t Think
	var err error
	rest, exponential := strings.CutPrefix(strings.TrimSpace(text), "exponential:")
	low, high, span := strings.Cut(rest, "..")
	switch {
	case exponential:
		t.Mean, err = time.ParseDuration(rest)
	case span:
		if t.Low, err = time.ParseDuration(low); err == nil {
			t.High, err = time.ParseDuration(high)
		}
	default:
		t.Low, err = time.ParseDuration(rest)
		t.High = t.Low
	}
	if err != nil || t.Low < 0 || t.High < t.Low || exponential && t.Mean <= 0 || max(t.High, t.Mean) > mostThink {
		return Think{}, fmt.Errorf("%q is not a think time of at most %v; write it as in 2s, 1s..3s or exponential:2s", text, mostThink)
	}
	return t, nil
}

// String is the think time as ParseThink reads it.
func (t Think) String() string {
	switch {
	case t.Mean > 0:
		return "exponential:" + t.Mean.String()
	case t.Low == t.High:
		return t.Low.String()
	default:
		return t.Low.String() + ".." + t.High.String()
	}
}

const (
	mostThink = 24 * time.Hour // that ParseThink takes
	longest   = 10             // means of an exponential time: one in 22,000 is cut off
)

func (t Think) draw(r *rand.Rand) time.Duration {
	switch {
	case t.Mean > 0:
		return time.Duration(min(r.ExpFloat64(), longest) * float64(t.Mean))
	case t.High > t.Low:
		return t.Low + time.Duration(r.Int64N(int64(t.High-t.Low)+1))
	default:
		return t.Low
	}
}
