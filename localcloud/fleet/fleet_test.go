package fleet

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// patience bounds every wait for something real.
const patience = 20 * time.Second

// spec is an instance that plays a role of this test binary.
func spec(role string) Spec {
	self, err := os.Executable()
	if err != nil {
		panic(err)
	}
	return Spec{
		InstanceID:       fmt.Sprintf("i-%017x", rand.Uint64()),
		ImageID:          "ami-0123456789abcdef0",
		InstanceType:     "t2.micro",
		AvailabilityZone: "local-1a",
		Region:           "local-1",
		AccountID:        "123456789012",
		Program:          self,
		Args:             []string{"{address}"},
		Env:              []string{roleVariable + "=" + role},
	}
}

func newFleet(t *testing.T, cfg Config) *Fleet {
	t.Helper()
	f, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	})
	return f
}

func launch(t *testing.T, f *Fleet, s Spec) Instance {
	t.Helper()
	i, err := f.Launch(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// ask waits until the instance listens and returns its answer.
func ask(t *testing.T, i Instance, path string) string {
	t.Helper()
	var body string
	eventually(t, i.ID+" answers "+path, func() bool {
		resp, err := http.Get("http://" + i.Address + path)
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		body = string(b)
		return err == nil && resp.StatusCode == http.StatusOK
	})
	return body
}

// eventually polls until ok.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-ctx.Done():
			t.Fatalf("%s: not within %s", what, patience)
		}
	}
}

func awaitExit(t *testing.T, f *Fleet) Exit {
	t.Helper()
	select {
	case e := <-f.Exits():
		return e
	case <-time.After(patience):
		t.Fatal("no Exit was delivered")
		return Exit{}
	}
}

func TestTerminate(t *testing.T) {
	tests := []struct {
		name      string
		role      string
		grace     time.Duration
		cancelled bool
	}{
		{"ends an instance that heeds SIGTERM", "serve", time.Hour, false},
		{"kills one that does not, after the grace", "stubborn", 10 * time.Millisecond, false},
		{"kills one at once when the context has ended", "stubborn", time.Hour, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			if tt.cancelled {
				cancel()
			}
			f := newFleet(t, Config{TerminateGrace: tt.grace})
			i := launch(t, f, spec(tt.role))
			ask(t, i, "/environ")
			var all sync.WaitGroup
			for range 3 {
				all.Go(func() {
					if err := f.Terminate(ctx, i.ID); err != nil {
						t.Errorf("Terminate() = %v, want nil", err)
					}
					if alive(i.PID) {
						t.Error("the process is alive after Terminate")
					}
				})
			}
			all.Wait()
			if err := f.Terminate(ctx, i.ID); err != nil {
				t.Errorf("Terminate() again = %v, want nil", err)
			}
			select {
			case e := <-f.Exits():
				t.Errorf("Exits() delivered %v, want nothing of what was terminated", e)
			default:
			}
		})
	}
}

func TestTerminateTakesGrandchildrenAlong(t *testing.T) {
	f := newFleet(t, Config{})
	i := launch(t, f, spec("serve"))
	grandchild, err := strconv.Atoi(ask(t, i, "/grandchild"))
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Terminate(t.Context(), i.ID); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the grandchild is gone", func() bool { return gone(grandchild) })
}

func TestAnExitTellsHowAndTheLastLine(t *testing.T) {
	tests := []struct {
		role string
		want []string
	}{
		{"fail", []string{"exit status 3", "listen tcp: address already in use"}},
		{"vanish", []string{"exit status 0", "nothing"}},
	}
	for _, tt := range tests {
		t.Run(tt.role, func(t *testing.T) {
			f := newFleet(t, Config{})
			i := launch(t, f, spec(tt.role))
			e := awaitExit(t, f)
			if e.ID != i.ID {
				t.Errorf("Exit.ID = %q, want %q", e.ID, i.ID)
			}
			for _, want := range tt.want {
				if e.Err == nil || !strings.Contains(e.Err.Error(), want) {
					t.Errorf("Exit.Err = %v, want one with %q", e.Err, want)
				}
			}
			if err := f.Terminate(t.Context(), i.ID); err != nil {
				t.Errorf("Terminate() after the exit = %v, want nil", err)
			}
			if used, err := f.CPU(i.ID); err != nil || used <= 0 {
				t.Errorf("CPU() after the exit = %s, %v, want what it used", used, err)
			}
		})
	}
}

func TestAnInstanceThatIsKilledFromOutsideIsAnExit(t *testing.T) {
	f := newFleet(t, Config{})
	i := launch(t, f, spec("serve"))
	p, err := os.FindProcess(i.PID)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if e := awaitExit(t, f); e.ID != i.ID || !errors.As(e.Err, &exit) {
		t.Errorf("Exit = %+v, want that of %s with an *exec.ExitError", e, i.ID)
	}
}

func TestWhatWasNeverLaunchedIsNotFound(t *testing.T) {
	f := newFleet(t, Config{})
	const id = "i-00000000000000000"
	if err := f.Terminate(t.Context(), id); !errors.Is(err, ErrNotFound) {
		t.Errorf("Terminate() = %v, want ErrNotFound", err)
	}
	if _, err := f.CPU(id); !errors.Is(err, ErrNotFound) {
		t.Errorf("CPU() = %v, want ErrNotFound", err)
	}
}

func TestAnInstanceIDIsNotUsedTwice(t *testing.T) {
	f := newFleet(t, Config{})
	s := spec("serve")
	i := launch(t, f, s)
	for _, when := range []string{"while it runs", "after its end"} {
		if _, err := f.Launch(t.Context(), s); err == nil || !strings.Contains(err.Error(), "not used twice") {
			t.Errorf("Launch() of the same id %s = %v, want an error", when, err)
		}
		if err := f.Terminate(t.Context(), i.ID); err != nil {
			t.Fatal(err)
		}
	}
}

func TestCloseEndsEverything(t *testing.T) {
	f, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	var pids []int
	for range 3 {
		i := launch(t, f, spec("serve"))
		pids = append(pids, i.PID)
	}
	launch(t, f, spec("vanish")) // an exit that nobody receives must not hold Close up
	for range 2 {
		if err := f.Close(); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	}
	for _, pid := range pids {
		if alive(pid) {
			t.Errorf("process %d is alive after Close", pid)
		}
	}
	if _, open := <-f.Exits(); open {
		t.Error("Exits() is open after Close")
	}
	if _, err := f.Launch(t.Context(), spec("serve")); !errors.Is(err, ErrClosed) {
		t.Errorf("Launch() after Close = %v, want ErrClosed", err)
	}
}

func TestCloseAndLaunchAtTheSameTime(t *testing.T) {
	f, err := New(Config{})
	if err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	started := make(chan Instance, 8)
	for range 8 {
		all.Go(func() {
			i, err := f.Launch(context.Background(), spec("serve"))
			switch {
			case err == nil:
				started <- i
			case !errors.Is(err, ErrClosed):
				t.Errorf("Launch() while closing = %v, want nil or ErrClosed", err)
			}
		})
	}
	all.Go(func() {
		if err := f.Close(); err != nil {
			t.Errorf("Close() = %v, want nil", err)
		}
	})
	all.Wait()
	close(started)
	for i := range started {
		if alive(i.PID) {
			t.Errorf("process %d is alive after Close", i.PID)
		}
	}
}

func TestTheLogOfAnInstanceIsAFile(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "for", "it")
	f := newFleet(t, Config{Dir: dir})
	i := launch(t, f, spec("fail"))
	awaitExit(t, f)
	got, err := os.ReadFile(filepath.Join(dir, i.ID+".log"))
	if want := "starting\nlisten tcp: address already in use\n"; err != nil || string(got) != want {
		t.Errorf("log = %q, %v, want %q", got, err, want)
	}
}

// TestCPUIsWhatTheProcessUsed holds the fleet's measure against the process's
// own account, for a process that is busy and then idle.
func TestCPUIsWhatTheProcessUsed(t *testing.T) {
	// Until it is in its cgroup a process's time is not counted, and systems
	// account in ticks.
	const tolerance = 50 * time.Millisecond
	for name, f := range measuringFleets(t) {
		t.Run(name, func(t *testing.T) {
			i := launch(t, f, spec("serve"))
			for range 3 {
				ask(t, i, "/burn?for=100ms")
				before, err := f.CPU(i.ID)
				if err != nil {
					t.Fatal(err)
				}
				own, err := strconv.ParseInt(ask(t, i, "/cpu"), 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				after, err := f.CPU(i.ID)
				if err != nil {
					t.Fatal(err)
				}
				if own := time.Duration(own); before > own+tolerance || after < own-tolerance {
					t.Errorf("CPU() = %s and then %s, want the process's own %s in between", before, after, own)
				}
			}
		})
	}
}

// gone reports whether the process has ended, a zombie included: on a machine
// without an init that waits for orphans they stay.
func gone(pid int) bool { return !alive(pid) || zombie(pid) }
