package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"secondwind/cmd/secondwind/progress"
	"secondwind/runlog"
)

// states is an observer that sees the alarms' states one after the other.
type states struct {
	all    [][2]string // of alarms high and low
	next   int
	change func() // when all were seen
}

// State returns the next state, and a channel that says at once that there is one more.
func (s *states) State() (runlog.State, <-chan struct{}) {
	changed := make(chan struct{})
	seen := s.all[min(s.next, len(s.all)-1)]
	if s.next++; s.next >= len(s.all) {
		s.change()
	} else {
		close(changed)
	}
	return runlog.State{Polled: time.Now(), Alarms: []runlog.MetricAlarm{
		{AlarmName: "high", StateValue: seen[0], StateReason: "reason"}, {AlarmName: "low", StateValue: seen[1], StateReason: "reason"},
	}}, changed
}

func TestObserveReportsAnAlarmWhenItsStateChanges(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		source := &states{change: cancel, all: [][2]string{{"OK", "ALARM"}, {"OK", "ALARM"}, {"ALARM", "OK"}, {"ALARM", "OK"}, {"OK", "OK"}}}
		var b bytes.Buffer
		w := watching{source: source, reporter: progress.Plain(&b), start: time.Now()}
		if err := w.run(ctx); err != nil {
			t.Fatal(err)
		}
		var got []string
		for line := range strings.Lines(b.String()) {
			_, event, _ := strings.Cut(strings.TrimSpace(line), "alarm ")
			got = append(got, strings.TrimSuffix(event, ": reason"))
		}
		if want := "high is OK, low is ALARM, high is ALARM, low is OK, high is OK"; strings.Join(got, ", ") != want {
			t.Errorf("reported %q, want %q", got, want)
		}
	})
}

func TestARecordEndsInItsFolder(t *testing.T) {
	for asJSON, want := range map[bool]string{false: "recorded  runs/1\n", true: `{"recorded":"runs/1"}` + "\n"} {
		var b bytes.Buffer
		if err := (&output{stdout: &b, json: asJSON}).writePath("recorded", "runs/1"); err != nil || b.String() != want {
			t.Errorf("json %t: %q, %v, want %q", asJSON, b.String(), err, want)
		}
	}
}
