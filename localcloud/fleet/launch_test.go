package fleet

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	sdkimds "github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

func TestAnInstanceListensAtItsOwnAddress(t *testing.T) {
	f := newFleet(t, Config{})
	a, b := launch(t, f, spec("serve")), launch(t, f, spec("serve"))
	for _, i := range []Instance{a, b} {
		ask(t, i, "/environ")
		if host, _, _ := net.SplitHostPort(i.Address); host != i.PrivateIP {
			t.Errorf("PrivateIP = %q with Address %q, want the same host", i.PrivateIP, i.Address)
		}
		if i.VCPUs != 1 || i.PID <= 0 || i.LaunchTime.IsZero() {
			t.Errorf("Launch() = %+v, want 1 vCPU, a pid and a launch time", i)
		}
	}
	if a.Address == b.Address {
		t.Errorf("two instances listen at %s", a.Address)
	}
	if runtime.GOOS == "linux" && a.PrivateIP == b.PrivateIP {
		t.Errorf("two instances have the address %s, want one each", a.PrivateIP)
	}
}

func TestAnInstanceSeesNothingOfTheHarness(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDHARNESS")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "harness-secret")
	t.Setenv("AWS_PROFILE", "harness")
	t.Setenv("AWS_REGION", "eu-harness-1")
	t.Setenv("AWS_ENDPOINT_URL", "http://harness.example")
	f := newFleet(t, Config{Endpoint: "http://127.0.0.1:4566"})
	s := spec("serve")
	s.Env = append(s.Env, "EXTRA=at {address}")
	i := launch(t, f, s)
	env := map[string]string{}
	for line := range strings.Lines(ask(t, i, "/environ")) {
		k, v, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		env[k] = v
		if strings.Contains(strings.ToLower(v), "harness") {
			t.Errorf("instance sees %s", line)
		}
	}
	for k, want := range map[string]string{
		"AWS_REGION": "local-1", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566", "EXTRA": "at " + i.Address, "GOMAXPROCS": "1",
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull, "AWS_CONFIG_FILE": os.DevNull,
	} {
		if env[k] != want {
			t.Errorf("instance sees %s=%q, want %q", k, env[k], want)
		}
	}
	if _, ok := env["PATH"]; !ok {
		t.Error("instance has no PATH")
	}
}

func TestAnInstanceFindsItsMetadata(t *testing.T) {
	f := newFleet(t, Config{})
	s := spec("serve")
	i := launch(t, f, s)
	var endpoint string
	for line := range strings.Lines(ask(t, i, "/environ")) {
		if v, ok := strings.CutPrefix(line, "AWS_EC2_METADATA_SERVICE_ENDPOINT="); ok {
			endpoint = strings.TrimSpace(v)
		}
	}
	c := sdkimds.New(sdkimds.Options{Endpoint: endpoint})
	doc, err := c.GetInstanceIdentityDocument(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if doc.InstanceID != i.ID || doc.PrivateIP != i.PrivateIP || doc.InstanceType != s.InstanceType ||
		doc.ImageID != s.ImageID || doc.AccountID != s.AccountID || doc.Region != s.Region {
		t.Errorf("identity document = %+v, want that of %+v", doc.InstanceIdentityDocument, s)
	}
	if err := f.Terminate(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(endpoint, "http://")); err == nil {
		t.Error("metadata is still served after Terminate")
	}
}

func TestLaunchRefuses(t *testing.T) {
	dir := t.TempDir()
	plain, garbage := filepath.Join(dir, "plain"), filepath.Join(dir, "garbage")
	for path, mode := range map[string]os.FileMode{plain: 0o644, garbage: 0o755} {
		if err := os.WriteFile(path, []byte("\x00no program\n"), mode); err != nil {
			t.Fatal(err)
		}
	}
	tests := []struct {
		name   string
		change func(*Spec)
		want   string
		unix   bool
	}{
		{"a program that is missing", func(s *Spec) { s.Program = filepath.Join(dir, "missing") }, "does not exist; build it first", false},
		{"a name that is not in PATH", func(s *Spec) { s.Program = "no-such-program-anywhere" }, "does not exist; build it first", false},
		{"a folder", func(s *Spec) { s.Program = dir }, "is a folder", false},
		{"a file that is not executable", func(s *Spec) { s.Program = plain }, "chmod +x", true},
		{"a file that is no program", func(s *Spec) { s.Program = garbage }, "not a program for " + runtime.GOOS + "/" + runtime.GOARCH, true},
		{"no program", func(s *Spec) { s.Program = "" }, "no program", false},
		{"an instance id that is a path", func(s *Spec) { s.InstanceID = "../../etc/passwd" }, "17 hex digits", false},
		{"an unknown instance type", func(s *Spec) { s.InstanceType = "t9.huge" }, `unknown instance type "t9.huge"`, false},
		{"an environment entry without a value", func(s *Spec) { s.Env = []string{"NOVALUE"} }, `"NOVALUE" is not KEY=VALUE`, false},
		{"an argument with a NUL byte", func(s *Spec) { s.Args = []string{"a\x00b"} }, "NUL", false},
	}
	f := newFleet(t, Config{})
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if tt.unix && runtime.GOOS == "windows" {
				t.Skip("skipped on Windows: the case needs Unix file modes")
			}
			s := spec("serve")
			tt.change(&s)
			_, err := f.Launch(t.Context(), s)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Launch() = %v, want an error with %q", err, tt.want)
			}
			if _, err := f.CPU(s.InstanceID); !errors.Is(err, ErrNotFound) {
				t.Errorf("CPU() after a failed launch = %v, want ErrNotFound", err)
			}
		})
	}
}

func TestLaunchReportsEveryFault(t *testing.T) {
	err := Spec{InstanceID: "x", InstanceType: "y", Env: []string{"z"}}.Validate()
	for _, want := range []string{`"x"`, `"y"`, `"z"`, "no program"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Validate() = %v, want it to name %s", err, want)
		}
	}
}

func TestNewRefuses(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, cfg := range []Config{{Dir: filepath.Join(file, "logs")}, {TerminateGrace: -time.Second}} {
		if f, err := New(cfg); err == nil {
			f.Close()
			t.Errorf("New(%+v) = nil, want an error", cfg)
		}
	}
}
