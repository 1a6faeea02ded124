package runlog_test

import (
	"testing"

	"secondwind/runlog"
)

func TestOneIsSingular(t *testing.T) {
	for n, want := range []string{"0 instances", "1 instance", "2 instances"} {
		if got := runlog.Count(n, "instance"); got != want {
			t.Errorf("Count(%d) = %q, want %q", n, got, want)
		}
	}
}
