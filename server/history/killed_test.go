package history

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"testing"

	"secondwind/server/history/vault"
)

// storeOfProcess and keyOfProcess are what a process that is going to be killed
// adds entries to.
const (
	storeOfProcess = "HISTORY_TEST_STORE"
	keyOfProcess   = "HISTORY_TEST_KEY"
)

// TestProcessThatIsKilled is the program of the processes that
// TestWhatWasAddedSurvivesKilledProcesses starts. It prints the id of every entry
// that was added, and deletes every fourth, until it is killed.
func TestProcessThatIsKilled(t *testing.T) {
	if os.Getenv(storeOfProcess) == "" {
		t.Skip("this is the program of the processes that another test starts and kills")
	}
	h, err := New(Config{Store: os.Getenv(storeOfProcess), Key: os.Getenv(keyOfProcess), Log: slog.New(slog.NewTextHandler(os.Stderr, nil))})
	if err != nil {
		t.Fatal(err)
	}
	running(t, h)
	await(t, "Ready", func() bool { return h.Ready(t.Context()) == nil })
	for i := 0; ; i++ {
		e := add(t, h, alice, Entry{Operands: []string{fmt.Sprint(i)}, Result: killedPlaintext})
		if i%4 == 3 {
			fmt.Println("deleting", e.ID)
			if err := h.Delete(t.Context(), alice, e.ID); err != nil {
				t.Fatalf("Delete: %v", err)
			}
			continue
		}
		fmt.Println("added", e.ID)
	}
}

const killedPlaintext = "3141592653589793238462643383279502884197"

func TestWhatWasAddedSurvivesKilledProcesses(t *testing.T) {
	onEveryStore(t, func(t *testing.T, cfg Config) {
		cfg = cfg.withDefaults()
		cfg.MaxEntries = 500
		var mu sync.Mutex
		added, deleting := map[string]bool{}, map[string]bool{}
		for range 2 { // rounds: the second begins with what the first left
			var group sync.WaitGroup
			for i := range 3 {
				group.Go(func() {
					err := killAfter(t.Context(), cfg, 20+5*i, func(what, id string) {
						mu.Lock()
						defer mu.Unlock()
						if what == "added" {
							added[id] = true
						} else {
							deleting[id] = true
						}
					})
					if err != nil {
						t.Errorf("process %d: %v", i, err)
					}
				})
			}
			group.Wait()
		}
		h := opened(t, cfg)
		got := map[string]bool{}
		for _, e := range list(t, h, alice, Query{}) {
			got[e.ID] = true
			if e.Result != killedPlaintext {
				t.Errorf("entry %s has the result %q", e.ID, e.Result)
			}
		}
		if len(added) < 2*3*15 {
			t.Errorf("the processes added %d entries before they were killed, want at least 90", len(added))
		}
		for id := range added {
			if !got[id] {
				t.Errorf("entry %s was added, and is gone", id)
			}
		}
		// Of each process the last one may be there that it was about to name.
		if extra := len(got) - len(added); extra > 2*3 {
			t.Errorf("there are %d entries more than were added and not deleted, want at most 6", extra)
		}
		holdsNoPlaintext(t, h, killedPlaintext)
	})
}

// killAfter starts a process over the store, reads so many lines of it, and
// kills it in the middle of its work.
func killAfter(ctx context.Context, cfg Config, lines int, line func(what, id string)) error {
	process := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestProcessThatIsKilled$")
	process.Env = append(os.Environ(), storeOfProcess+"="+cfg.Store, keyOfProcess+"="+cfg.Key)
	var log bytes.Buffer
	process.Stderr = &log
	out, err := process.StdoutPipe()
	if err != nil {
		return err
	}
	if err := process.Start(); err != nil {
		return err
	}
	seen := 0
	for scanner := bufio.NewScanner(out); scanner.Scan(); {
		var what, id string
		if n, _ := fmt.Sscan(scanner.Text(), &what, &id); n != 2 || what != "added" && what != "deleting" {
			continue
		}
		line(what, id)
		if seen++; seen == lines {
			// Lines that it wrote meanwhile are read still.
			if err := process.Process.Kill(); err != nil {
				return err
			}
		}
	}
	if _, ended := errors.AsType[*exec.ExitError](process.Wait()); !ended || seen < lines {
		return fmt.Errorf("it ended by itself after %d lines: %s", seen, &log)
	}
	return nil
}

// holdsNoPlaintext looks for a text in everything that a thief of the store gets.
func holdsNoPlaintext(t *testing.T, h *History, text string) {
	t.Helper()
	s, err := h.available()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	err = s.store.Raw(t.Context(), func(part string, r io.Reader) error {
		raw, err := io.ReadAll(r)
		total += len(raw)
		if bytes.Contains(raw, []byte(text)) {
			t.Errorf("%s holds %q in clear", part, text)
		}
		return err
	})
	if err != nil || total < vault.Overhead {
		t.Errorf("the store's raw bytes: %d, error %v", total, err)
	}
}
