package progress

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
)

func status(at time.Duration) Status {
	cpu := 31.84
	return Status{
		Phase: runlog.PhaseLoad, Elapsed: at, Expected: 150 * time.Second, CPUPercent: &cpu, Threshold: 20,
		Alarm: "ALARM", InService: 1, Desired: 2, Healthy: 1, OfferedRate: 98, CompletedRate: 97.6, Failed: 2,
	}
}

func TestPlainIsNeverSilentForLongAndNeverChatty(t *testing.T) {
	var b bytes.Buffer
	p := Plain(&b)
	p.Event(0, "begun")
	for s := range 60 {
		p.Status(status(time.Duration(s) * time.Second))
	}
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	if want := 1 + 59/5; len(lines) != want {
		t.Errorf("a minute gave %d lines, want %d: one event and a status every 5 s\n%s", len(lines), want, b.String())
	}
	for _, part := range []string{" 0:05", "load", "31.8 %", "alarm ALARM", "1 in service → 2", "98 of 98 requests/s", "2 failed"} {
		if !strings.Contains(lines[1], part) {
			t.Errorf("status line %q does not say %q", lines[1], part)
		}
	}
}

func TestJSONLinesCanBeRead(t *testing.T) {
	var b bytes.Buffer
	j := JSON(&b)
	j.Event(1500*time.Millisecond, "begun")
	j.Status(status(2 * time.Second))
	decoder := json.NewDecoder(&b)
	var event, stat struct {
		Seconds float64
		Event   string
		Status  *Status
	}
	if err := decoder.Decode(&event); err != nil || event.Seconds != 1.5 || event.Event != "begun" {
		t.Errorf("event = %+v, %v", event, err)
	}
	if err := decoder.Decode(&stat); err != nil || stat.Status == nil || *stat.Status.CPUPercent != 31.84 || stat.Status.Desired != 2 {
		t.Errorf("status = %+v, %v", stat, err)
	}
}

// TestLiveNeverDrawsALineWiderThanTheTerminal guards the redraw: a line that
// wraps is two lines on the screen, and erasing would leave one behind.
func TestLiveNeverDrawsALineWiderThanTheTerminal(t *testing.T) {
	for _, width := range []int{20, 40, 60, 80, 120} {
		var b bytes.Buffer
		l := Live(&b, func() int { return width }, false)
		l.Status(status(83 * time.Second))
		for line := range strings.SplitSeq(b.String(), "\n") {
			if n := len([]rune(line)); n > width {
				t.Errorf("width %d: line of %d columns: %q", width, n, line)
			}
		}
	}
}

func TestLiveErasesItsViewBeforeAnEvent(t *testing.T) {
	var b bytes.Buffer
	l := Live(&b, func() int { return 100 }, true)
	l.Status(status(time.Second))
	drawn := strings.Count(b.String(), "\n")
	b.Reset()
	l.Event(2*time.Second, "alarm went off")
	if want := "\x1b[" + string(rune('0'+drawn)) + "A\r\x1b[J"; !strings.HasPrefix(b.String(), want) {
		t.Errorf("event begins with %q, want the erasing of %d lines %q", b.String()[:12], drawn, want)
	}
	b.Reset()
	l.Close()
	l.Close()
	if got := strings.Count(b.String(), "\x1b[J"); got != 1 {
		t.Errorf("closing twice erased %d times, want once", got)
	}
}

func TestLiveShowsCPUAgainstItsThreshold(t *testing.T) {
	var b bytes.Buffer
	Live(&b, func() int { return 100 }, false).Status(status(83 * time.Second))
	view := b.String()
	for _, part := range []string{"▸ load", "1:23 of about 2:30", "31.8 %", "threshold 20 %", "│", "█", "alarm ALARM", "2 failed"} {
		if !strings.Contains(view, part) {
			t.Errorf("view does not show %q:\n%s", part, view)
		}
	}
}
