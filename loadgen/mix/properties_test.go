package mix

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/client"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/profile"
)

var _ attack.Requests = (*Mix)(nil)

// FuzzWhatHasNoFaultIsOneRequest checks that whatever is not refused is read by net/http as
// exactly one request, with nothing behind it, and is what was asked for.
func FuzzWhatHasNoFaultIsOneRequest(f *testing.F) {
	f.Add("GET", "/", "X-A", "b", "", "")
	f.Add("POST", "/{{user}}/{{v}}?q={{v}}", "Host", "other.test:81", "body {{v}}", "a b&c\r\nX: y")
	f.Add("PUT", "{{v}}", "Content-Length", "2", "ab", "/x?y")
	f.Add("HEAD", "/%41", "content-type", "a;b=\"c\"", "{{seq}}", "")
	f.Add("get", "/a?b c", "X-\r\nY", "{{v}}", "\x00", "\xff")
	f.Fuzz(func(t *testing.T, method, path, name, value, body, v string) {
		s := Spec{Requests: []Request{{
			Method: method, Path: path, Headers: map[string]string{name: value}, Body: body, Rows: "v.jsonl",
		}}}
		base := &url.URL{Scheme: "http", Host: "host.test"}
		m, err := Make(s, base, func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(jsonl(v))), nil })
		if err != nil || method == "" || path == "" {
			return
		}
		text := wire(m, 41)
		rest := bufio.NewReader(strings.NewReader(text))
		r, err := http.ReadRequest(rest)
		if err != nil {
			t.Fatalf("%q was not refused, but is no request: %v", text, err)
		}
		received, err := io.ReadAll(r.Body)
		if err != nil || rest.Buffered() > 0 {
			t.Errorf("%q ends %d bytes too early, %v", text, rest.Buffered(), err)
		}
		known := strings.NewReplacer("{{v}}", string(rowValue(m)), "{{seq}}", "41", "{{user}}", "00000")
		if want := known.Replace(body); marker.FindString(known.Replace(body)) == "" && want != string(received) {
			t.Errorf("%q has the body %q, want %q", text, received, want)
		}
		if r.Method != method || marker.FindString(path) == "" && r.RequestURI != path {
			t.Errorf("%q is %s %s, want %s %s", text, r.Method, r.RequestURI, method, path)
		}
	})
}

// jsonl is a file with one row whose only column is v.
func jsonl(v string) string {
	return `{"v":"` + strings.NewReplacer("\\", `\\`, `"`, `\"`, "\n", `\n`, "\r", `\r`, "\t", `\t`, "\x00", `\u0000`).Replace(v) + "\"}\n"
}

// rowValue is the only column of the only row.
func rowValue(m *Mix) []byte { return m.entries[0].rows[0][0] }

// TestManyGoroutinesMakeTheSameRequests runs under the race detector, too.
func TestManyGoroutinesMakeTheSameRequests(t *testing.T) {
	for name, m := range mixes(t) {
		var want []string
		for seq := range uint64(200) {
			want = append(want, wire(m, seq))
		}
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				var r client.Request
				for seq := range uint64(200) {
					m.Request(seq, &r)
					if got := string(r.Head) + string(r.Body); got != want[seq] {
						t.Errorf("%s: request %d = %q, want %q", name, seq, got, want[seq])
					}
					_ = m.Failure(seq, answerOf(200, "{}"))
				}
			})
		}
		all.Wait()
	}
}

// TestASequenceIsTheSameInEveryVersion guards the ids of requests that failed: a version
// that drew otherwise would make other requests of them.
func TestASequenceIsTheSameInEveryVersion(t *testing.T) {
	s := Spec{Seed: 42, Users: 1000, Requests: []Request{{Name: "a", Weight: weight(3)}, {Name: "b", Rows: "rows.csv"}}}
	m, err := Make(s, parseURL(t, "http://host.test"), files(map[string]string{"rows.csv": "x\n" + strings.Repeat("1\n", 50)}))
	if err != nil {
		t.Fatal(err)
	}
	for seq, want := range map[uint64]string{
		0: "a, user 00697", 1: "a, user 00775", 2: "b, row 1, user 00636", 3: "a, user 00665", 1_000_000: "a, user 00520",
	} {
		want = fmt.Sprintf("seed 42, request %d: %s", seq, want)
		if got, _ := m.Describe(seq); got != want {
			t.Errorf("Describe(%d) = %q, want %q", seq, got, want)
		}
	}
	n := made(t, numbers(Numbers{Operation: "+", Digits: Digits{Min: 3, Max: 9}, Bodies: 2}))
	const want = `{"operation":"+","operands":["16827854","356280"]}`
	if got := string(n.entries[0].rows[0][0]); got != want {
		t.Errorf("the first body is %s, want %s", got, want)
	}
}

func TestDigitsStayInTheirRange(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		d := Digits{Distribution: rapid.SampledFrom([]string{"", "uniform", "log-uniform"}).Draw(r, "distribution")}
		d.Min = rapid.IntRange(1, maxDigits).Draw(r, "min")
		d.Max = rapid.IntRange(d.Min, maxDigits).Draw(r, "max")
		if found := d.faults(); found != nil {
			r.Fatalf("faults() = %v", found)
		}
		random := Numbers{}.random(rapid.Uint64().Draw(r, "seed"), 0)
		for range 100 {
			if n := d.draw(random); n < d.Min || n > d.Max {
				r.Errorf("draw() = %d, want %d to %d", n, d.Min, d.Max)
			}
		}
	})
}

func TestATableIsReadAsItStands(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"quotation marks", "a.csv", "x, y\n\"1,\"\"2\n\",\" 3 \"\n", "x|y\n1,\"2\n| 3 "},
		{"line ends of Windows, and a byte order mark", "a.CSV", "\ufeffx,y\r\n1,2\r\n", "x|y\n1|2"},
		{"empty values", "a.csv", "x,y\n,\n", "x|y\n|"},
		{"JSON of every kind", "a.jsonl", `{"b":[1, {"c":null}],"a":"\u00e4\n","d":1e2,"e":null}`, "a|b|d|e\nä\n|[1, {\"c\":null}]|1e2|null"},
		{"keys in another order", "a.ndjson", "{\"a\":1,\"b\":2}\n\n{\"b\":4,\"a\":3,\"c\":5}", "a|b\n1|2\n3|4"},
	}
	for _, tt := range tests {
		tab, err := readTable(tt.file, []byte(tt.text))
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		got := strings.Join(tab.names, "|")
		for _, row := range tab.rows {
			got += "\n"
			for i, value := range row {
				got += strings.Repeat("|", min(i, 1)) + string(value)
			}
		}
		if got != tt.want {
			t.Errorf("%s: readTable() = %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestAMixIsSentByTheExecutor sends a mix as an attack does, and counts what arrives.
func TestAMixIsSentByTheExecutor(t *testing.T) {
	var mu sync.Mutex
	arrived := map[string]int{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		arrived[r.Method+" "+r.URL.Path]++
	}))
	defer s.Close()
	m, err := Make(Spec{Requests: []Request{{Path: "/a", Weight: weight(3)}, {Path: "/b", Body: "{{seq}}"}}}, parseURL(t, s.URL), nil)
	if err != nil {
		t.Fatal(err)
	}
	const wanted = 200
	schedule, done, began := new(profile.Schedule), 0, time.Now()
	schedule.Follow(0, profile.Constant(1000))
	var e *executor.Executor
	e = executor.New(executor.Config{
		Schedule: schedule, Began: began, Source: m.Request, Timeout: 10 * time.Second, MaxInFlight: 4, MaxLate: time.Minute, Shards: 1,
		NewClient: client.NewServer(m.Server(), client.Options{}).Client,
		Done: func(_ int, o *executor.Outcome) {
			if o.Err != nil || m.Failure(o.Seq, o.Answer) != "" {
				t.Errorf("request %d: %v, %q", o.Seq, o.Err, m.Failure(o.Seq, o.Answer))
			}
			if done++; done == wanted {
				schedule.Follow(time.Since(began), profile.Linear{})
				e.End()
			}
		},
	})
	e.Run()
	mu.Lock()
	defer mu.Unlock()
	if a, b := arrived["GET /a"], arrived["POST /b"]; a+b < wanted || a < b*5/2 || a > b*7/2 || len(arrived) != 2 {
		t.Errorf("%v arrived, want three /a for one /b, %d of both", arrived, wanted)
	}
}
