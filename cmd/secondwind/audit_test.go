package main

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
)

// realRun is a recorded run that was PROVED, in a folder of its own.
func realRun(t *testing.T) (dir string, record *runlog.Record) {
	t.Helper()
	const name = "20261123T135624Z-a809"
	packed, err := zip.OpenReader(filepath.Join("..", "..", "verify", "judge", "testdata", "real", name+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer packed.Close()
	root := t.TempDir()
	if err := os.CopyFS(root, packed); err != nil {
		t.Fatal(err)
	}
	if dir = filepath.Join(root, name); !isRun(dir) {
		dir = root
	}
	if err := runlog.Seal(dir); err != nil {
		t.Fatal(err)
	}
	if record, err = runlog.Open(dir); err != nil {
		t.Fatal(err)
	}
	return dir, record
}

func isRun(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, runlog.ManifestFile))
	return err == nil
}

// trailOf is the CloudTrail of a run: it shows the run's own calls, and what else is given.
func trailOf(t *testing.T, record *runlog.Record, events ...string) {
	t.Helper()
	answer := func(name string) string {
		var own []string
		for _, o := range record.Cloud {
			if strings.HasSuffix(o.Operation, ":"+name) {
				own = append(own, eventAt(o.Sent, name, "true", fmt.Sprintf(`{"requestID":%q}`, o.RequestID)))
			}
		}
		return strings.Join(own, ",")
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			LookupAttributes []struct{ AttributeKey, AttributeValue string }
		}
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || r.Header.Get("X-Amz-Target") != "CloudTrail_20131101.LookupEvents" {
			t.Errorf("asked for %s (%v), want LookupEvents alone", r.Header.Get("X-Amz-Target"), err)
		}
		shown := strings.Join(events, ",")
		if in.LookupAttributes[0].AttributeKey == "EventName" {
			shown = answer(in.LookupAttributes[0].AttributeValue)
		}
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		fmt.Fprintf(w, `{"Events":[%s]}`, shown)
	}))
	t.Cleanup(server.Close)
	for key, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_ACCESS_KEY_ID": "AKIATEST", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "NO_PROXY": "127.0.0.1",
	} {
		t.Setenv(key, value)
	}
}

func eventAt(at time.Time, name, readOnly, detail string) string {
	const event = `{"EventId":"%s-%d","EventName":%q,"EventSource":%q,"EventTime":%d,"ReadOnly":%q,"CloudTrailEvent":%q}`
	return fmt.Sprintf(event, name, at.UnixNano(), name, runlog.SourceAutoScaling, at.Unix(), readOnly, detail)
}

// filesOf are the files of a folder, but for the audit.
func filesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() || entry.Name() == runlog.AuditFile {
			return err
		}
		data, err := os.ReadFile(path)
		files[path] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestAnAuditSaysWhoCalledAndTouchesNothingElse(t *testing.T) {
	dir, record := realRun(t)
	before := filesOf(t, dir)
	during := record.Cloud[len(record.Cloud)/2].Sent
	call := eventAt(during, "SetDesiredCapacity", "false", fmt.Sprintf(
		`{"requestID":"x","sourceIPAddress":"192.0.2.1","userIdentity":{"arn":"arn:jo"},"requestParameters":{"autoScalingGroupName":%q}}`,
		record.Hypothesis.AutoScalingGroupName))
	for _, test := range []struct {
		events  []string
		code    int
		says    string
		judged  int
		verdict string
	}{
		{nil, 0, "nobody else called from", 0, "and nobody else called."},
		{
			[]string{call}, 3, "SetDesiredCapacity at " + during.UTC().Format("15:04:05Z") + " by arn:jo from 192.0.2.1", 3,
			"confounder.foreign-call",
		},
	} {
		trailOf(t, record, test.events...)
		var stdout, stderr bytes.Buffer
		code := run(t.Context(), []string{"audit", dir}, &stdout, &stderr)
		told := strings.Join(strings.Fields(stdout.String()), " ")
		if code != test.code || !strings.Contains(told, test.says) || !strings.Contains(told, filepath.Join(dir, runlog.AuditFile)) {
			t.Errorf("audit = %d, want %d and %q in\n%s%s", code, test.code, test.says, &stdout, &stderr)
		}
		if after := filesOf(t, dir); !maps.Equal(before, after) {
			t.Error("the audit changed other files")
		}
		stdout.Reset()
		code = run(t.Context(), []string{"judge", dir}, &stdout, &stderr)
		if told := strings.Join(strings.Fields(stdout.String()), " "); code != test.judged || !strings.Contains(told, test.verdict) {
			t.Errorf("judge = %d, want %d and %q in\n%s%s", code, test.judged, test.verdict, &stdout, &stderr)
		}
		before = filesOf(t, dir)
	}
	var finding struct {
		Finding struct{ ID, Status string }
		Outcome string
	}
	var stdout bytes.Buffer
	if run(t.Context(), []string{"audit", dir, "--json"}, &stdout, io.Discard); json.Unmarshal(stdout.Bytes(), &finding) != nil ||
		finding.Finding.ID != "confounder.foreign-call" || finding.Finding.Status != "broken" || finding.Outcome != "INCONCLUSIVE" {
		t.Errorf("audit --json = %s", &stdout)
	}
}

func TestWhatCannotBeAudited(t *testing.T) {
	dir, record := realRun(t)
	trailOf(t, record)
	t.Setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	live, err := createRecord(t.TempDir(), runlog.CommandSoak, time.Now(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Close()
	for want, args := range map[string][]string{
		"is not the sealed record of a proof": {"audit", recordOf(t, t.TempDir(), runlog.CommandLoad, 0)},
		"the run is under way, or was killed": {"audit", live.Dir()},
		"declared no hypothesis":              {"audit", recordOf(t, t.TempDir(), runlog.CommandSoak, 0)},
		"cannot be reached":                   {"audit", dir},
		"--runs says where":                   {"audit", dir, "--runs", dir},
		"there is no latest run":              {"audit", "latest", "--runs", t.TempDir()},
	} {
		var stderr bytes.Buffer
		if code := run(t.Context(), args, io.Discard, &stderr); code != exitMisuse || !strings.Contains(stderr.String(), want) {
			t.Errorf("%v = %d, want %d and %q in\n%s", args, code, exitMisuse, want, &stderr)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, runlog.AuditFile)); err == nil {
		t.Error("an audit was written")
	}
}
