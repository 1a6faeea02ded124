package profile

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Parse reads a profile as a person writes it on a command line:
//
//	200                     200 requests per second, without end
//	constant:200/5m         for five minutes
//	ramp:10..200/5m         in a straight line
//	steps:10,50,100/1m      each for one minute
//	sine:50..150@1m/10m     swings of one minute, for ten
//	spike:50..500@2m+30s/5m 500 after two minutes, for 30 seconds; 50 otherwise
//	replay:10@0s,90@1m,0@2m each from its time on, to the last; see ReadReplay
//	replay-linear:…         in straight lines from one to the next
//
// Rates are requests per second, durations as time.ParseDuration reads them.
// The error names what is wrong and shows the right form.
func Parse(text string) (Profile, error) {
	shape, rest, named := strings.Cut(strings.TrimSpace(text), ":")
	if !named {
		shape, rest = "constant", shape
	}
	p, err := parseShape(shape, rest)
	if err == nil {
		err = p.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("profile %q: %w", text, err)
	}
	return p, nil
}

func parseShape(shape, rest string) (Profile, error) {
	switch shape {
	case "constant":
		return parseConstant(rest)
	case "ramp":
		return parseRamp(rest)
	case "steps":
		return parseSteps(rest)
	case "sine":
		return parseSine(rest)
	case "spike":
		return parseSpike(rest)
	case "replay", "replay-linear":
		return parseReplay(rest, shape == "replay-linear")
	default:
		return nil, fmt.Errorf("unknown shape %q; use constant, ramp, steps, sine, spike or replay", shape)
	}
}

func parseConstant(text string) (Profile, error) {
	rateText, forText, bounded := strings.Cut(text, "/")
	rate, err := parseRate(rateText)
	if err != nil {
		return nil, err
	}
	if !bounded {
		return Constant{PerSecond: rate}, nil
	}
	length, err := parseLength(forText)
	return Constant{PerSecond: rate, For: length}, err
}

func parseRamp(text string) (Profile, error) {
	rates, overText, ok := strings.Cut(text, "/")
	if !ok {
		return nil, fmt.Errorf("no duration; write it as in ramp:10..200/5m")
	}
	from, to, err := parseRange(rates)
	if err != nil {
		return nil, err
	}
	over, err := parseLength(overText)
	return Ramp{From: from, To: to, Over: over}, err
}

func parseSteps(text string) (Profile, error) {
	list, eachText, ok := strings.Cut(text, "/")
	if !ok {
		return nil, fmt.Errorf("no duration; write it as in steps:10,50,100/1m")
	}
	var steps Steps
	for rateText := range strings.SplitSeq(list, ",") {
		rate, err := parseRate(rateText)
		if err != nil {
			return nil, err
		}
		steps.Rates = append(steps.Rates, rate)
	}
	var err error
	steps.Each, err = parseLength(eachText)
	return steps, err
}

func parseSine(text string) (Profile, error) {
	head, forText, ok := strings.Cut(text, "/")
	rates, periodText, hasPeriod := strings.Cut(head, "@")
	if !ok || !hasPeriod {
		return nil, fmt.Errorf("no period or no duration; write both as in sine:50..150@1m/10m")
	}
	low, high, err := parseRange(rates)
	if err != nil {
		return nil, err
	}
	period, err := parseLength(periodText)
	if err != nil {
		return nil, err
	}
	length, err := parseLength(forText)
	return Sine{Low: low, High: high, Period: period, For: length}, err
}

// parseRange reads "10..200".
func parseRange(text string) (from, to float64, err error) {
	fromText, toText, ok := strings.Cut(text, "..")
	if !ok {
		return 0, 0, fmt.Errorf("%q is not a range of rates; write it as in 10..200", text)
	}
	if from, err = parseRate(fromText); err != nil {
		return 0, 0, err
	}
	to, err = parseRate(toText)
	return from, to, err
}

func parseRate(text string) (float64, error) {
	rate, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a rate; use a number of requests per second", text)
	}
	return rate, nil
}

func parseLength(text string) (time.Duration, error) {
	length, err := time.ParseDuration(strings.TrimSpace(text))
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration; write it as in 90s or 5m", text)
	}
	if length <= 0 {
		return 0, fmt.Errorf("duration %v is not positive", length)
	}
	return length, nil
}
