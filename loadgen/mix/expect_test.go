package mix

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"secondwind/loadgen/client"
)

func answerOf(status int, body string) *client.Answer {
	return &client.Answer{Status: status, Body: []byte(body), Length: int64(len(body))}
}

func failure(m *Mix, seq uint64, status int, body string) string {
	return m.Failure(seq, answerOf(status, body))
}

func TestAnAnswerIsRightIfItIsAsExpected(t *testing.T) {
	const body = `{"status":"ok","n":7,"half":0.50,"yes":true,"none":null,"items":[{"id":"a"},{"id":"b","of":[1,[2]]}],"q\u00e4":"\u00e4"}`
	tests := []struct {
		name   string
		expect Expect
		status int
		body   string
		want   string
	}{
		{"nothing is expected", Expect{}, 200, "", ""},
		{"a redirect is right by default", Expect{}, 399, "", ""},
		{"an error is not", Expect{}, 400, "", "status 400"},
		{"an error that is expected", Expect{Status: []string{"404", "500-599"}}, 503, "", ""},
		{"a success that is not", Expect{Status: []string{"404", "500-599"}}, 200, "", "status 200"},
		{"a text", Expect{Text: `"ok"`}, 200, body, ""},
		{"no such text", Expect{Text: "ko"}, 200, body, "text not found"},
		{"the status comes first", Expect{Text: "ko"}, 500, body, "status 500"},
		{"JSON text", Expect{JSON: map[string]string{"status": "ok", "items.1.id": "b", "qä": "ä"}}, 200, body, ""},
		{"JSON of other kinds", Expect{JSON: map[string]string{"n": "7", "half": "0.50", "yes": "true", "none": "null"}}, 200, body, ""},
		{"a JSON array", Expect{JSON: map[string]string{"items.1.of.1": "[2]"}}, 200, body, ""},
		{"another value", Expect{JSON: map[string]string{"items.0.id": "b"}}, 200, body, "JSON value items.0.id differs"},
		{"no such member", Expect{JSON: map[string]string{"items.id": "b"}}, 200, body, "JSON value items.id differs"},
		{"no such element", Expect{JSON: map[string]string{"items.2": "b"}}, 200, body, "JSON value items.2 differs"},
		{"a member of a text", Expect{JSON: map[string]string{"status.x": "b"}}, 200, body, "JSON value status.x differs"},
		{"no JSON", Expect{JSON: map[string]string{"status": "ok"}}, 200, "<html>", "JSON value status differs"},
		{"nothing", Expect{JSON: map[string]string{"status": "ok"}}, 200, "", "JSON value status differs"},
		{"half of it", Expect{JSON: map[string]string{"items.1.id": "b"}}, 200, body[:80], "JSON value items.1.id differs"},
	}
	for _, tt := range tests {
		m := made(t, Spec{Requests: []Request{{Expect: tt.expect}}})
		if got := failure(m, 0, tt.status, tt.body); got != tt.want {
			t.Errorf("%s: Failure() = %q, want %q", tt.name, got, tt.want)
		}
		var r client.Request
		if m.Request(0, &r); (r.Keep > 0) != tt.expect.body() {
			t.Errorf("%s: Keep = %d, want some: %v", tt.name, r.Keep, tt.expect.body())
		}
	}
}

// TestWhoAnsweredIsKnown asks a real server, which names itself in all three places.
func TestWhoAnsweredIsKnown(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "other", Value: "x", Path: "/node=no"})
		http.SetCookie(w, &http.Cookie{Name: "node", Value: "by-cookie", Path: "/", HttpOnly: true})
		w.Header().Set("X-Served-By", "by-header")
		w.Header().Set("X-Instance-Id", "by-default")
		_, _ = w.Write([]byte(`{"meta":{"host":"by-json"}}`))
	}))
	defer s.Close()
	for want, i := range map[string]Identity{
		"by-default": {}, "by-header": {Header: "x-served-by"}, "by-cookie": {Cookie: "node"}, "by-json": {JSON: "meta.host"},
		"": {Header: "X-None"},
	} {
		m, err := Make(Spec{Requests: []Request{{}}, Identity: i}, parseURL(t, s.URL), nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := send(t, m, 0); string(m.Instance(a)) != want {
			t.Errorf("%+v: Instance() = %q, want %q", i, m.Instance(a), want)
		}
	}
}

// send sends request seq over a connection of its own.
func send(t *testing.T, m *Mix, seq uint64) *client.Answer {
	t.Helper()
	var r client.Request
	m.Request(seq, &r)
	c := client.NewServer(m.Server(), client.Options{}).Client()
	defer c.Close()
	a, err := c.Exchange(&r, time.Now().Add(20*time.Second))
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// FuzzFind checks that what is found in a document is what encoding/json finds there.
func FuzzFind(f *testing.F) {
	for _, document := range []string{
		`{"a":{"b":[1,"x",null]}}`, `[]`, `{"a":`, `{"a" : {"b":[ 1 , {} ]} }`, `{"a":"\u00e4"}`, `"a"`, "{}}", `{"a":1}x`,
	} {
		f.Add(document, "a.b.1")
		f.Add(document, "a")
	}
	f.Fuzz(func(t *testing.T, document, path string) {
		got, ok := find([]byte(document), strings.Split(path, "."))
		var whole map[string]any
		if json.Unmarshal([]byte(document), &whole) != nil || strings.Contains(path, ".") || strings.Count(document, `"`+path+`"`) != 1 {
			return // it must not crash
		}
		want, there := whole[path]
		if ok != there {
			t.Fatalf("find(%q, %q) = %q, %v, want %v", document, path, got, ok, want)
		}
		if text, is := want.(string); is && text != string(got) {
			t.Errorf("find(%q, %q) = %q, want %q", document, path, got, text)
		}
	})
}
