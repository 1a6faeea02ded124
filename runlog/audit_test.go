package runlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"secondwind/runlog"
)

// fullAudit has every member set; its events are in order.
func fullAudit() runlog.Audit {
	event := func(id string, x time.Duration) runlog.AuditEvent {
		return runlog.AuditEvent{
			EventId: id, EventName: "SetDesiredCapacity", EventSource: runlog.SourceAutoScaling, EventTime: began.Add(x), Username: "jo",
			AccessKeyId: "ASIA1", ReadOnly: "false", Resources: []runlog.AuditResource{{ResourceType: "AWS::X", ResourceName: "<web>"}},
			CloudTrailEvent: `{"requestID":"r","userIdentity":{"arn":"a","invokedBy":"b"},"errorCode":"c"}`,
		}
	}
	return runlog.Audit{
		Region: "local-1", From: began, To: began.Add(time.Hour), Asked: began.Add(2 * time.Hour), Cut: "page 3 is missing",
		Markers: []runlog.AuditMarker{{EventSource: runlog.SourceEC2, RequestID: "m", Sent: began}},
		Others:  map[string]int64{"kms.amazonaws.com": 3},
		Events:  []runlog.AuditEvent{event("1", time.Second), event("2", 2*time.Second)},
	}
}

func TestAnAuditComesBackAndTheSealedRecordStaysAsItWas(t *testing.T) {
	dir := sealed(t)
	before, err := os.ReadFile(filepath.Join(dir, runlog.ManifestFile))
	must(t, err)
	want := fullAudit()
	given := want
	given.Events = []runlog.AuditEvent{want.Events[1], want.Events[0], want.Events[1]} // as pages bring them
	must(t, runlog.WriteAudit(dir, given))
	r, err := runlog.Open(dir)
	must(t, err)
	want.Version, want.RunID, want.RecordSHA256 = runlog.Version, runID, r.Manifest.RecordSHA256(r.Manifest.Files)
	if diff := cmp.Diff(&want, r.Audit); diff != "" {
		t.Errorf("audit.jsonl comes back changed: %s", diff)
	}
	if record, ok := r.Audit.Events[0].Record(); !ok || record.RequestID != "r" || record.UserIdentity.InvokedBy != "b" {
		t.Errorf("its CloudTrailEvent is read as %+v, %t", record, ok)
	}
	after, err := os.ReadFile(filepath.Join(dir, runlog.ManifestFile))
	must(t, err)
	if !bytes.Equal(before, after) {
		t.Error("the manifest was changed")
	}
	text, err := os.ReadFile(filepath.Join(dir, runlog.AuditFile))
	must(t, err)
	s := compiled(t, "audit-line.json")
	for line := range bytes.Lines(text) {
		if err := valid(t, s, line); err != nil {
			t.Errorf("%s does not fit its schema: %v", line, err)
		}
	}
}

// TestAnAuditOutlivesReportsAndAnotherAudit: what is derived may be made anew, and sealed.
func TestAnAuditOutlivesReportsAndAnotherAudit(t *testing.T) {
	dir := sealed(t)
	must(t, runlog.WriteAudit(dir, fullAudit()))
	must(t, runlog.WriteFile(dir, runlog.VerdictFile, []byte("{}\n")))
	must(t, runlog.Seal(dir))
	again := fullAudit()
	again.Cut = ""
	must(t, runlog.WriteAudit(dir, again))
	r, err := runlog.Open(dir)
	must(t, err)
	if _, listed := r.Manifest.Files[runlog.AuditFile]; listed || r.Audit == nil || r.Audit.Cut != "" {
		t.Errorf("the manifest lists the audit: %t; it is %+v, want the last", listed, r.Audit)
	}
}

func TestAWriterWritesTheAuditAtItsEnd(t *testing.T) {
	w, dir := create(t)
	w.WriteAudit(fullAudit())
	must(t, w.WriteLoad(second(1)))
	must(t, w.Close())
	must(t, runlog.Seal(dir))
	r, err := runlog.Open(dir)
	must(t, err)
	if r.Audit == nil || len(r.Audit.Events) != 2 {
		t.Errorf("audit = %+v, want that which was given before the last line", r.Audit)
	}
}

func TestEveryByteOfAnAuditCounts(t *testing.T) {
	dir := sealed(t)
	must(t, runlog.WriteAudit(dir, fullAudit()))
	path := filepath.Join(dir, runlog.AuditFile)
	whole, err := os.ReadFile(path)
	must(t, err)
	for i := range whole {
		changed := bytes.Clone(whole)
		changed[i] ^= 1
		must(t, os.WriteFile(path, changed, 0o600))
		r, err := runlog.Open(dir)
		tampered, is := errors.AsType[*runlog.TamperedError](err)
		format, malformed := errors.AsType[*runlog.FormatError](err)
		if !(is && tampered.File == runlog.AuditFile) && !(malformed && format.File == runlog.AuditFile) {
			t.Fatalf("Open with byte %d changed = %v, %v, want an error of the audit", i, r, err)
		}
	}
}

func TestAnAuditThatIsNotWholeOrOfAnotherRecordIsRefused(t *testing.T) {
	dir := sealed(t)
	must(t, runlog.WriteAudit(dir, fullAudit()))
	whole, err := os.ReadFile(filepath.Join(dir, runlog.AuditFile))
	must(t, err)
	lines := bytes.SplitAfter(whole, []byte("\n"))
	other, otherDir := create(t)
	must(t, other.WriteLoad(second(1)))
	must(t, other.Close())
	for name, test := range map[string]struct {
		dir  string
		text []byte
		want string
	}{
		"empty":          {dir, nil, "not whole"},
		"without an end": {dir, bytes.Join(lines[:3], nil), "audit.jsonl:3: "},
		"of another run": {otherDir, whole, "is of another record"},
		"of a newer one": {dir, bytes.Replace(whole, []byte(`"version":3`), []byte(`"version":9`), 1), "was changed"},
	} {
		must(t, os.WriteFile(filepath.Join(test.dir, runlog.AuditFile), test.text, 0o600))
		if _, err := runlog.Open(test.dir); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: Open() = %v, want %q", name, err, test.want)
		}
	}
}

func TestAnAuditThatCannotBeIsNotWritten(t *testing.T) {
	dir := sealed(t)
	for want, change := range map[string]func(*runlog.Audit){
		"which is none":        func(a *runlog.Audit) { a.To = a.From.Add(-time.Second) },
		"EventTime is missing": func(a *runlog.Audit) { a.Events[0].EventTime = time.Time{} },
		"EventId, EventName":   func(a *runlog.Audit) { a.Events[1].EventId = "" },
	} {
		a := fullAudit()
		change(&a)
		if err := runlog.WriteAudit(dir, a); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("WriteAudit() = %v, want %q", err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, runlog.AuditFile)); err == nil {
		t.Error("an audit was written")
	}
	if err := runlog.WriteAudit(t.TempDir(), fullAudit()); err == nil || !strings.Contains(err.Error(), "not the folder of a run") {
		t.Errorf("WriteAudit() into another folder = %v", err)
	}
}

// FuzzAudit feeds the reader: whatever the file holds, it is read or refused by its name.
func FuzzAudit(f *testing.F) {
	line, err := json.Marshal(fullAudit())
	must(f, err)
	f.Add(string(line) + "\n{}\n")
	f.Add("{}\n{\"sha256\":\"\"}\n")
	f.Add("\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		dir := sealed(t)
		must(t, os.WriteFile(filepath.Join(dir, runlog.AuditFile), []byte(text), 0o600))
		if _, err := runlog.Open(dir); err == nil || !strings.Contains(err.Error(), runlog.AuditFile) {
			t.Fatalf("Open of %q = %v, want an error of the audit: it has no digest", text, err)
		}
	})
}
