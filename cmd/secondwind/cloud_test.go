package main_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/summary"
	"secondwind/runlog"
)

// cloud is a local cloud with the stack in it, run as a user runs it.
type cloud struct {
	cmd    *exec.Cmd
	env    map[string]string
	stderr bytes.Buffer
}

func startCloud(t *testing.T, args ...string) *cloud {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("skipped on Windows: os.Interrupt, which ends the cloud, cannot be sent to another process there")
	}
	c := &cloud{cmd: exec.Command(filepath.Join(bin, "secondwind"), append([]string{"cloud", "--stack", "--json"}, args...)...)}
	c.cmd.Dir = t.TempDir()
	c.cmd.Stderr = &c.stderr
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.cmd.Process.Kill() }) // it has ended unless the test failed before
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	if err != nil {
		t.Fatalf("read the environment: %v\n%s", err, c.stderr.String())
	}
	if err := json.Unmarshal(line, &c.env); err != nil {
		t.Fatal(err)
	}
	return c
}

// stop interrupts the cloud and wants a clean end.
func (c *cloud) stop(t *testing.T) {
	t.Helper()
	if err := c.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Wait(); err != nil {
		t.Errorf("cloud ended with %v\n%s", err, c.stderr.String())
	}
}

// prepare is a program with the cloud's environment in a folder of its own.
func (c *cloud) prepare(t *testing.T, program string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Dir = t.TempDir()
	cmd.Env = os.Environ()
	for key, value := range c.env {
		cmd.Env = append(cmd.Env, key+"="+value)
	}
	return cmd
}

// command runs secondwind with the cloud's environment in a folder of its own.
func (c *cloud) command(t *testing.T, args ...string) (string, result) {
	t.Helper()
	cmd := c.prepare(t, filepath.Join(bin, "secondwind"), args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the exit code tells
	found, _ := filepath.Glob(filepath.Join(cmd.Dir, "reports", "runs", "*"))
	if len(found) != 1 {
		return "", result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
	}
	return found[0], result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func (c *cloud) awaitHealthy(t *testing.T) {
	t.Helper()
	timeout := time.NewTimer(time.Minute)
	defer timeout.Stop()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		if resp, err := http.Get(c.env["SECONDWIND_URL"] + "/healthz"); err == nil {
			resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				return
			}
		}
		select {
		case <-ticker.C:
		case <-timeout.C:
			t.Fatal("no healthy instance within a minute")
		}
	}
}

func TestEveryPartCanBeUsedAlone(t *testing.T) {
	t.Parallel()
	c := startCloud(t)
	c.awaitHealthy(t)

	t.Run("all at once", c.everyPart)
	c.stop(t)
}

func (c *cloud) everyPart(t *testing.T) {
	t.Run("load drives the load balancer and records it", func(t *testing.T) {
		t.Parallel()
		folder, got := c.command(t, "load", c.env["SECONDWIND_URL"], "--profile", "ramp:10..40/2s", "--duration", "2s",
			"--digits", "2000", "--json")
		if got.code != 0 {
			t.Fatalf("load = %+v", got)
		}
		var total summary.Summary
		lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &total); err != nil {
			t.Fatal(err)
		}
		if total.Failed > 0 || total.Sent+total.Dropped != total.Offered || total.Offered < 40 || total.Offered > 60 {
			t.Errorf("load = %+v, want about 50 requests, all sent and answered", total)
		}
		if got := secondwind(t, "judge", folder); got.code != 2 || !strings.Contains(got.stderr, "claims nothing") {
			t.Errorf("judge of a load alone = %+v, want it refused", got)
		}
	})
	t.Run("observe records the group that AWS's own variables lead to", func(t *testing.T) {
		t.Parallel()
		folder, got := c.command(t, "observe", "--group", c.env["SECONDWIND_GROUP"], "--interval", "1s", "--for", "3s", "--json")
		if got.code != 0 {
			t.Fatalf("observe = %+v", got)
		}
		for line := range strings.Lines(got.stdout) {
			if !json.Valid([]byte(line)) {
				t.Errorf("observe --json wrote %q", line)
			}
		}
		record, err := runlog.Open(folder)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[string]int{}
		for _, o := range record.Cloud {
			if o.Error != nil {
				t.Errorf("%s: %+v", o.Operation, o.Error)
			}
			seen[o.Operation]++
		}
		for _, operation := range []string{
			runlog.OpDescribeAutoScalingGroups, runlog.OpGetMetricData, runlog.OpDescribeTargetHealth, runlog.OpDescribeAlarmHistory,
		} {
			if seen[operation] < 2 {
				t.Errorf("%s was recorded %d times, want at least twice", operation, seen[operation])
			}
		}
	})
	t.Run("observe names a group that is not there", func(t *testing.T) {
		t.Parallel()
		folder, got := c.command(t, "observe", "--group", "nobody", "--interval", "1s", "--for", "3s")
		if got.code != 2 || !strings.Contains(got.stderr, `"nobody"`) || strings.Contains(got.stderr, "--help") || folder != "" {
			t.Errorf("observe = %+v, folder %q, want exit code 2, the name and no folder", got, folder)
		}
	})
	t.Run("a request with a wrong signature is refused", func(t *testing.T) {
		t.Parallel()
		intruder := &cloud{env: maps.Clone(c.env)}
		intruder.env["AWS_SECRET_ACCESS_KEY"] = "wrong"
		_, got := intruder.command(t, "observe", "--group", c.env["SECONDWIND_GROUP"], "--interval", "1s", "--for", "3s")
		if got.code != 2 || !strings.Contains(got.stderr, "SignatureDoesNotMatch") || strings.Contains(got.stderr, "--help") {
			t.Errorf("observe = %+v, want exit code 2 and SignatureDoesNotMatch", got)
		}
	})
	load := []string{"load", c.env["SECONDWIND_URL"], "--duration", "2s"}
	for _, disk := range []fullDisk{
		{"8k", runlog.CloudFile, true, []string{"observe", "--group", c.env["SECONDWIND_GROUP"], "--interval", "1s", "--for", "20s"}},
		{"8k", runlog.LoadFile, true, load}, {"4k", runlog.ScenarioFile + ".part", false, load},
	} {
		t.Run("a full disk cuts off "+disk.file, func(t *testing.T) { c.onAFullDisk(t, disk) })
	}
}

// fullDisk is a disk that is full soon.
type fullDisk struct {
	size string
	file string   // which cannot be written whole
	kept bool     // what was recorded before stays; else nothing is left behind
	args []string // of a command that records
}

func (c *cloud) onAFullDisk(t *testing.T, disk fullDisk) {
	t.Parallel()
	if err := exec.Command("unshare", "-rm", "true").Run(); err != nil {
		t.Skipf("skipped: a small disk of its own needs user namespaces and unshare: %v", err)
	}
	const script = `mkdir disk && mount -t tmpfs -o size=$0 small disk && cd disk && "$@"; code=$?; ls reports/runs/*; exit $code`
	cmd := c.prepare(t, "unshare", append([]string{"-rm", "sh", "-c", script, disk.size, filepath.Join(bin, "secondwind")}, disk.args...)...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	_ = cmd.Run() // the exit code tells
	named := strings.Count(stderr.String(), disk.file+": no space left on device")
	kept := strings.Contains(stdout.String(), runlog.ManifestFile)
	if code := cmd.ProcessState.ExitCode(); code != 2 || named != 1 || kept != disk.kept {
		t.Errorf("exit code %d, %s named %d times, record kept: %t; want 2, once and %t:\n%s%s",
			code, disk.file, named, kept, disk.kept, stdout.String(), stderr.String())
	}
}
