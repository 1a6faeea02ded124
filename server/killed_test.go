package server

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"secondwind/server/history"
)

var kills = flag.Int("kills", 4, "processes that TestWhatWasAnsweredIsStored kills")

// historyOfProcess and durabilityOfProcess are those of a server that is going to be killed.
const (
	historyOfProcess    = "SERVER_TEST_HISTORY"
	durabilityOfProcess = "SERVER_TEST_DURABILITY"
)

func keptIn(t testing.TB, path string) *history.History {
	t.Helper()
	h, err := history.New(history.Config{Store: "sqlite:" + path, MaxEntries: 1_000_000})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- h.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	for h.Ready(t.Context()) != nil {
		if t.Context().Err() != nil {
			t.Fatal("the history is never ready")
		}
	}
	return h
}

// TestServerThatIsKilled is the program of the processes that TestWhatWasAnsweredIsStored
// starts and kills. It prints its address.
func TestServerThatIsKilled(t *testing.T) {
	if os.Getenv(historyOfProcess) == "" {
		t.Skip("this is the program of the processes that another test starts and kills")
	}
	s, err := New(Config{History: keptIn(t, os.Getenv(historyOfProcess)), Durability: Durability(os.Getenv(durabilityOfProcess)),
		InstanceID: func(context.Context) (string, error) { return "i-1", nil }})
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println("serving", listener.Addr())
	t.Fatal(s.Serve(t.Context(), listener))
}

// TestWhatWasAnsweredIsStored kills servers while clients calculate. Every answer that says
// that its entry is written is in the store, and of those that say that it is queued, all but
// 256 a killed process: what is answered is what is stored and what may be lost.
func TestWhatWasAnsweredIsStored(t *testing.T) {
	path := t.TempDir() + "/history.db"
	answers := map[string]Durability{} // by result
	const clients = 8
	for kill := range *kills {
		durability := []Durability{Written, Queued}[kill%2]
		maps.Copy(answers, killed(t, path, durability, clients, kill))
	}
	entries, err := keptIn(t, path).List(t.Context(), alice, history.Query{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		delete(answers, e.Result)
	}
	lost := map[Durability]int{}
	for _, became := range answers {
		lost[became]++
	}
	t.Logf("%d kills: %d entries stored; not stored of those that were answered as: %v", *kills, len(entries), lost)
	if lost[Written] > 0 || lost[Queued] > *kills*maxWaiting || len(entries) < *kills {
		t.Errorf("%d entries are stored, and these are not: %v; want no written and at most %d queued ones", len(entries), lost,
			*kills*maxWaiting)
	}
}

// killed starts a server, has clients calculate, and kills it in the middle of that. It
// returns what the answers said, by their results.
func killed(t *testing.T, path string, durability Durability, clients, round int) map[string]Durability {
	t.Helper()
	process := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestServerThatIsKilled$")
	process.Env = append(os.Environ(), historyOfProcess+"="+path, durabilityOfProcess+"="+string(durability))
	process.Stderr = os.Stderr
	out, err := process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer process.Wait() // an error: it was killed
	line, err := bufio.NewReader(out).ReadString('\n')
	address, ok := strings.CutPrefix(strings.TrimSpace(line), "serving ")
	if err != nil || !ok {
		t.Fatalf("the server says %q, %v", line, err)
	}
	transport := &http.Transport{MaxIdleConnsPerHost: clients}
	defer transport.CloseIdleConnections()
	answers := map[string]Durability{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for client := range clients {
		group.Go(func() {
			for n := 0; ; n++ {
				result := fmt.Sprint(1_000_000_000 + round*10_000_000 + client*100_000 + n)
				became, err := askForSum(transport, address, result)
				if err != nil {
					return
				}
				mu.Lock()
				answers[result] = became
				if len(answers) == 50+7*round {
					_ = process.Process.Kill()
				}
				mu.Unlock()
			}
		})
	}
	group.Wait()
	return answers
}

// askForSum has a server add nothing to a number, and returns what became of the entry.
func askForSum(transport *http.Transport, address, number string) (Durability, error) {
	r, err := http.NewRequest(http.MethodGet, "http://"+address+"/_calculate?number1=0&operator=%2B&number2="+number, nil)
	if err != nil {
		return "", err
	}
	r.AddCookie(&http.Cookie{Name: userCookie, Value: alice})
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return Durability(answer.Header.Get(headerHistory)), err
}
