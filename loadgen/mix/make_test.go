package mix

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

var binary = "\x00\xff{{not a column}}\r\n\r\n" + strings.Repeat("0123456789", 10_000)

// sent are requests, and what a server at HOST/base/ receives of each.
var sent = []struct {
	name    string
	request Request
	want    received
}{
	{"nothing given", Request{}, received{"GET", "/base/", "HOST", "", ""}},
	{"a path", Request{Path: "/a%20b/%C3%A4?x=1&y=%26"}, received{"GET", "/base/a%20b/%C3%A4?x=1&y=%26", "HOST", "", ""}},
	{"a method of its own", Request{Method: "PURGE", Path: "/"}, received{"PURGE", "/base/", "HOST", "", ""}},
	{
		"headers", Request{Headers: map[string]string{"x-b": "two, three", "X-A": "\u00e4 1", "User-Agent": "mine", "host": "elsewhere.test"}},
		received{"GET", "/base/", "elsewhere.test", "", "X-A: \u00e4 1\nX-B: two, three"},
	},
	{"a body", Request{Body: "a=b\n"}, received{"POST", "/base/", "HOST", "a=b\n", "Content-Length: 4"}},
	{
		"its length, too", Request{Body: "a=b\n", Headers: map[string]string{"content-length": "4"}},
		received{"POST", "/base/", "HOST", "a=b\n", "Content-Length: 4"},
	},
	{"a body with GET", Request{Method: "GET", Body: "x"}, received{"GET", "/base/", "HOST", "x", "Content-Length: 1"}},
	{"no body with PUT", Request{Method: "PUT"}, received{"PUT", "/base/", "HOST", "", "Content-Length: 0"}},
	{"a file", Request{BodyFile: "body.bin"}, received{"POST", "/base/", "HOST", binary, "Content-Length: 100022"}},
	{
		"columns of a CSV file", Request{
			Rows: "rows.csv", Path: "/{{ name }}?q={{name}}&id={{id}}", Headers: map[string]string{"X-Name": "<{{name}}>"}, BodyFile: "body.json",
		},
		received{
			"POST", "/base/a%20b%2Fc&d%3F%C3%A4%25?q=a+b%2Fc%26d%3F%C3%A4%25&id=7", "HOST",
			`{"name":"a b/c&d?` + "\u00e4" + `%","of":{"id":7}}`, "Content-Length: 36\nX-Name: <a b/c&d?\u00e4%>",
		},
	},
	{"a whole path", Request{Rows: "rows.csv", Path: "{{link}}"}, received{"GET", "/base/x/7?y=%20", "HOST", "", ""}},
	{
		"columns of a JSONL file", Request{Rows: "rows.jsonl", Path: "/", Body: `{{id}} {{name}} {{on}}`},
		received{"POST", "/base/", "HOST", "7 q\"\u00e4 true", "Content-Length: 11"},
	},
	{
		"a column alone", Request{Rows: "rows.jsonl", Path: "/", Body: `{{name}}`},
		received{"POST", "/base/", "HOST", "q\"\u00e4", "Content-Length: 4"},
	},
	{
		"the user and the request", Request{Path: "/{{user}}", Body: "{{seq}}", Headers: map[string]string{"Cookie": "u={{user}}"}},
		received{"POST", "/base/00000", "HOST", "12345", "Content-Length: 5\nCookie: u=00000"},
	},
	{"the user alone", Request{Body: "{{user}}"}, received{"POST", "/base/", "HOST", "00000", "Content-Length: 5"}},
}

// TestAServerReceivesWhatTheFileSays compares method, target, headers and body byte by byte
// with what a real server receives.
func TestAServerReceivesWhatTheFileSays(t *testing.T) {
	open := files(map[string]string{
		"body.bin": binary, "body.json": `{"name":"{{name}}","of":{"id":{{id}}}}`,
		"rows.csv": "id,name,link\n7,\"a b/c&d?\u00e4%\",/x/7?y=%20\n", "rows.jsonl": "\n" + `{"id":7,"name":"q\"\u00e4","on":true}` + "\n",
	})
	address, take := server(t)
	host := strings.TrimPrefix(address, "http://")
	for _, tt := range sent {
		m, err := Make(Spec{Requests: []Request{tt.request}}, parseURL(t, address+"/base/"), open)
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		send(t, m, 12345)
		if tt.want.host == "HOST" {
			tt.want.host = host
		}
		if got := take(); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%s: the server received\n%.300q, want\n%.300q", tt.name, got, tt.want)
		}
	}
}

func TestThePasswordOfAURLIsSentInItsHeader(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		_, _ = io.WriteString(w, user+" "+password+" "+r.RequestURI)
	}))
	defer s.Close()
	base := strings.Replace(s.URL, "//", "//me:p%40ss@", 1) + "/x?y=z"
	m, err := Make(Spec{Requests: []Request{{Expect: Expect{Text: "?"}}}}, parseURL(t, base), nil)
	if err != nil {
		t.Fatal(err)
	}
	if a := send(t, m, 0); string(a.Body) != "me p@ss /x?y=z" {
		t.Errorf("the server received %q", a.Body)
	}
	_, err = Make(Spec{Requests: []Request{{Path: "/a"}}}, parseURL(t, base), nil)
	if err == nil || !strings.Contains(err.Error(), "requests[0].path: cannot follow the URL, which has a query") {
		t.Errorf("Make(path, and a URL with a query) = %v, want an error", err)
	}
}

// texts are files, and spoilt are what is wrong with them.
var texts = map[string]string{
	"good.csv": "a,b\n1,2\n", "empty.csv": "", "header.csv": "a,b\n", "twice.csv": "a,a\n1,2\n", "short.csv": "a,b\n1\n",
	"breaks.csv": "a\ngood\n\"b\nc\"\n", "paths.csv": "a\n/good\nbad\n", "text.txt": "a", "wide.csv": "\xff\xfea\x00",
	"bad.jsonl": "{\"a\":1}\n{\"a\":", "list.jsonl": "[1]", "null.jsonl": "null", "lacks.jsonl": "{\"a\":1,\"b\":2}\n\n{\"b\":1}",
	"big.csv": "a\n" + strings.Repeat("0123456789\n", 100), "none.jsonl": "\n\n",
}

var spoilt = []struct{ file, path, header, body, want string }{
	{"none.csv", "/", "", "", `requests[0].rows: is "none.csv", which cannot be read: no such file`},
	{"empty.csv", "/", "", "", `requests[0].rows: is "empty.csv": has no row`},
	{"header.csv", "/", "", "", `requests[0].rows: is "header.csv": has no row`},
	{"none.jsonl", "/", "", "", `requests[0].rows: is "none.jsonl": has no row`},
	{"twice.csv", "/", "", "", `has the column "a" twice`},
	{"short.csv", "/", "", "", "line 2: wrong number of fields"},
	{"text.txt", "/", "", "", `neither a .csv nor a .jsonl file`},
	{"wide.csv", "/", "", "", "UTF-16"},
	{"bad.jsonl", "/", "", "", "line 2 is no JSON object"},
	{"list.jsonl", "/", "", "", "line 1 is no JSON object"},
	{"null.jsonl", "/", "", "", "line 1 is no JSON object"},
	{"lacks.jsonl", "/", "", "", `line 3 lacks "a", which the first line has`},
	{"big.csv", "/", "", "", `requests[0].rows: is "big.csv", which does not fit into the pool`},
	{"good.csv", "/{{c}}", "", "", "requests[0].path: has {{c}}, but the columns are a, b"},
	{"good.csv", "/", "{{c}}", "", "requests[0].headers.X: has {{c}}, but the columns are a, b"},
	{"good.csv", "/", "", "{{c}}", "requests[0].body: has {{c}}, but the columns are a, b"},
	{"", "/", "", "{{a}}", "requests[0].body: has {{a}}, but there are no rows"},
	{"breaks.csv", "/", "{{a}}", "", `requests[0].headers.X: gets {{a}} from row 2, which is "b\nc"`},
	{"paths.csv", "{{a}}", "", "", `requests[0].path: gets {{a}} from row 2, which is "bad"; begin it with /`},
}

func TestWhatFilesHoldIsChecked(t *testing.T) {
	for _, tt := range spoilt {
		r := Request{Path: tt.path, Rows: tt.file, Body: tt.body, Headers: map[string]string{"X": tt.header}}
		_, err := Make(Spec{Pool: "500B", Requests: []Request{r}}, parseURL(t, "http://a"), files(texts))
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("Make(%+v) = %v, want %q", r, err, tt.want)
		}
	}
	_, err := Make(Spec{Requests: []Request{{BodyFile: "none"}, {Rows: "none.csv"}}}, parseURL(t, "http://a"), files(texts))
	for _, key := range []string{"requests[0].body_file: ", "requests[1].rows: "} {
		if err == nil || !strings.Contains(err.Error(), key) {
			t.Errorf("Make() = %v, want a fault of %s", err, key)
		}
	}
}

// FuzzTemplate checks a text's expansion against replacing one marker after the other, and
// that what is expanded in a path can be sent.
func FuzzTemplate(f *testing.F) {
	for _, text := range []string{
		"", "a", "{{a}}", "x{{ b }}y{{seq}}", "{{{a}}}", "{{a}}{{b}}", "{{}}", "{{a", "a}}", "{{c}}", "/{{a}}?{{b}}",
	} {
		f.Add(text, "1", "two words&\u00e4")
	}
	f.Fuzz(func(t *testing.T, text, a, b string) {
		values := map[string]string{"a": a, "b": b, "seq": "41", "user": "00000"}
		tab := &table{names: []string{"a", "b"}, rows: [][][]byte{{[]byte(a), []byte(b)}}}
		want, known := text, true
		at := 0
		for _, m := range marker.FindAllString(text, -1) {
			value, there := values[strings.TrimSpace(m[2:len(m)-2])]
			known = known && there
			before, after, _ := strings.Cut(want[at:], m)
			at, want = at+len(before)+len(value), want[:at]+before+value+after
		}
		got, err := parse(text, tab.inBody)
		if (err == nil) != known {
			t.Fatalf("parse(%q) = %v, want an error: %v", text, err, !known)
		}
		if !known {
			return
		}
		d := &draw{entry: &entry{rows: tab.rows}, seq: 41, user: 100_000}
		if expanded := string(got.expand(nil, d)); expanded != want || got.size(d) != len(want) {
			t.Errorf("expand(%q) = %q of %d bytes, want %q", text, expanded, got.size(d), want)
		}
		path, err := parse(text, tab.inPath)
		if err != nil || pathFault(text) != "" {
			return
		}
		d.rows = tab.rows
		if expanded := string(path.expand(nil, d)); pathFault(expanded) != "" {
			t.Errorf("path %q becomes %q, which cannot be sent", text, expanded)
		}
	})
}
