package instance_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
)

func TestAnswerToABatchPassesAsItComes(t *testing.T) {
	t.Parallel()
	seen := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		io.WriteString(w, "first\n")
		http.NewResponseController(w).Flush()
		select {
		case <-seen: // the client has the first line before there is a second
			io.WriteString(w, "second\n")
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(server.Close)
	p := startProxy(t, strings.TrimPrefix(server.URL, "http://"), usual())
	response, err := p.from(t, balancerAddress).Post("http://"+p.address+"/v1/batch", "application/jsonl", strings.NewReader("1\n2\n"))
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewReader(response.Body)
	if first, err := lines.ReadString('\n'); err != nil || first != "first\n" {
		t.Fatalf("first line = %q, %v: the answer is held back", first, err)
	}
	close(seen)
	if second, err := lines.ReadString('\n'); err != nil || second != "second\n" {
		t.Errorf("second line = %q, %v", second, err)
	}
}

func TestNumbersForStatisticsPassWhileTheyComeIn(t *testing.T) {
	t.Parallel()
	arrived := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		first := make([]byte, 2)
		io.ReadFull(r.Body, first)
		close(arrived)
		rest, _ := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, rest+2)
	}))
	t.Cleanup(server.Close)
	p := startProxy(t, strings.TrimPrefix(server.URL, "http://"), usual())
	body, numbers := io.Pipe()
	go func() {
		io.WriteString(numbers, "1\n")
		<-arrived // the rest is sent once the calculator has the first
		io.WriteString(numbers, strings.Repeat("2\n", 12*mebibyte))
		numbers.Close()
	}()
	got := p.do(t, p.from(t, balancerAddress), http.MethodPost, "/v1/statistics", body, "Content-Type", "text/csv")
	if want := strconv.Itoa(24*mebibyte + 2); got.status != http.StatusOK || got.body != want {
		t.Errorf("answer = %d %q, want 200 and %s bytes counted", got.status, got.body, want)
	}
}

// nginx sends no more of a body once the answer has begun: a calculator that
// answers the first line before it has read the last never gets the last.
func TestLargeBatchIsAnsweredWhole(t *testing.T) {
	t.Parallel()
	p := startProxy(t, startCalculator(t, "127.0.0.1:0").address, usual())
	const count = 15_000 // lines of a kilobyte: more than the sockets hold
	body := strings.Repeat(`{"operation":"+","operands":["`+strings.Repeat("9", 960)+`","1"]}`+"\n", count)
	got := p.do(t, p.from(t, balancerAddress), http.MethodPost, "/v1/batch", strings.NewReader(body), "Content-Type", "application/jsonl")
	if answers := strings.Count(got.body, `"1`+strings.Repeat("0", 960)+`"`); got.status != http.StatusOK || answers != count {
		t.Errorf("answer = %d with %d right results, want 200 and %d", got.status, answers, count)
	}
}
