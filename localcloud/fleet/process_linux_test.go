package fleet

import (
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// measuringFleets are fleets of every way to measure CPU that there is here.
func measuringFleets(t *testing.T) map[string]*Fleet {
	t.Helper()
	plain := newFleet(t, Config{})
	if plain.spawner.groups != nil {
		if err := plain.spawner.groups.close(); err != nil {
			t.Fatal(err)
		}
		plain.spawner.groups = nil
	}
	fleets := map[string]*Fleet{"by the process's clock": plain}
	if limited := newFleet(t, Config{}); limited.spawner.groups != nil {
		fleets["by the cgroup"] = limited
	}
	return fleets
}

func zombie(pid int) bool {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(text), ") Z ")
}

// TestNothingOutlivesAKilledFleet kills a fleet's process as the kernel would
// for want of memory: without a word.
func TestNothingOutlivesAKilledFleet(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), roleVariable+"=harness")
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	child, grandchild := readPIDs(t, out)
	for _, pid := range []int{child, grandchild} {
		if !alive(pid) {
			t.Fatalf("process %d is not alive before the kill", pid)
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Error("the killed process ended well")
	}
	eventually(t, "the instance is gone", func() bool { return gone(child) })
	eventually(t, "what the instance started is gone", func() bool { return gone(grandchild) })

	// The next fleet sweeps the cgroups that stayed.
	newFleet(t, Config{})
	pattern := fmt.Sprintf("/sys/fs/cgroup/{,*/}%s*-%d-*", ownerPrefix, cmd.Process.Pid)
	for _, p := range []string{strings.Replace(pattern, "{,*/}", "", 1), strings.Replace(pattern, "{,*/}", "*/", 1)} {
		if stale, _ := filepath.Glob(p); len(stale) > 0 {
			t.Errorf("stale cgroups %v, want none", stale)
		}
	}
}

func limitedFleet(t *testing.T) *Fleet {
	t.Helper()
	f := newFleet(t, Config{Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if f.spawner.groups == nil {
		t.Skip("this user may write to no cgroup with the cpu controller: whether an instance is capped is not tested")
	}
	return f
}

func TestAnInstanceIsHeldToItsVCPUs(t *testing.T) {
	f := limitedFleet(t)
	i := launch(t, f, spec("serve"))
	if !i.CPULimited {
		t.Fatal("CPULimited = false, want true")
	}
	dir := filepath.Join(f.spawner.groups.parents[0], i.ID)
	members, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if err != nil || strings.TrimSpace(string(members)) != strconv.Itoa(i.PID) {
		t.Errorf("cgroup.procs = %q, %v, want %d", members, err, i.PID)
	}
	file, want := "cpu.cfs_quota_us", "20000"
	if f.spawner.groups.unified {
		file, want = "cpu.max", "20000 20000"
	}
	if got, err := os.ReadFile(filepath.Join(dir, file)); err != nil || strings.TrimSpace(string(got)) != want {
		t.Errorf("%s = %q, %v, want %q", file, got, err, want)
	}
	if err := f.Terminate(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	for _, parent := range f.spawner.groups.parents {
		if _, err := os.Stat(filepath.Join(parent, i.ID)); !os.IsNotExist(err) {
			t.Errorf("cgroup of a terminated instance: %v, want it gone", err)
		}
	}
	parents := f.spawner.groups.parents
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	for _, parent := range parents {
		if _, err := os.Stat(parent); !os.IsNotExist(err) {
			t.Errorf("cgroup of a closed fleet: %v, want it gone", err)
		}
	}
}

func TestCPUCountsChildren(t *testing.T) {
	// The shell itself uses a millisecond or two.
	const enough = 30 * time.Millisecond
	const busy = `i=0; while [ $i -lt 400000 ]; do i=$((i+1)); done`
	tests := []struct{ name, script string }{
		{"that ended and were waited for", "sh -c '" + busy + "'; exec sleep 1000"},
		{"that live", "sh -c '" + busy + "; exec sleep 1000'; exit"},
	}
	for how, f := range measuringFleets(t) {
		for _, tt := range tests {
			t.Run(how+" "+tt.name, func(t *testing.T) {
				s := spec("")
				s.Program, s.Args, s.Env = "/bin/sh", []string{"-c", tt.script}, nil
				i := launch(t, f, s)
				eventually(t, "children's CPU time is counted", func() bool {
					used, err := f.CPU(i.ID)
					return err == nil && used >= enough
				})
			})
		}
	}
}

func TestStaleCgroupsAreSweptAndOthersAreNot(t *testing.T) {
	f := limitedFleet(t)
	dir := filepath.Dir(f.spawner.groups.parents[0])
	namespace, err := pidNamespace()
	if err != nil {
		t.Fatal(err)
	}
	started, err := startTicks(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name  string
		owner owner
		stale bool
	}{
		{"of a process that is gone", owner{namespace, 1 << 30, 1, 1}, true},
		{"of a process whose id came again", owner{namespace, os.Getpid(), started + 1, 2}, true},
		{"of this process", owner{namespace, os.Getpid(), started, 3}, false},
		{"of another container", owner{"1", 1 << 30, 1, 4}, false},
	}
	for _, tt := range tests {
		if err := os.MkdirAll(filepath.Join(dir, tt.owner.String(), "i-1"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	sweep(dir, slog.New(slog.DiscardHandler))
	for _, tt := range tests {
		path := filepath.Join(dir, tt.owner.String())
		_, err := os.Stat(path)
		if got := os.IsNotExist(err); got != tt.stale {
			t.Errorf("cgroup %s: swept = %t, want %t", tt.name, got, tt.stale)
		}
		if err := removeTree(path); err != nil {
			t.Error(err)
		}
	}
}

func TestParseOwnerReadsWhatStringWrites(t *testing.T) {
	want := owner{"4026531836", 4711, 123456, 0xc0ffee}
	if got, ok := parseOwner(want.String()); !ok || got != want {
		t.Errorf("parseOwner(%q) = %v, %t, want %v", want, got, ok, want)
	}
	for _, name := range []string{
		"", "secondwind-", "secondwind-1-2-3", "secondwind-1-x-3-4", "secondwind-1-0-3-4", "user.slice", "secondwind-1-2-3-4-5",
	} {
		if got, ok := parseOwner(name); ok {
			t.Errorf("parseOwner(%q) = %v, want none", name, got)
		}
	}
}
