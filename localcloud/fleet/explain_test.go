package fleet

import (
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestWhatIsAnInstancesOwnIsFilledIn(t *testing.T) {
	f := newFleet(t, Config{})
	s := spec("serve")
	s.Dir = t.TempDir()
	s.Env = append(s.Env, "WHO={instance_id}", "WHERE={host} and {port}", "OTHER={{address}} {x}")
	i := launch(t, f, s)
	host, port, _ := strings.Cut(i.Address, ":")
	env := ask(t, i, "/environ")
	for _, want := range []string{"WHO=" + i.ID, "WHERE=" + host + " and " + port, "OTHER={" + i.Address + "} {x}"} {
		if !strings.Contains(env+"\n", want+"\n") {
			t.Errorf("the instance lacks %s in %s", want, env)
		}
	}
	if got := ask(t, i, "/folder"); got != s.Dir {
		t.Errorf("the instance works in %s, want %s", got, s.Dir)
	}
}

// TestAProgramThatListensElsewhereIsExplained: of each, what Explain says, without the instance's id.
func TestAProgramThatListensElsewhereIsExplained(t *testing.T) {
	f := newFleet(t, Config{})
	for name, test := range map[string]struct {
		argument, want string
	}{
		"where it is to":                    {"{host}:{port}", ""},
		"at another port":                   {"127.0.0.1:0", "listens on 127.0.0.1:"},
		"at a port that it was not told of": {"{host}:0", "; see that it takes where to listen from {port}, {host} and {port}, or {address}"},
		"everywhere, at a port of its own":  {":{port}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := spec("serve")
			s.Args = []string{test.argument}
			i := launch(t, f, s)
			eventually(t, "it listens", func() bool { return len(listening(i.PID)) > 0 })
			if got := f.Explain(i.ID); (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
				t.Errorf("Explain() = %q, want %q in it", got, test.want)
			}
			if err := f.Terminate(t.Context(), i.ID); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestAProgramThatListensEverywhereKeepsOthersAway needs no process: at the port that instances
// have, one would meet others of this machine.
func TestAProgramThatListensEverywhereKeepsOthersAway(t *testing.T) {
	p := &process{Instance: Instance{Address: "127.1.2.3:8080"}}
	for at, want := range map[string]string{
		"0.0.0.0:8080": "so that no second instance can on this machine", "[::]:8080": "make it listen on {host}", "127.1.2.3:8080": "",
		"0.0.0.0:3000": "listens on 0.0.0.0:3000, not on 127.1.2.3:8080; see that it takes",
	} {
		if got := p.misplaced([]netip.AddrPort{netip.MustParseAddrPort(at)}); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("misplaced(%s) = %q, want %q in it", at, got, want)
		}
	}
}

func TestInstancesThatKnowTheirPortOnlyHaveDifferentOnes(t *testing.T) {
	f := newFleet(t, Config{})
	s := spec("serve")
	s.Args = []string{":{port}"}
	a := launch(t, f, s)
	s.InstanceID = "i-00000000000000002"
	b := launch(t, f, s)
	for _, i := range []Instance{a, b} {
		if pid := ask(t, i, "/pid"); pid != strconv.Itoa(i.PID) {
			t.Errorf("%s answers as process %s, want %d: the other instance answers", i.Address, pid, i.PID)
		}
	}
}

func TestAnInstanceThatEndedIsExplained(t *testing.T) {
	f := newFleet(t, Config{})
	i := launch(t, f, spec("fail"))
	awaitExit(t, f)
	got := f.Explain(i.ID)
	for _, want := range []string{i.ID, "exit status 3", "address already in use", "another instance or program listens there"} {
		if !strings.Contains(got, want) {
			t.Errorf("Explain() = %q, want %q in it", got, want)
		}
	}
}

func TestAWorkingFolderThatIsNotThereIsNamed(t *testing.T) {
	f := newFleet(t, Config{})
	s := spec("serve")
	s.Dir = filepath.Join(t.TempDir(), "none")
	if _, err := f.Launch(t.Context(), s); err == nil || !strings.Contains(err.Error(), s.Dir) {
		t.Errorf("Launch() = %v, want that %s is not there", err, s.Dir)
	}
}
