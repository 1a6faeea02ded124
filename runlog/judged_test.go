package runlog_test

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"secondwind/runlog"
)

// TestWhatIsJudgedIsReadAsItIs writes lines that repeat each other, that hold what is left out, or what only
// looks like it, and reads them both ways.
func TestWhatIsJudgedIsReadAsItIs(t *testing.T) {
	dir := t.TempDir()
	w, err := runlog.Create(dir, runlog.Manifest{RunID: "20260314T120000Z-3fa9", Started: time.Now(), Command: runlog.CommandLoad})
	if err != nil {
		t.Fatal(err)
	}
	noon := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	for i := range 6000 {
		s := &runlog.LoadSecond{Phase: "all", IntervalSeconds: 1, Connect: "aGlzdG9ncmFt", Lag: "bGFn", Opened: map[string]int64{"[::1]:80": 2},
			Counts:    runlog.Counts{Offered: int64(i), Sent: 3, Errors: map[string]int64{`fromSchedule":"`: 1, `opened":{`: 2}},
			Generator: &runlog.GeneratorSecond{Procs: 2, Limit: "} \" {"}, Instances: map[string]*runlog.InstanceSecond{}}
		for n := range i % 3 {
			s.Instances[fmt.Sprint("i-", n)] = &runlog.InstanceSecond{Completed: int64(i % 2), Failed: int64(i % 5), FromSchedule: "aA==",
				First: noon.Add(time.Duration(i%7) * time.Minute)}
		}
		if err := w.WriteLoad(runlog.LoadLine{Time: noon.Add(time.Duration(i) * time.Second), Second: s}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := runlog.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	judged, err := runlog.OpenToJudge(dir)
	if err != nil {
		t.Fatal(err)
	}
	first := map[string]time.Time{}
	for i, l := range whole.Load {
		want := l.Second
		want.Connect, want.Lag, want.Opened, want.Generator = "", "", nil, nil
		for id, in := range want.Instances {
			in.FromSchedule = ""
			if was, again := first[id]; in.Completed == 0 || again && !in.First.Before(was) {
				in.First = time.Time{}
			} else {
				first[id] = in.First
			}
		}
		if got := judged.Load[i].Second; !reflect.DeepEqual(got, want) {
			t.Fatalf("line %d is %+v, want %+v", i+1, got, want)
		}
	}
	counts := func(line int) uintptr { return reflect.ValueOf(judged.Load[line].Second.Instances).Pointer() }
	if counts(5995) != counts(5965) {
		t.Error("equal counts of two lines are kept twice")
	}
}

// TestWhatIsWrongIsSaidOfTheLineAsItIs: what is left out is not to hide what cannot be read.
func TestWhatIsWrongIsSaidOfTheLineAsItIs(t *testing.T) {
	dir := t.TempDir()
	w, err := runlog.Create(dir, runlog.Manifest{RunID: "20260314T120000Z-3fa9", Started: time.Now(), Command: runlog.CommandLoad})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{`"lag":"`, `"opened":{"a":1}`, `"generator":{"unknown":1},"unknown":2`, `"lag":"a"} {`} {
		text := `{"time":"2026-03-14T12:00:00Z","second":{"phase":"all","intervalSeconds":1,` + line + "}\n"
		if err := os.WriteFile(filepath.Join(dir, runlog.LoadFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := runlog.OpenToJudge(dir); err == nil || !strings.Contains(err.Error(), runlog.LoadFile+":1") {
			t.Errorf("%s: %v, want an error of line 1", line, err)
		}
	}
}
