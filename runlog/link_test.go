package runlog_test

import (
	"encoding/json"
	"testing"

	"secondwind/runlog"
)

func TestLinksAreOrderedAndReadAsTheyAreWritten(t *testing.T) {
	codes := map[string]bool{}
	for i, l := range runlog.Links() {
		text, err := json.Marshal(l)
		if err != nil || int(l) != i {
			t.Fatalf("Links()[%d] = %d, written as %s (%v)", i, int(l), text, err)
		}
		var back runlog.Link
		if err := json.Unmarshal(text, &back); err != nil || back != l {
			t.Errorf("%s is read as %s (%v), want %s", text, back, err, l)
		}
		codes[l.Code()] = true
	}
	if len(codes) != 8 || runlog.LinkScalingActivity.Code() != "scaling-activity" {
		t.Errorf("codes = %v, want 8, scaling-activity among them", codes)
	}
	for _, bad := range []string{`"e8"`, `"e-1"`, `"E1"`, `""`, `"scaling-activity"`, `3`} {
		var l runlog.Link
		if err := json.Unmarshal([]byte(bad), &l); err == nil {
			t.Errorf("%s is read as %s, want an error", bad, l)
		}
	}
	if _, err := json.Marshal(runlog.Link(8)); err == nil {
		t.Error("link 8 can be written, want an error")
	}
}

func TestLinksHaveNamesForPeople(t *testing.T) {
	names := map[string]bool{}
	for _, l := range runlog.Links() {
		names[l.Name()] = true
	}
	if len(names) != 8 || runlog.LinkScalingActivity.Name() != "scaling activity" || runlog.Link(-1).Name() != "e-1" {
		t.Errorf("names = %v, want 8, scaling activity among them, and e-1 for a link that there is not", names)
	}
}
