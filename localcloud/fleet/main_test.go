package fleet

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"strings"
	"testing"
	"time"
)

// roleVariable says what this test binary is to be instead of a test: an
// instance, or a fleet's process that can be killed.
const roleVariable = "FLEET_TEST_ROLE"

func TestMain(m *testing.M) {
	switch role := os.Getenv(roleVariable); role {
	case "":
		os.Exit(m.Run())
	case "serve":
		serve(os.Args[1])
	case "stubborn":
		signal.Ignore(terminationSignals()...)
		serve(os.Args[1])
	case "fail":
		fmt.Println("starting")
		fmt.Fprintln(os.Stderr, "listen tcp: address already in use")
		os.Exit(3)
	case "vanish":
		os.Exit(0)
	case "wait": // a grandchild
		io.Copy(io.Discard, os.Stdin)
		select {}
	case "harness":
		harness()
	default:
		fmt.Fprintf(os.Stderr, "unknown role %q\n", role)
		os.Exit(2)
	}
}

// serve is an instance: it tells of itself, and burns CPU on demand.
func serve(address string) {
	mux := http.NewServeMux()
	mux.HandleFunc("/environ", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, strings.Join(os.Environ(), "\n"))
	})
	mux.HandleFunc("/burn", func(w http.ResponseWriter, r *http.Request) {
		d, err := time.ParseDuration(r.URL.Query().Get("for"))
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		burn(d)
	})
	mux.HandleFunc("/folder", func(w http.ResponseWriter, r *http.Request) {
		dir, err := os.Getwd()
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, dir)
	})
	mux.HandleFunc("/pid", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, os.Getpid())
	})
	mux.HandleFunc("/cpu", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, int64(ownCPU()))
	})
	mux.HandleFunc("/grandchild", func(w http.ResponseWriter, r *http.Request) {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), roleVariable+"=wait")
		if err := cmd.Start(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		fmt.Fprint(w, cmd.Process.Pid)
	})
	fmt.Println("listening on", address)
	fmt.Fprintln(os.Stderr, http.ListenAndServe(address, mux))
	os.Exit(1)
}

// burn uses d of this process's CPU time.
func burn(d time.Duration) {
	for end := ownCPU() + d; ownCPU() < end; {
		for i := range 100_000 {
			_ = i * i
		}
	}
}

// harness is a fleet's process with one instance that has a child of its own. It
// tells their process ids and then lives until it is killed.
func harness() {
	f, err := New(Config{})
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	i, err := f.Launch(context.Background(), spec("serve"))
	if err != nil {
		fmt.Println("error:", err)
		os.Exit(1)
	}
	url := "http://" + i.Address + "/grandchild"
	for range time.Tick(10 * time.Millisecond) {
		resp, err := http.Get(url)
		if err != nil {
			continue // it does not listen yet
		}
		grandchild, _ := io.ReadAll(resp.Body)
		fmt.Println(i.PID, string(grandchild))
		break
	}
	select {}
}

// readPIDs reads what harness tells.
func readPIDs(t *testing.T, r io.Reader) (child, grandchild int) {
	t.Helper()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(line)
	if len(fields) != 2 {
		t.Fatalf("harness says %q, want two process ids", line)
	}
	child, err1 := strconv.Atoi(fields[0])
	grandchild, err2 := strconv.Atoi(fields[1])
	if err1 != nil || err2 != nil {
		t.Fatalf("harness says %q, want two process ids", line)
	}
	return child, grandchild
}
