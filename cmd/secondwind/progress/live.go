package progress

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"secondwind/runlog"
	"secondwind/verify/terminal"
)

// Live keeps a view of three lines at the foot of a terminal, with the events
// scrolling above it. width gives the terminal's present columns; colour is
// whether escape codes for colour may be written.
func Live(w io.Writer, width func() int, colour bool) Reporter {
	return &live{w: w, width: width, colour: colour}
}

type live struct {
	mu     sync.Mutex
	w      io.Writer
	width  func() int
	colour bool
	drawn  int // lines of the view that stand on the screen
	last   Status
	known  bool
}

func (l *live) Event(at time.Duration, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	when := clock(at) + "  "
	if !strings.Contains(text, "\n") { // what has lines of its own keeps them
		text = l.style().Wrap(text, len(when))
	}
	l.redraw(l.paint(terminal.Dim, when) + text + "\n")
}

func (l *live) Status(s Status) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.last, l.known = s, true
	l.redraw("")
}

func (l *live) Close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.known = false
	l.redraw("")
}

// redraw writes text where the view stood, and the view below it.
func (l *live) redraw(text string) {
	var b strings.Builder
	if l.drawn > 0 {
		fmt.Fprintf(&b, "\x1b[%dA\r\x1b[J", l.drawn) // to its first line, and clear from there on
	}
	l.drawn = 0
	b.WriteString(text)
	l.draw(&b)
	_, _ = io.WriteString(l.w, b.String()) // a terminal that went away is no reason to stop a run
}

// draw writes the view: the phases, the CPU against its threshold, the fleet.
func (l *live) draw(b *strings.Builder) {
	if !l.known {
		return
	}
	s := l.last
	lines := []string{"", l.phases(s)}
	if s.Group != nil {
		lines = append(lines, l.metric(s))
	}
	lines = append(lines, l.inColumns(facts(s, l.paint))...)
	for _, line := range lines {
		b.WriteString(fit(line, l.width()) + "\n")
	}
	l.drawn = len(lines)
}

// inColumns puts facts side by side, in as many lines as the terminal needs.
func (l *live) inColumns(facts []string) []string {
	const gap = "   "
	lines := []string{""}
	for _, fact := range facts {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = fact
		case utf8.RuneCountInString(terminal.Bare(*last+gap+fact)) > l.width():
			lines = append(lines, fact)
		default:
			*last += gap + fact
		}
	}
	return lines
}

// inOrder are the phases of an experiment.
var inOrder = []runlog.Phase{
	runlog.PhaseSetup, runlog.PhasePremises, runlog.PhaseCalibration, runlog.PhaseControl,
	runlog.PhaseLoad, runlog.PhaseHold, runlog.PhaseRelease,
}

func (l *live) phases(s Status) string {
	var names []string
	style := terminal.Green
	for _, p := range inOrder {
		if p == s.Phase {
			names, style = append(names, l.paint(terminal.Bold, "▸ "+string(p))), terminal.Dim
			continue
		}
		names = append(names, l.paint(style, string(p)))
	}
	line := strings.Join(names, "  ")
	alone := s.Group == nil && s.Traffic != nil // a load without an experiment has phases of its own
	if alone || l.width() < 90 || !slices.Contains(inOrder, s.Phase) {
		line = l.paint(terminal.Bold, "▸ "+string(s.Phase))
	}
	line += "   " + clock(s.Elapsed)
	if s.Expected > 0 {
		line += " of about " + runlog.Words(s.Expected)
	}
	return line
}

// barScale is the CPU percentage of a full bar: above it nothing is of interest. Of requests
// it is as many thresholds as it is of CPU where nobody has changed any.
const barScale = 50.0

func (l *live) metric(s Status) string {
	value, scale, unit := s.CPUPercent, barScale, " %"
	if s.RequestsPerTarget != nil {
		value, scale, unit = s.RequestsPerTarget, 2.5*s.Threshold, ""
	}
	columns := min(40, max(10, l.width()-30-len(s.reading())))
	cells := []rune(strings.Repeat("·", columns))
	style := terminal.Dim
	if value != nil && scale > 0 {
		full := int(min(*value, scale) / scale * float64(columns))
		copy(cells, []rune(strings.Repeat("█", full)))
		style = terminal.Green
		if s.Threshold > 0 && *value > s.Threshold {
			style = terminal.Red
		}
	}
	if s.Threshold <= 0 {
		return s.reading() + "  " + l.paint(style, string(cells))
	}
	mark := min(int(s.Threshold/scale*float64(columns)), columns-1)
	bar := l.paint(style, string(cells[:mark])) + "│" + l.paint(style, string(cells[mark+1:]))
	return fmt.Sprintf("%s  %s  threshold %g%s", s.reading(), bar, s.Threshold, unit)
}

// fit cuts a line to the terminal's width, without its colours if it must: a
// line that wraps could not be erased.
func fit(line string, width int) string {
	bare := []rune(terminal.Bare(line))
	if len(bare) <= width {
		return line
	}
	return string(bare[:max(0, width)])
}

func (l *live) style() terminal.Style { return terminal.Style{Width: l.width(), Colour: l.colour} }

func (l *live) paint(sgr, text string) string { return l.style().Paint(sgr, text) }
