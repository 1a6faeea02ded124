// Package progress reports to a person, or a machine, how a run is going: a live
// view on a terminal, plain lines elsewhere, JSON lines when asked for.
package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"secondwind/runlog"
	"secondwind/verify/terminal"
)

// Status is how things stand.
type Status struct {
	Phase         runlog.Phase  `json:"phase"`
	Elapsed       time.Duration `json:"-"`                    // since the run's start
	Expected      time.Duration `json:"-"`                    // of the whole run; 0 if not known
	PhaseElapsed  time.Duration `json:"-"`                    // since the phase's start
	PhaseExpected time.Duration `json:"-"`                    // of the phase; 0 if not known
	CPUPercent    *float64      `json:"cpuPercent,omitempty"` // the group's newest datapoint
	// RequestsPerTarget is the newest datapoint of a group whose alarm counts requests, instead of CPU.
	RequestsPerTarget *float64 `json:"requestsPerTarget,omitempty"`
	Threshold         float64  `json:"threshold,omitempty"` // of either; 0 if not known
	Alarm             string   `json:"alarm,omitempty"`
	*Group                     // nil: none is watched
	*Traffic                   // nil: none is sent
}

// Group is how the Auto Scaling group stands, in instances.
type Group struct {
	InService int `json:"inService"`
	Desired   int `json:"desired"`
	Healthy   int `json:"healthy"`
}

// Traffic is the load, in requests per second.
type Traffic struct {
	OfferedRate   float64 `json:"offeredRate"`
	CompletedRate float64 `json:"completedRate"`   // over the last second
	Users         float64 `json:"users,omitempty"` // who send, unless a rate is offered
	Failed        int64   `json:"failed"`          // requests, since the run's start
}

// See takes in what was seen of the group, whose alarm watches the metric.
func (s *Status) See(state runlog.State, metric runlog.Metric) {
	s.Group = &Group{InService: len(state.Group.InService()), Desired: state.Group.DesiredCapacity, Healthy: len(state.Healthy())}
	p, ok := state.Latest(runlog.GroupSeries)
	switch {
	case metric.CountsRequests():
		s.RequestsPerTarget = &p.Value // without a datapoint there was none
	case ok:
		s.CPUPercent = &p.Value
	}
}

// reading is the newest datapoint in words.
func (s Status) reading() string {
	if s.RequestsPerTarget != nil {
		return fmt.Sprintf("%4.0f requests of a target", *s.RequestsPerTarget)
	}
	return "CPU " + percent(s.CPUPercent)
}

// TrafficOf is the load of the newest interval, last, when rate was offered and so
// many requests have failed.
func TrafficOf(rate float64, last runlog.LoadSecond, failed int64) *Traffic {
	t := Traffic{OfferedRate: rate, Failed: failed}
	if last.IntervalSeconds > 0 {
		t.CompletedRate = float64(last.Completed) / last.IntervalSeconds
	}
	return &t
}

// Reporter is where progress goes. Its methods may be called from any goroutine.
type Reporter interface {
	// Event reports something that happened, once.
	Event(at time.Duration, text string)
	// Status is called about once a second.
	Status(Status)
	// Close leaves the terminal as it was found.
	Close()
}

// left is how long the run still takes; 0 if that is not known.
func (s Status) left() time.Duration { return max(0, s.Expected-s.Elapsed).Round(time.Second) }

// longPhase is how long a phase may take before its lines become fewer.
const longPhase = time.Hour

// pace decides which statuses are worth a line: one in each interval, but in a
// phase of more than an hour one a minute, and after an hour of any phase one in
// five minutes. A hold of eight hours is 143 lines.
type pace struct {
	interval time.Duration
	last     time.Duration // when the last line was written
}

func (p *pace) due(s Status) bool {
	interval := p.interval
	switch {
	case s.PhaseElapsed >= longPhase:
		interval = 5 * time.Minute
	case s.PhaseExpected > longPhase:
		interval = time.Minute
	}
	if s.Elapsed-p.last < interval {
		return false
	}
	p.last = s.Elapsed
	return true
}

// silence is how long plain progress may go without a line in a short phase.
const silence = 5 * time.Second

// Plain writes a line an event, and a line of status after a silence: five
// seconds, or more in long phases.
func Plain(w io.Writer) Reporter {
	return &lines{
		pace:  pace{interval: silence},
		event: func(at time.Duration, text string) { fmt.Fprintf(w, "%s  %s\n", clock(at), text) },
		status: func(s Status) {
			text := line(s)
			if left := s.left(); left > 0 {
				text += " · about " + runlog.Words(left) + " left"
			}
			fmt.Fprintf(w, "%s    %s\n", clock(s.Elapsed), text)
		},
	}
}

type jsonLine struct {
	Seconds     float64 `json:"seconds"`
	SecondsLeft float64 `json:"secondsLeft,omitempty"` // about; left out if not known
	Event       string  `json:"event,omitempty"`
	Status      *Status `json:"status,omitempty"`
}

// JSON writes one object a line: an event, or a status once a second, and less
// often in long phases.
func JSON(w io.Writer) Reporter {
	encoder := json.NewEncoder(w)
	write := func(line jsonLine) { _ = encoder.Encode(line) } // a reader that hung up is no reason to stop a run
	return &lines{
		event: func(at time.Duration, text string) { write(jsonLine{Seconds: at.Seconds(), Event: text}) },
		status: func(s Status) {
			write(jsonLine{Seconds: s.Elapsed.Seconds(), SecondsLeft: s.left().Seconds(), Status: &s})
		},
	}
}

// lines is progress line by line.
type lines struct {
	mu     sync.Mutex
	pace   pace
	event  func(at time.Duration, text string)
	status func(Status)
}

func (l *lines) Event(at time.Duration, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pace.interval > 0 {
		l.pace.last = at // an event ends a silence, too
	}
	l.event(at, text)
}

func (l *lines) Status(s Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pace.due(s) {
		l.status(s)
	}
}

func (l *lines) Close() {}

// line is a status in words, without the time.
func line(s Status) string {
	known := []string{fmt.Sprintf("%-11s", s.Phase)}
	if s.Group != nil {
		known = append(known, s.reading())
	}
	known = append(known, facts(s, func(_, text string) string { return text })...)
	if len(known) == 1 && s.Phase == runlog.PhaseSetup {
		known = append(known, "waiting for a healthy instance")
	}
	return strings.TrimRight(strings.Join(known, " · "), " ")
}

// facts are what is known of the fleet and its load, in words that paint colours.
func facts(s Status, paint func(sgr, text string) string) (known []string) {
	if g := s.Group; g != nil {
		text := fmt.Sprintf("%d in service", g.InService)
		if g.Desired != g.InService {
			text += fmt.Sprintf(" → %d", g.Desired)
		}
		if g.Healthy != g.InService {
			text += fmt.Sprintf(" (%d healthy)", g.Healthy)
		}
		known = append(known, text)
	}
	switch s.Alarm {
	case "":
	case "ALARM":
		known = append(known, "alarm in "+paint(terminal.Red, s.Alarm))
	default:
		known = append(known, "alarm "+paint(terminal.Dim, s.Alarm))
	}
	if t := s.Traffic; t != nil && t.Users > 0 {
		known = append(known, fmt.Sprintf("%.0f requests/s of %.0f users", t.CompletedRate, t.Users))
	} else if t != nil && t.OfferedRate > 0 {
		known = append(known, fmt.Sprintf("%.0f of %.0f requests/s", t.CompletedRate, t.OfferedRate))
	}
	if t := s.Traffic; t != nil && t.Failed > 0 {
		known = append(known, paint(terminal.Red, fmt.Sprintf("%d failed", t.Failed)))
	}
	return known
}

func percent(v *float64) string {
	if v == nil {
		return "  –  "
	}
	return fmt.Sprintf("%4.1f %%", *v)
}

// clock is a duration as m:ss, h:mm:ss from an hour on.
func clock(d time.Duration) string {
	s := int(d.Seconds())
	if s < 3600 {
		return fmt.Sprintf("%2d:%02d", s/60, s%60)
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
