package mix

import (
	"errors"
	"io"
	"math"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"secondwind/loadgen/client"
)

// files opens texts by their names.
func files(texts map[string]string) Opener {
	return func(name string) (io.ReadCloser, error) {
		text, there := texts[name]
		if !there {
			return nil, errors.New("no such file")
		}
		return io.NopCloser(strings.NewReader(text)), nil
	}
}

func parseURL(t testing.TB, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// made makes a mix for http://host.test.
func made(t testing.TB, s Spec) *Mix {
	t.Helper()
	m, err := Make(s, parseURL(t, "http://host.test"), files(nil))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// wire is request seq as it goes over the wire.
func wire(m *Mix, seq uint64) string {
	_, text := m.Describe(seq)
	return string(text)
}

func weight(w float64) *float64 { return &w }

const requests = 100_000 // over which weights have to be met

// TestWeightsAreMetAndFollowFromTheSeed checks each share within 1 % of all requests, and
// the order of requests, rows and users from one seed to the next.
func TestWeightsAreMetAndFollowFromTheSeed(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		weights := rapid.SliceOfN(rapid.Float64Range(0, 10), 1, 8).Draw(r, "weights")
		s := Spec{Seed: rapid.Uint64().Draw(r, "seed"), Users: rapid.IntRange(0, 1000).Draw(r, "users")}
		var sum float64
		for i, w := range weights {
			s.Requests = append(s.Requests, Request{Name: string(rune('a' + i)), Weight: &w, Path: "/{{user}}/{{seq}}"})
			sum += w
		}
		if sum == 0 {
			return
		}
		m, again := made(t, s), made(t, s)
		count := make([]float64, len(weights))
		for seq := range uint64(requests) {
			count[m.Kind(seq)]++
		}
		for i, w := range weights {
			if want := w / sum * requests; math.Abs(count[i]-want) > 0.01*want+10 {
				r.Errorf("weight %v of %v: %v of %d requests, want %v", w, sum, count[i], requests, want)
			}
		}
		for _, seq := range []uint64{0, 1, 77, 1 << 40} {
			if got, want := wire(again, seq), wire(m, seq); got != want {
				r.Errorf("request %d = %q, and again %q", seq, want, got)
			}
		}
	})
}

func TestAnotherSeedSendsAnotherSequence(t *testing.T) {
	s := Spec{Users: 1000, Requests: []Request{{Path: "/{{user}}"}, {Path: "/b/{{user}}"}}}
	first := made(t, s)
	s.Seed++
	second := made(t, s)
	same := 0
	for seq := range uint64(1000) {
		if wire(first, seq) == wire(second, seq) {
			same++
		}
	}
	if same > 20 {
		t.Errorf("%d of 1000 requests are the same with another seed, want about 1", same)
	}
}

// TestUsersAndRowsAreDrawnEvenly counts in one run; neither depends on the request drawn.
func TestUsersAndRowsAreDrawnEvenly(t *testing.T) {
	s := Spec{Users: 10, Requests: []Request{{Path: "/{{user}}/{{x}}", Rows: "x.csv"}, {Path: "/{{user}}/{{x}}", Rows: "x.csv"}}}
	m, err := Make(s, parseURL(t, "http://host.test"), files(map[string]string{"x.csv": "x\n1\n2\n3\n4\n"}))
	if err != nil {
		t.Fatal(err)
	}
	type drawn struct {
		entry *entry
		user  uint64
		row   int
	}
	count := map[drawn]int{}
	for seq := range uint64(80_000) {
		d := m.draw(seq)
		count[drawn{d.entry, d.user, d.row}]++
	}
	if len(count) != 80 {
		t.Errorf("%d combinations of request, user and row were drawn, want all 80", len(count))
	}
	for d, n := range count {
		if n < 850 || n > 1150 {
			t.Errorf("user %d, row %d was drawn %d times, want about 1000", d.user, d.row, n)
		}
	}
}

// TestManyUsersHaveNumbersOfOneLength guards cookies, whose length would give users away.
func TestManyUsersHaveNumbersOfOneLength(t *testing.T) {
	for users, want := range map[int]int{0: 5, 1: 5, 100_000: 5, 100_001: 6, maxUsers: 6} {
		m := made(t, Spec{Users: users, Requests: []Request{{Path: "/{{user}}"}}})
		for seq := range uint64(100) {
			path, _, _ := strings.Cut(strings.TrimPrefix(wire(m, seq), "GET /"), " ")
			if len(path) != want {
				t.Fatalf("%d users: user %q, want %d digits", users, path, want)
			}
		}
	}
}

func TestDescribeSaysWhatRequestItIs(t *testing.T) {
	s := Spec{Seed: 3, Users: 500, Requests: []Request{{Name: "find", Path: "/find?q={{q}}", Rows: "q.csv"}}}
	m, err := Make(s, parseURL(t, "http://host.test"), files(map[string]string{"q.csv": "q\na b\nc&d\n"}))
	if err != nil {
		t.Fatal(err)
	}
	id, text := m.Describe(41)
	d := m.draw(41)
	path := []string{"/find?q=a+b", "/find?q=c%26d"}[d.row]
	want := "GET " + path + " HTTP/1.1\r\nHost: host.test\r\nUser-Agent: secondwind\r\n\r\n"
	wantID := "seed 3, request 41: find, row " + string(rune('1'+d.row)) + ", user " + string(d.value(columnUser))
	if id != wantID || string(text) != want {
		t.Errorf("Describe() = %q, %q, want %q, %q", id, text, wantID, want)
	}
}

func TestKindsAreBounded(t *testing.T) {
	var s Spec
	for i := range 2 * maxKinds {
		s.Requests = append(s.Requests, Request{Path: "/" + strings.Repeat("x", i)})
	}
	m := made(t, s)
	if names := m.Kinds(); len(names) != maxKinds || names[0] != "GET /" || names[maxKinds-1] != otherKinds {
		t.Errorf("Kinds() = %q, want %d, the last one %q", names, maxKinds, otherKinds)
	}
	seen := map[int]bool{}
	for seq := range uint64(10_000) {
		seen[m.Kind(seq)] = true
	}
	if len(seen) != maxKinds {
		t.Errorf("%d kinds were sent, want %d", len(seen), maxKinds)
	}
}

// mixes are of every sort, for what holds for all of them.
func mixes(t testing.TB) map[string]*Mix {
	t.Helper()
	base := parseURL(t, "http://host.test:8080")
	open := files(map[string]string{"rows.csv": "id,text\n1,one\n22,two words\n333,three\n"})
	all := map[string]*Mix{}
	for name, s := range map[string]Spec{
		"one request": {Requests: []Request{{Path: "/"}}},
		"weighted":    {Requests: []Request{{Path: "/", Weight: weight(9)}, {Path: "/b"}, {Method: "POST", Path: "/c", Body: "body"}}},
		"users":       {Users: 200, Requests: []Request{{Path: "/", Headers: map[string]string{"Cookie": "user={{user}}"}}}},
		"rows": {Users: 200, Requests: []Request{{
			Path: "/{{id}}?q={{text}}", Rows: "rows.csv", Body: `{"text":"{{text}}","seq":{{seq}}}`, Headers: map[string]string{"X-Id": "{{id}}"},
		}}},
		"numbers": {Users: 200, Requests: []Request{{
			Numbers: Numbers{Operation: "*", Digits: Digits{Min: 30, Max: 60}, Bodies: 16}, Expect: Expect{Exact: true},
		}}},
	} {
		m, err := Make(s, base, open)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		all[name] = m
	}
	m, err := FromTargets(strings.NewReader("GET http://host.test/\n\nGET http://host.test/b\n"), Targets{Format: "http"})
	if err != nil {
		t.Fatal(err)
	}
	all["targets"] = m
	return all
}

func TestARequestNeedsNoMemory(t *testing.T) {
	for name, m := range mixes(t) {
		var r client.Request
		for seq := range uint64(100) {
			m.Request(seq, &r)
		}
		seq := uint64(0)
		if n := testing.AllocsPerRun(1000, func() { seq++; m.Request(seq, &r) }); n > 0 {
			t.Errorf("%s: Request() allocates %v times, want 0", name, n)
		}
	}
}

func TestARightAnswerNeedsNoMemory(t *testing.T) {
	for name, e := range map[string]Expect{
		"by default": {}, "status": {Status: []string{"404", "200-299"}}, "text": {Text: "ok"},
		"JSON": {JSON: map[string]string{"a.1.status": "ok"}},
	} {
		m, answer := made(t, Spec{Requests: []Request{{Expect: e}}}), answerOf(200, `{"x":{"y":"z"},"a":[0,{"status":"ok"}]}`)
		if n := testing.AllocsPerRun(1000, func() {
			if got := m.Failure(7, answer); got != "" {
				t.Fatalf("%s: Failure() = %q", name, got)
			}
		}); n > 0 {
			t.Errorf("%s: Failure() allocates %v times, want 0", name, n)
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	for name, m := range mixes(b) {
		b.Run(name, func(b *testing.B) {
			var r client.Request
			b.ReportAllocs()
			for seq := uint64(0); b.Loop(); seq++ {
				m.Request(seq, &r)
			}
		})
	}
}
