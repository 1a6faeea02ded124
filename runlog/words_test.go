package runlog_test

import (
	"testing"
	"time"

	"secondwind/runlog"
)

func TestDurationsAreWrittenInOneWay(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "0 s", 45 * time.Second: "45 s", 4*time.Minute + 53*time.Second: "4 min 53 s", 8 * time.Hour: "8 h",
		2*time.Hour + 56*time.Second: "2 h 56 s", 59*time.Second + 600*time.Millisecond: "1 min",
	} {
		if got := runlog.Words(d); got != want {
			t.Errorf("Words(%v) = %q, want %q", d, got, want)
		}
	}
}

func TestOneIsSingular(t *testing.T) {
	for n, want := range []string{"0 instances", "1 instance", "2 instances"} {
		if got := runlog.Count(n, "instance"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
