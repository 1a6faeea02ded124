package profile

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// examples are the shapes that Parse knows.
var examples = map[string]string{
	"constant": "constant:200/5m", "ramp": "ramp:10..200/5m", "steps": "steps:10,50,100/1m", "sine": "sine:50..150@1m/10m",
	"spike": "spike:50..500@2m+30s/5m",
	"cpu":   "cpu:32/10m",
}

// Parse reads a profile as a person writes it on a command line:
//
//	200                     200 requests per second, without end
//	constant:200/5m         for five minutes
//	ramp:10..200/5m         in a straight line
//	steps:10,50,100/1m      each for one minute
//	sine:50..150@1m/10m     swings of one minute, for ten
//	spike:50..500@2m+30s/5m 500 after two minutes, for 30 seconds; 50 otherwise
//	cpu:32/10m              what holds the CPU of the service at 32 %, for ten
//
// Rates are requests per second, durations as time.ParseDuration reads them.
// The error names what is wrong and shows the right form.
func Parse(text string) (Profile, error) { return parse(text, false) }

// MaxUsers is the most users that ParseUsers accepts: each has a connection and 16 kB.
const MaxUsers = 50_000

// ParseUsers reads a profile of how many users there are, in whole numbers, as Parse does one of
// the rate.
func ParseUsers(text string) (Profile, error) { return parse(text, true) }

func parse(text string, users bool) (Profile, error) {
	shape, rest, named := strings.Cut(strings.TrimSpace(text), ":")
	if !named {
		shape, rest = "constant", shape
	}
	p, err := parseShape(shape, rest, users)
	if err == nil {
		err = p.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("profile %q: %w", text, err)
	}
	return p, nil
}

func parseShape(shape, rest string, users bool) (Profile, error) {
	example, known := examples[shape]
	if !known {
		return nil, fmt.Errorf("unknown shape %q; use constant, ramp, steps, sine, spike or cpu", shape)
	}
	if users && shape == "cpu" {
		return nil, errors.New("a CPU is held by a rate; write it into the profile")
	}
	head, lengthText, bounded := strings.Cut(rest, "/")
	rates, periodText, swings := strings.Cut(head, "@")
	switch {
	case shape != "constant" && shape != "cpu" && !bounded:
		return nil, fmt.Errorf("no duration; write it as in %s", example)
	case shape == "spike" && !strings.Contains(periodText, "+"):
		return nil, fmt.Errorf("no peak; write it as in %s", example)
	case shape != "spike" && shape == "sine" != swings:
		return nil, fmt.Errorf("a sine, and nothing else, has a period; write it as in %s", example)
	}
	p := parser{users: users}
	var length time.Duration
	if bounded {
		length = p.length(lengthText)
	}
	switch shape {
	case "ramp":
		from, to := p.between(rates)
		return Linear{{from, to, length}}, p.err
	case "steps":
		var steps Linear
		for text := range strings.SplitSeq(rates, ",") {
			rate := p.rate(text)
			steps = append(steps, Piece{rate, rate, length})
		}
		return steps, p.err
	case "sine":
		low, high := p.between(rates)
		return Sine{Low: low, High: high, Period: p.length(periodText), For: length}, p.err
	case "cpu":
		return newCPU(p.rate(rates), length), p.err
	case "spike":
		return p.spike(rates, periodText, length), p.err
	}
	rate := p.rate(rates)
	return Linear{{rate, rate, length}}, p.err
}

// parser reads the parts of a profile, and keeps the first error.
type parser struct {
	users bool // the numbers are of users, not rates
	err   error
}

func (p *parser) fail(format string, args ...any) {
	if p.err == nil {
		p.err = fmt.Errorf(format, args...)
	}
}

// spike reads one rate, and another for a while: "50..500", and "2m+30s" of the whole.
func (p *parser) spike(rates, peak string, whole time.Duration) (l Linear) {
	base, high := p.between(rates)
	atText, longText, _ := strings.Cut(peak, "+")
	at, err := time.ParseDuration(strings.TrimSpace(atText))
	if err != nil || at != 0 {
		at = p.length(atText)
	}
	long := p.length(longText)
	rest := whole - at - long
	if at > whole || long > whole || rest < 0 {
		p.fail("a peak of %v after %v does not end within %v", long, at, whole)
	}
	for _, piece := range []Piece{{base, base, at}, {high, high, long}, {base, base, rest}} {
		if piece.For != 0 {
			l = append(l, piece)
		}
	}
	return l
}

// between reads "10..200".
func (p *parser) between(text string) (from, to float64) {
	fromText, toText, ok := strings.Cut(text, "..")
	if !ok {
		p.fail("%q is not a range; write it as in 10..200", text)
	}
	return p.rate(fromText), p.rate(toText)
}

func (p *parser) rate(text string) float64 {
	rate, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	switch {
	case p.users && (err != nil || rate != math.Trunc(rate) || rate < 0 || rate > MaxUsers):
		p.fail("give whole numbers of users, at most %d", MaxUsers)
	case err != nil:
		p.fail("%q is not a rate; use a number of requests per second", text)
	}
	return rate
}

func (p *parser) length(text string) time.Duration {
	length, err := ParseDuration(strings.TrimSpace(text))
	switch {
	case errors.Is(err, strconv.ErrRange):
		p.fail("duration %s is too long; give less", text)
	case err != nil:
		p.fail("%q is not a duration; write it as in 90s or 5m", text)
	case length <= 0:
		p.fail("duration %v is not positive", length)
	}
	return length
}

var numbers = regexp.MustCompile(`[0-9]+`)

// ParseDuration is time.ParseDuration, but that the error wraps strconv.ErrRange if the text is a
// duration of more than 292 years.
func ParseDuration(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		if _, with1 := time.ParseDuration(numbers.ReplaceAllString(text, "1")); with1 == nil {
			err = fmt.Errorf("%w: %w", err, strconv.ErrRange)
		}
	}
	return d, err
}
