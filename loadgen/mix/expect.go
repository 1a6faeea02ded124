package mix

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/mailru/easyjson/jlexer"

	"secondwind/loadgen/client"
)

// Expect is what makes an answer right.
type Expect struct {
	// Status are statuses, such as 404, and ranges of them, such as 200-299. None means
	// 200-399, as with Vegeta, but for redirects: they are not followed, and a load of them
	// is hardly meant.
	Status []string `yaml:"status,omitempty"`
	Text   string   `yaml:"text,omitempty"` // somewhere in the body
	// JSON are values of the body by their paths: {status: ok, items.0.id: 7}.
	JSON map[string]string `yaml:"json,omitempty"`
	// Exact requires the result of Numbers, digit by digit.
	Exact bool `yaml:"exact,omitempty"`
}

// body tells whether the body has to be kept.
func (e Expect) body() bool { return e.Text != "" || len(e.JSON) > 0 || e.Exact }

func (e Expect) faults() []Fault {
	var f faults
	for _, text := range e.Status {
		_, err := parseStatus(text)
		f.check(err == nil, "status", "has %q; give statuses from 100 to 599 and ranges, for instance [200-299, 404]", text)
	}
	for _, path := range slices.Sorted(maps.Keys(e.JSON)) {
		f.check(validPath(path), "json."+path, "is no path; give names with a dot between them, for instance items.0.id")
	}
	return f.found
}

// statuses is a range of statuses, both ends included.
type statuses struct{ from, to int }

func parseStatus(text string) (statuses, error) {
	first, last, isRange := strings.Cut(text, "-")
	if !isRange {
		last = first
	}
	from, err := strconv.Atoi(strings.TrimSpace(first))
	if err != nil {
		return statuses{}, err
	}
	to, err := strconv.Atoi(strings.TrimSpace(last))
	if err != nil || from < 100 || to < from || to > 599 {
		return statuses{}, fmt.Errorf("%q is no range of statuses", text)
	}
	return statuses{from, to}, nil
}

// expectation is an Expect that was prepared.
type expectation struct {
	words  string
	status []statuses
	text   []byte
	values []jsonValue
}

type jsonValue struct {
	path    []string
	want    string
	failure string
}

// prepare prepares what has no faults.
func (e Expect) prepare() expectation {
	p := expectation{words: e.words(), text: []byte(e.Text)}
	for _, text := range e.Status {
		s, _ := parseStatus(text)
		p.status = append(p.status, s)
	}
	if len(p.status) == 0 {
		p.status = []statuses{{200, 300}, {304, 306}, {309, 399}}
	}
	for _, path := range slices.Sorted(maps.Keys(e.JSON)) {
		p.values = append(p.values, jsonValue{strings.Split(path, "."), e.JSON[path], "JSON value " + path + " differs"})
	}
	return p
}

// words say what is expected.
func (e Expect) words() string {
	all := []string{"status " + cmp.Or(strings.Join(e.Status, ", "), "200-399 without redirects")}
	if e.Text != "" {
		all = append(all, fmt.Sprintf("the text %q", e.Text))
	}
	for _, path := range slices.Sorted(maps.Keys(e.JSON)) {
		all = append(all, fmt.Sprintf("JSON %s: %s", path, e.JSON[path]))
	}
	if e.Exact {
		all = append(all, "the exact result")
	}
	return strings.Join(all, "; ")
}

// failure is what is wrong with an answer that should hold results, one after the other.
func (e *expectation) failure(a *client.Answer, results [][]byte) string {
	if !slices.ContainsFunc(e.status, func(s statuses) bool { return s.from <= a.Status && a.Status <= s.to }) {
		switch a.Status {
		case 301, 302, 303, 307, 308:
			return "status " + strconv.Itoa(a.Status) + " (a redirect, which is not followed)"
		}
		return "status " + strconv.Itoa(a.Status)
	}
	if !bytes.Contains(a.Body, e.text) {
		return "text not found"
	}
	for i := range e.values {
		if got, ok := find(a.Body, e.values[i].path); !ok || string(got) != e.values[i].want {
			return e.values[i].failure
		}
	}
	rest := a.Body
	for _, result := range results {
		at := bytes.Index(rest, result)
		if at < 0 {
			return "wrong result"
		}
		rest = rest[at+len(result):]
	}
	return ""
}

// validPath tells whether a text is a path into JSON.
func validPath(path string) bool { return !slices.Contains(strings.Split(path, "."), "") }

// find is the value at a path in a JSON document: what is between a text's quotation marks,
// and everything else as it stands there.
func find(document []byte, path []string) (value []byte, ok bool) {
	l := jlexer.Lexer{Data: document}
	for _, step := range path {
		if !descend(&l, step) {
			return nil, false
		}
	}
	raw := l.Raw()
	if len(raw) > 0 && raw[0] == '"' {
		text := jlexer.Lexer{Data: raw}
		return text.UnsafeBytes(), text.Ok()
	}
	return raw, l.Ok() && len(raw) > 0
}

// descend moves to the member of an object, or of an array, that step names.
func descend(l *jlexer.Lexer, step string) bool {
	switch {
	case l.IsDelim('{'):
		l.Delim('{')
		for !l.IsDelim('}') {
			name := l.UnsafeFieldName(false)
			l.WantColon()
			if name == step {
				return l.Ok()
			}
			l.SkipRecursive()
			l.WantComma()
		}
	case l.IsDelim('['):
		l.Delim('[')
		at, err := strconv.Atoi(step)
		for i := 0; err == nil && !l.IsDelim(']'); i++ {
			if i == at {
				return l.Ok()
			}
			l.SkipRecursive()
			l.WantComma()
		}
	}
	return false
}
