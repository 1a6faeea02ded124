package mix

import (
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/loadgen/client"
)

// received is what a server saw of a request.
type received struct{ method, uri, host, body, header string }

// server records what it receives; take returns that, and begins anew.
func server(t *testing.T) (address string, take func() []received) {
	t.Helper()
	var mu sync.Mutex
	var seen []received
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		header := r.Header.Clone()
		for _, ours := range []string{"User-Agent", "Accept-Encoding", "X-Vegeta-Seq", "X-Vegeta-Attack"} {
			header.Del(ours)
		}
		var lines []string
		for _, name := range slices.Sorted(maps.Keys(header)) {
			lines = append(lines, name+": "+strings.Join(header[name], ", "))
		}
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, received{r.Method, r.RequestURI, r.Host, string(body), strings.Join(lines, "\n")})
		w.Header().Set("X-Served-By", "here")
		w.WriteHeader(len(seen)%2*100 + 300) // 400, 300, 400 …
	}))
	t.Cleanup(s.Close)
	return s.URL, func() []received {
		mu.Lock()
		defer mu.Unlock()
		all := seen
		seen = nil
		return all
	}
}

const targets = `GET URL/
POST URL/a%20b?x=1&y=%C3%A4
Content-Type: text/plain
X-Own: one
X-Own: two

HEAD URL/head
DELETE URL
Host: elsewhere.example
`

// TestAServerReceivesWhatVegetaWouldSend sends the same targets with Vegeta's Attacker
// and with our client.
func TestAServerReceivesWhatVegetaWouldSend(t *testing.T) {
	address, take := server(t)
	text := strings.ReplaceAll(targets, "URL", address)
	common := http.Header{"X-Common": {"yes"}}
	all, err := vegeta.ReadAllTargets(vegeta.NewHTTPTargeter(strings.NewReader(text), []byte("body\n"), common))
	if err != nil {
		t.Fatal(err)
	}
	attacker := vegeta.NewAttacker(vegeta.Workers(1), vegeta.MaxWorkers(1), vegeta.Redirects(vegeta.NoFollow))
	ended := 0
	for range attacker.Attack(vegeta.NewStaticTargeter(all...), vegeta.Rate{Freq: 1000, Per: time.Second}, 0, "") {
		if ended++; ended == len(all) {
			attacker.Stop() // one or two more may be on their way
		}
	}
	theirs := take()[:len(all)]

	ours, err := FromTargets(strings.NewReader(text), Targets{
		Format: "http", Header: common, Body: []byte("body\n"), Identity: Identity{Header: "x-served-by"},
	})
	if err != nil {
		t.Fatal(err)
	}
	c := client.NewServer(ours.Server(), client.Options{}).Client()
	defer c.Close()
	for seq := range uint64(len(all)) {
		var r client.Request
		ours.Request(seq+uint64(len(all))*5, &r) // again and again
		answer, err := c.Exchange(&r, time.Now().Add(20*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		if got, want := ours.Failure(seq, answer), []string{"status 400", ""}[seq%2]; got != want || string(ours.Instance(answer)) != "here" {
			t.Errorf("request %d: Failure() = %q by %q, want %q", seq, got, ours.Instance(answer), want)
		}
	}
	if own := take(); len(all) != 4 || !slices.Equal(own, theirs) {
		t.Errorf("our client sent\n%q\nVegeta sent\n%q", own, theirs)
	}
}

func TestJSONTargets(t *testing.T) {
	const line = `{"method":"PUT","url":"https://a.example:8443/x","body":"Zm9v","header":{"X-A":["b"]}}`
	got, err := FromTargets(strings.NewReader(line), Targets{Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	const want = "PUT /x HTTP/1.1\r\nHost: a.example:8443\r\nUser-Agent: secondwind\r\nX-A: b\r\nContent-Length: 3\r\n\r\nfoo"
	if wire(got, 0) != want || got.Server().String() != "https://a.example:8443" || got.Kinds()[got.Kind(7)] != "PUT /x" {
		t.Errorf("Describe() = %q to %s, kind %q, want %q", wire(got, 0), got.Server(), got.Kinds(), want)
	}
}

func TestTargetsThatCannotBeSentAreRefused(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for text, want := range map[string]string{
		"":                                "there is no target in it",
		"GET http://a/\n\nGET http://b/":  "target 2: it goes to http://b, the ones before to http://a",
		"GET http://a/\n\nGET https://a/": "target 2: it goes to https://a",
		"GET ftp://a/":                    "is not the URL of an http or https server",
		"GET http://user:secret@a:99999/": "target 1: \"http://user:xxxxx@a:99999/\" has port 99999; a port is 1 to 65535",
		"GET http:///x":                   "is not the URL of an http or https server",
		"GET":                             "target 1: bad target",
		"GET http://a/\n\nGET http://a/\nX: " + long + "\n": "line 4 has 1048580 bytes; give at most 65536",
		"GET http://a/\n\nGET http://a/\nX\n":               "target 2: bad header",
		"GET http://a/\n\nGET http://a/b#c":                 "target 2: \"http://a/b#c\" has a fragment",
		"GET http://user:secret@a/\n\nGET ftp:x":            "ftp:x",
		"GET http://a/\nTransfer-Encoding: chunked":         "target 1: headers.Transfer-Encoding: cannot be sent",
		"GET http://a/?ä":                                   "target 1: path: is",
	} {
		_, err := FromTargets(strings.NewReader(text), Targets{Format: "http"})
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("FromTargets(%.99q) = %v, want an error with %q", text, err, want)
		}
	}
	if _, err := FromTargets(strings.NewReader("GET http://a/"), Targets{Format: "yaml"}); err == nil {
		t.Error("FromTargets(format yaml) = nil error")
	}
}
