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
		Alarm: "ALARM", Group: &Group{InService: 1, Desired: 2, Healthy: 1},
		Traffic: &Traffic{OfferedRate: 98, CompletedRate: 97.6, Failed: 2},
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
	for _, part := range []string{" 0:05", "load", "31.8 %", "alarm in ALARM", "1 in service → 2", "98 of 98 requests/s", "2 failed"} {
		if !strings.Contains(lines[1], part) {
			t.Errorf("status line %q does not say %q", lines[1], part)
		}
	}
}

// TestALongHoldIsNoLongLog has a status a second in a hold of eight hours: sixty
// lines in the first hour, then one in five minutes, each with the time left.
func TestALongHoldIsNoLongLog(t *testing.T) {
	const hold = 8 * time.Hour
	for name, reporter := range map[string]func(*bytes.Buffer) Reporter{
		"plain": func(b *bytes.Buffer) Reporter { return Plain(b) },
		"JSON":  func(b *bytes.Buffer) Reporter { return JSON(b) },
	} {
		var b bytes.Buffer
		r := reporter(&b)
		for at := time.Second; at <= hold; at += time.Second {
			s := status(at)
			s.Phase, s.PhaseElapsed, s.PhaseExpected, s.Expected = runlog.PhaseHold, at, hold, hold+time.Minute
			r.Status(s)
		}
		lines := strings.Split(strings.TrimSpace(b.String()), "\n")
		if want := 59 + 7*12; len(lines) != want {
			t.Errorf("%s: %d lines, want %d", name, len(lines), want)
		}
		if first := lines[0]; !strings.Contains(first, "about 8 h left") && !strings.Contains(first, `"secondsLeft":28800`) {
			t.Errorf("%s: %q does not say that 8 hours are left", name, first)
		}
	}
}

func TestAPhaseOfUnknownLengthGetsFewerLinesAfterAnHour(t *testing.T) {
	p := pace{interval: silence}
	lines := 0
	for at := time.Second; at <= 2*time.Hour; at += time.Second {
		if p.due(Status{Elapsed: at, PhaseElapsed: at}) {
			lines++
		}
	}
	if want := 3600/5 - 1 + 12; lines < want-1 || lines > want+1 {
		t.Errorf("two hours gave %d lines, want about %d", lines, want)
	}
}

func TestLiveWrapsEventsBetweenWords(t *testing.T) {
	var b bytes.Buffer
	const text = "group secondwind-asg behind http://127.0.0.1:41234: min 1, max 2"
	Live(&b, func() int { return 40 }, false).Event(83*time.Second, text)
	lines := strings.Split(strings.TrimSpace(b.String()), "\n")
	for _, line := range lines {
		if len(line) > 40 {
			t.Errorf("line of %d columns, want at most 40: %q", len(line), line)
		}
	}
	if got := strings.Join(strings.Fields(b.String()), " "); got != "1:23 "+text || len(lines) < 2 {
		t.Errorf("event = %q, want the words of %q in several lines", b.String(), text)
	}
}

func TestLiveNamesAPhaseThatIsNoneOfAnExperiment(t *testing.T) {
	var b bytes.Buffer
	Live(&b, func() int { return 120 }, false).Status(Status{Phase: "observe", Elapsed: time.Minute})
	view := b.String()
	if !strings.Contains(view, "▸ observe") || strings.Contains(view, "calibration") || strings.Contains(view, "threshold") {
		t.Errorf("view = %q, want the one phase, and no threshold where none is known", view)
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

func TestWhatIsNotMeasuredIsNotReported(t *testing.T) {
	seen := runlog.State{Group: runlog.AutoScalingGroup{DesiredCapacity: 1}}
	observed := Status{Phase: "observe"}
	observed.See(seen, runlog.CPUOf("g"))
	counted := Status{Phase: "load", Threshold: 50}
	counted.See(runlog.State{Metric: map[string][]runlog.Datapoint{runlog.GroupSeries: {{Value: 72}}}}, runlog.RequestsPerTargetOf("t"))
	cases := []struct {
		name         string
		status       Status
		plain, asAny string
	}{
		{"a run that is set up", Status{Phase: "setup"}, " 0:05    setup       · waiting for a healthy instance", `{"phase":"setup"}`},
		{"users", Status{Phase: "load", Traffic: &Traffic{OfferedRate: 410, CompletedRate: 400, Users: 5}},
			" 0:05    load        · 400 requests/s of 5 users", `{"phase":"load","offeredRate":410,"completedRate":400,"users":5,"failed":0}`},
		{"a load alone", Status{
			Phase: "load", Traffic: TrafficOf(5, runlog.LoadSecond{IntervalSeconds: 2, Counts: runlog.Counts{Completed: 8}}, 0),
		}, " 0:05    load        · 4 of 5 requests/s", `{"phase":"load","offeredRate":5,"completedRate":4,"failed":0}`},
		{"a group alone", observed,
			" 0:05    observe     · CPU   –   · 0 in service → 1", `{"phase":"observe","inService":0,"desired":1,"healthy":0}`},
		{"a group whose alarm counts requests", counted, " 0:05    load        ·   72 requests of a target · 0 in service",
			`{"phase":"load","requestsPerTarget":72,"threshold":50,"inService":0,"desired":0,"healthy":0}`},
	}
	for _, c := range cases {
		var plain, asJSON bytes.Buffer
		c.status.Elapsed = 5 * time.Second
		Plain(&plain).Status(c.status)
		JSON(&asJSON).Status(c.status)
		if got := strings.TrimSuffix(plain.String(), "\n"); got != c.plain {
			t.Errorf("%s: plain %q, want %q", c.name, got, c.plain)
		}
		if want := `{"seconds":5,"status":` + c.asAny + "}\n"; asJSON.String() != want {
			t.Errorf("%s: JSON %s, want %s", c.name, asJSON.String(), want)
		}
		view := new(bytes.Buffer)
		Live(view, func() int { return 80 }, false).Status(c.status)
		if got := strings.Contains(view.String(), "CPU") || strings.Contains(view.String(), "threshold 50"); got != (c.status.Group != nil) {
			t.Errorf("%s: the view shows a metric: %t\n%s", c.name, got, view)
		}
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
		if !strings.HasSuffix(b.String(), "2 failed\n") {
			t.Errorf("width %d: a fact is cut off:\n%s", width, b.String())
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

func TestLiveShowsHoursWithASpaceBefore(t *testing.T) {
	var b bytes.Buffer
	s := status(83 * time.Second)
	s.Expected = 8*time.Hour + 139*time.Second
	Live(&b, func() int { return 100 }, false).Status(s)
	if want := " 1:23 of about 8 h 2 min 19 s"; !strings.Contains(b.String(), want) {
		t.Errorf("view = %q, want %q", b.String(), want)
	}
}

func TestLiveShowsCPUAgainstItsThreshold(t *testing.T) {
	var b bytes.Buffer
	Live(&b, func() int { return 100 }, false).Status(status(83 * time.Second))
	view := b.String()
	for _, part := range []string{
		"▸ load", "1:23 of about 2 min 30 s", "31.8 %", "threshold 20 %", "│", "█", "alarm in ALARM", "2 failed",
	} {
		if !strings.Contains(view, part) {
			t.Errorf("view does not show %q:\n%s", part, view)
		}
	}
}

func TestALoadAloneShowsNoPhasesOfAnExperiment(t *testing.T) {
	var b bytes.Buffer
	Live(&b, func() int { return 120 }, false).Status(Status{Phase: "hold", Traffic: &Traffic{OfferedRate: 5}})
	if view := b.String(); !strings.Contains(view, "▸ hold") || strings.Contains(view, "calibration") {
		t.Errorf("view = %q, want the load's own phase and no other", view)
	}
}
