package mix

import (
	"math"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
)

// everything is a file that has every key.
const everything = `
users: 50
seed: 3
pool: 10MB
identity: {header: X-Served-By}
requests:
  - name: search
    weight: 2.5
    path: /search?q={{word}}
    headers: {Accept: text/html}
    rows: words.csv
    expect: {status: [200, 300-399], text: found}
  - method: PUT
    path: /things/{{user}}
    body: '{"seq":{{seq}}}'
    expect: {json: {status: ok, n: 7}}
  - path: /upload
    body_file: upload.bin
  - numbers: {operation: "*", digits: {min: 10, max: 1000, distribution: log-uniform}, shape: batch, bodies: 3}
    expect: {exact: true}
  - numbers: {operation: +, digits: {list: [10, 100]}, shape: expression}
`

func TestAFileIsReadWithEveryKey(t *testing.T) {
	var s Spec
	if err := yaml.UnmarshalWithOptions([]byte(everything), &s, yaml.Strict()); err != nil {
		t.Fatal(err)
	}
	if found := s.Faults(); found != nil {
		t.Fatalf("Faults() = %v, want none", found)
	}
	m, err := Make(s, parseURL(t, "https://host.test/api"), files(map[string]string{"words.csv": "word\nx\n", "upload.bin": "data"}))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"search", "PUT /things/{{user}}", "POST /upload", "POST /v1/batch", "POST /v1/calculate"}
	if got := m.Kinds(); !slices.Equal(got, want) {
		t.Errorf("Kinds() = %q, want %q", got, want)
	}
	count := make([]int, len(want))
	for seq := range uint64(6500) {
		count[m.Kind(seq)]++
	}
	if count[0] < 2490 || count[0] > 2510 || count[4] < 990 || count[4] > 1010 {
		t.Errorf("requests were sent %d times, want 2500 and 1000 of each other", count)
	}
}

// TestTheDocumentedFilesAreGood makes the mixes that docs/load.md shows.
func TestTheDocumentedFilesAreGood(t *testing.T) {
	text, err := os.ReadFile("../../docs/load.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := regexp.MustCompile("(?s)```yaml\n(requests:.*?)```").FindAllSubmatch(text, -1)
	if len(shown) < 2 {
		t.Fatalf("%d mixes are shown, want two", len(shown))
	}
	for _, part := range shown {
		var s Spec
		if err := yaml.UnmarshalWithOptions(part[1], &s, yaml.Strict()); err != nil {
			t.Errorf("%s: %v", part[1], err)
		}
		for i := range s.Requests {
			s.Requests[i].Numbers.Digits.Max /= 100 // a million take a second each
		}
		m, err := Make(s, parseURL(t, "http://host.test"), files(map[string]string{"words.csv": "word\nx\n", "picture.png": "data"}))
		if err != nil {
			t.Errorf("%s: %v", part[1], err)
		} else if m.Server().String() != "http://host.test" {
			t.Errorf("Server() = %s", m.Server())
		}
	}
}

// What the specs of faulty have in common.
func one(r Request) Spec { return Spec{Requests: []Request{r}} }

func headers(name, value string) Spec { return one(Request{Headers: map[string]string{name: value}}) }

func digits(d Digits) Spec { return one(Request{Numbers: Numbers{Operation: "*", Digits: d}}) }

var good = Numbers{Operation: "*", Digits: Digits{Min: 1, Max: 2}}

// faulty are specs with one fault.
var faulty = []struct {
	key, text string // of the only fault
	spec      Spec
}{
	{"requests", "is empty", Spec{}},
	{"requests", "has no weight above 0", one(Request{Weight: weight(0)})},
	{"users", "is -1; give", Spec{Users: -1, Requests: []Request{{}}}},
	{"users", "is 1000001; give", Spec{Users: maxUsers + 1, Requests: []Request{{}}}},
	{"pool", `is "much"; give a size`, Spec{Pool: "much", Requests: []Request{{}}}},
	{"pool", `is "0"; give a size`, Spec{Pool: "0", Requests: []Request{{}}}},
	{"identity.header", "give one of", Spec{Requests: []Request{{}}, Identity: Identity{Header: "A", Cookie: "b"}}},
	{"identity.cookie", "give one of", Spec{Requests: []Request{{}}, Identity: Identity{Cookie: "a", JSON: "b"}}},
	{"identity.header", "no name of a header", Spec{Requests: []Request{{}}, Identity: Identity{Header: "A b"}}},
	{"identity.json", "for instance", Spec{Requests: []Request{{}}, Identity: Identity{JSON: "a..b"}}},
	{"requests[1].name", "like that of requests[0]", Spec{Requests: []Request{{Name: "a"}, {Name: "a"}}}},
	{"requests[0].name", "control character", one(Request{Name: "a\nb"})},
	{"requests[0].weight", "is -1", Spec{Requests: []Request{{Weight: weight(-1)}, {Weight: weight(3)}}}},
	{"requests[0].weight", "is +Inf", one(Request{Weight: weight(math.Inf(1))})},
	{"requests[0].weight", "is NaN", Spec{Requests: []Request{{Weight: weight(math.NaN())}}}},
	{"requests[0].method", `is "GE T"`, one(Request{Method: "GE T"})},
	{"requests[0].method", "tunnel", one(Request{Method: "CONNECT"})},
	{"requests[0].path", "begin it with /", one(Request{Path: "a"})},
	{"requests[0].path", "begin it with /", one(Request{Path: "http://other/"})},
	{"requests[0].path", "write %20", one(Request{Path: "/a b"})},
	{"requests[0].path", "write %0A", one(Request{Path: "/a\nb"})},
	{"requests[0].path", "write %C3%A4", one(Request{Path: "/ä"})},
	{"requests[0].path", "write %23", one(Request{Path: "/a#b"})},
	{"requests[0].path", "write % as %25", one(Request{Path: "/100%"})},
	{"requests[0].headers.A b", "no name", headers("A b", "c")},
	{"requests[0].headers.A:", "no name", headers("A:", "c")},
	{"requests[0].headers.A", "without line breaks", headers("A", "b\r\nC: d")},
	{"requests[0].headers.Host", "no host", headers("Host", "a b")},
	{"requests[0].headers.Transfer-Encoding", "leave it out", headers("Transfer-Encoding", "chunked")},
	{"requests[0].headers.content-length", "leave it out", headers("content-length", "3")},
	{"requests[0].headers.a", "given twice", one(Request{Headers: map[string]string{"A": "1", "a": "2"}})},
	{"requests[0].headers.Content-Length", "leave it out", one(Request{Body: "{{seq}}", Headers: map[string]string{"Content-Length": "7"}})},
	{"requests[0].body_file", "keep one", one(Request{Body: "a", BodyFile: "b"})},
	{"requests[0].numbers", "keep one", one(Request{Body: "a", Numbers: good})},
	{"requests[0].rows", "keep one", one(Request{Rows: "a.csv", Numbers: good})},
	{"requests[0].numbers.operation", "give one of % * + - //", one(Request{Numbers: Numbers{Operation: "^", Digits: good.Digits}})},
	{"requests[0].numbers.shape", "give calculate", one(Request{Numbers: Numbers{Operation: "*", Digits: good.Digits, Shape: "x"}})},
	{"requests[0].numbers.bodies", "is -1", one(Request{Numbers: Numbers{Operation: "*", Digits: good.Digits, Bodies: -1}})},
	{"requests[0].numbers.digits.min", "is 0", digits(Digits{})},
	{"requests[0].numbers.digits.max", "at least digits.min (9)", digits(Digits{Min: 9, Max: 8})},
	{"requests[0].numbers.digits.max", "at most 2000000", digits(Digits{Min: 9, Max: maxDigits + 1})},
	{"requests[0].numbers.digits.list", "has 0", digits(Digits{List: []int{7, 0}})},
	{"requests[0].numbers.digits.list", "keep one", digits(Digits{Min: 1, List: []int{7}})},
	{"requests[0].numbers.digits.distribution", "log-uniform", digits(Digits{Min: 1, Max: 1, Distribution: "normal"})},
	{"requests[0].expect.status", `has "99"`, one(Request{Expect: Expect{Status: []string{"99"}}})},
	{"requests[0].expect.status", `has "300-200"`, one(Request{Expect: Expect{Status: []string{"200", "300-200"}}})},
	{"requests[0].expect.status", `has "2xx"`, one(Request{Expect: Expect{Status: []string{"2xx"}}})},
	{"requests[0].expect.json.", "no path", one(Request{Expect: Expect{JSON: map[string]string{"": "1"}}})},
	{"requests[0].expect.exact", "needs numbers", one(Request{Expect: Expect{Exact: true}})},
	{"requests[0].expect", "HEAD", one(Request{Method: "HEAD", Expect: Expect{Text: "a"}})},
}

func TestEveryFaultNamesItsKey(t *testing.T) {
	for _, tt := range faulty {
		found := tt.spec.Faults()
		if len(found) != 1 || found[0].Key != tt.key || !strings.Contains(found[0].Text, tt.text) {
			t.Errorf("Faults() = %v, want one of %s: … %s", found, tt.key, tt.text)
		}
		if m, err := Make(tt.spec, parseURL(t, "http://a"), nil); err == nil || m != nil {
			t.Errorf("Make(%+v) = %v, %v, want an error", tt.spec, m, err)
		}
	}
}

func TestAllFaultsAreReportedAtOnce(t *testing.T) {
	s := Spec{Users: -1, Requests: []Request{{Path: "a", Method: "é"}, {Rows: "none.csv", Numbers: Numbers{Operation: "?"}}}}
	var keys []string
	for _, f := range s.Faults() {
		keys = append(keys, f.Key)
	}
	want := []string{
		"users", "requests[0].method", "requests[0].path", "requests[1].rows", "requests[1].numbers.operation", "requests[1].numbers.digits.min",
	}
	if !slices.Equal(keys, want) {
		t.Errorf("Faults() = %q, want %q", keys, want)
	}
}

func TestAServiceThatIsSentNumbersIsACalculator(t *testing.T) {
	for want, s := range map[bool]Spec{true: {Requests: []Request{{Path: "/"}, {Numbers: good}}}, false: one(Request{Body: "1+1"})} {
		if got := s.Calculates(); got != want {
			t.Errorf("Calculates() = %t, want %t of %+v", got, want, s.Requests)
		}
	}
}
