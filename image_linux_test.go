package secondwind_test

import (
	"bytes"
	"debug/elf"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

var image = flag.Bool("image", false, "carry out the Dockerfile without a container engine, as make image does")

// TestTheImageIsBuiltWithoutAnEngine carries out what the recipe does beyond its bases: what it
// copies from the context, its build, and what it copies from there. What it built must run in
// a root file system with nothing else in it.
func TestTheImageIsBuiltWithoutAnEngine(t *testing.T) {
	if !*image {
		t.Skip("without -image the Dockerfile is only read; `make image` carries it out")
	}
	context, built, root := t.TempDir(), t.TempDir(), t.TempDir()
	copyContext(t, context)
	all := recipe(t)
	for _, script := range argumentsOf(all, "RUN") {
		if script == "go mod download" {
			continue // of what is in the module cache
		}
		cmd := exec.CommandContext(t.Context(), "/bin/sh", "-euc", script)
		cmd.Dir, cmd.Env = context, append(os.Environ(), "VERSION=1.2.3-image", "OUT="+built)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("RUN %s: %v\n%s", script, err, text)
		}
	}
	for _, args := range argumentsOf(all, "COPY") {
		if target, found := strings.CutPrefix(args, "--from=build /out/ "); found {
			if err := os.CopyFS(filepath.Join(root, target), os.DirFS(built)); err != nil {
				t.Fatal(err)
			}
		}
	}
	entrypoint := argumentsOf(all, "ENTRYPOINT")
	for _, program := range []string{"/usr/local/bin/secondwind", "/usr/local/bin/calculator"} {
		isStatic(t, filepath.Join(root, program))
		if text := runAlone(t, root, program); !strings.Contains(text, "1.2.3-image") {
			t.Errorf("%s --version prints %q, want the version that the image was built with", program, text)
		}
	}
	if want := []string{`["/usr/local/bin/secondwind"]`}; !slices.Equal(entrypoint, want) {
		t.Errorf("ENTRYPOINT %q, want %q", entrypoint, want)
	}
}

// copyContext copies what an engine is sent: the files of the repository but for .dockerignore.
func copyContext(t *testing.T, to string) {
	t.Helper()
	listed, err := exec.CommandContext(t.Context(), "git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Skipf("git lists no files (%v): the image is not built", err)
	}
	out := dockerIgnored(t)
	for name := range strings.SplitSeq(strings.TrimRight(string(listed), "\x00"), "\x00") {
		data, err := os.ReadFile(name)
		if out(name) || os.IsNotExist(err) {
			continue
		}
		target := filepath.Join(to, name)
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(target, data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func isStatic(t *testing.T, program string) {
	t.Helper()
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP || p.Type == elf.PT_DYNAMIC {
			t.Errorf("%s has a segment %s, and distroless static has no loader", program, p.Type)
		}
	}
}

// runAlone runs a program in a root file system, as a user without rights.
func runAlone(t *testing.T, root, program string) string {
	t.Helper()
	for dir := root; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { // of the test's own, so that the user gets there
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), program, "--version")
	cmd.SysProcAttr = &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: 65532, Gid: 65532}}
	if os.Geteuid() != 0 {
		as := func(host int) []syscall.SysProcIDMap {
			return []syscall.SysProcIDMap{{ContainerID: 65532, HostID: host, Size: 1}}
		}
		cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = as(os.Getuid()), as(os.Getgid())
		cmd.SysProcAttr.Cloneflags, cmd.SysProcAttr.Credential.NoSetGroups = syscall.CLONE_NEWUSER, true
	}
	cmd.Dir, cmd.Env = "/", []string{}
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	if err := cmd.Run(); os.IsPermission(err) {
		t.Skipf("%v: this user may not change the root: that it starts there is not tested, only that it is static", err)
	} else if err != nil {
		t.Errorf("%s --version in an empty root: %v, %s", program, err, text.String())
	}
	return text.String()
}
