package attack

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/latency"
	"secondwind/runlog"
)

func TestLatenciesAreThoseOfCompletedRequests(t *testing.T) {
	tally := newTally(nil, map[string]bool{})
	for range 3 {
		tally.add(outcome{fromSchedule: 2 * time.Millisecond, fromSending: time.Millisecond})
		tally.add(outcome{failure: "connection refused", fromSchedule: 5 * time.Microsecond, fromSending: 5 * time.Microsecond})
		tally.add(outcome{failure: "no answer in time", fromSchedule: 5 * time.Second, fromSending: 5 * time.Second})
	}
	i := taken(tally).Instances[""]
	for name, text := range map[string]string{"from schedule": i.FromSchedule, "from sending": i.FromSending} {
		h, err := latency.Decode(text)
		if err != nil {
			t.Fatal(err)
		}
		if h.TotalCount() != 3 || h.Max() > 2_100_000 || h.Min() < 990_000 {
			t.Errorf("%s: %d values from %d to %d ns, want those of the 3 completed", name, h.TotalCount(), h.Min(), h.Max())
		}
	}
}

func TestATallyBoundsInstancesAndErrorTexts(t *testing.T) {
	tally := newTally(nil, map[string]bool{})
	for i := range 200 {
		tally.add(outcome{instance: bytes.Repeat([]byte("x"), i+1), failure: strings.Repeat("y", i+1)})
	}
	s := taken(tally)
	if len(s.Instances) > maxInstances+1 || s.Instances[other] == nil {
		t.Errorf("%d instances, want at most %d and %q among them", len(s.Instances), maxInstances+1, other)
	}
	if len(s.Errors) > maxCauses+1 || s.Errors[other] != 200-maxCauses {
		t.Errorf("errors = %d texts, %d other, want %d and %d", len(s.Errors), s.Errors[other], maxCauses+1, 200-maxCauses)
	}
	if again := taken(tally); again.Failed != 0 || len(again.Instances) != 0 || len(again.Errors) != 0 {
		t.Errorf("take() a second time = %+v, want nothing", again)
	}
}

func taken(t *tally) *runlog.LoadSecond {
	s, _ := t.take()
	return s
}
