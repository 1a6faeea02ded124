package mix

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"
)

// Spec is the part of a scenario file that describes requests.
type Spec struct {
	Requests []Request `yaml:"requests"`
	Identity Identity  `yaml:"identity"`
	// Users is how many users the requests come from, which {{user}} numbers from 0; 0 means 1.
	Users int    `yaml:"users"`
	Seed  uint64 `yaml:"seed"`
	// Pool bounds the memory of rows, bodies and expected results, such as 200MB; "" means 64MB.
	Pool string `yaml:"pool"`
}

// Request is one kind of request. In Path, in the values of Headers and in Body,
// {{column}} stands for a row's value, {{user}} for the user's number, and {{seq}} for the
// request's.
type Request struct {
	Name   string   `yaml:"name,omitempty"`   // in results; "" means method and path
	Weight *float64 `yaml:"weight,omitempty"` // its share in the sum of all weights; nil means 1
	Method string   `yaml:"method,omitempty"` // "" means POST with a body, GET without
	// Path, with a query if it has one, follows the path of the server's URL; "" means that
	// URL as it stands, and the calculator's path for Numbers.
	Path     string            `yaml:"path,omitempty"`
	Headers  map[string]string `yaml:"headers,omitempty"`
	Body     string            `yaml:"body,omitempty"`
	BodyFile string            `yaml:"body_file,omitempty"` // sent as it is, unless there are Rows
	Rows     string            `yaml:"rows,omitempty"`      // a CSV file with a header line, or a JSONL file
	Numbers  Numbers           `yaml:"numbers,omitempty"`   // a generated body instead
	Expect   Expect            `yaml:"expect,omitempty"`
}

// Identity is what names the instance that gave an answer. The zero value is Calculator.
type Identity struct {
	Header string `yaml:"header,omitempty"`
	Cookie string `yaml:"cookie,omitempty"`
	JSON   string `yaml:"json,omitempty"` // a path such as meta.host
	// Target is that no answer names it: what the load balancer counts tells who answered.
	Target bool `yaml:"target,omitempty"`
}

// Calculator is the header in which a calculator names itself.
var Calculator = Identity{Header: "X-Instance-Id"}

// Fault is what is wrong with a key, and what would be right.
type Fault struct{ Key, Text string }

// Error returns key: text.
func (f Fault) Error() string { return f.Key + ": " + f.Text }

// faults collects Faults below a key.
type faults struct {
	prefix string
	found  []Fault
}

func (f *faults) check(ok bool, key, format string, args ...any) {
	if !ok {
		f.found = append(f.found, Fault{f.prefix + key, fmt.Sprintf(format, args...)})
	}
}

func (f *faults) add(key string, below []Fault) {
	for _, b := range below {
		f.check(false, key+b.Key, "%s", b.Text)
	}
}

const (
	maxUsers    = 1_000_000
	defaultPool = "64MB"
	maxName     = 100 // characters
	maxWeight   = 1_000_000
)

// Faults are all that is wrong with the spec, as far as it shows without reading the files
// that it names.
func (s Spec) Faults() []Fault {
	var f faults
	f.check(len(s.Requests) > 0, "requests", "is empty; give at least one request, for instance - path: /")
	f.check(s.Users >= 0 && s.Users <= maxUsers, "users", "is %d; give 1 to %d", s.Users, maxUsers)
	_, err := s.PoolBytes()
	f.check(err == nil, "pool", "is %q; give a size, for instance %s", s.Pool, defaultPool)
	var sum float64
	named := map[string]int{}
	for i, r := range s.Requests {
		f.prefix = fmt.Sprintf("requests[%d].", i)
		f.add("", r.faults())
		if first, twice := named[r.Name]; twice && r.Name != "" {
			f.check(false, "name", "is %q, like that of requests[%d]; give each its own", r.Name, first)
		}
		named[r.Name] = i
		sum += r.weight()
	}
	f.prefix = ""
	f.check(sum != 0 || len(s.Requests) == 0, "requests", "has no weight above 0; nothing would be sent")
	f.add("identity.", s.Identity.faults())
	return f.found
}

// PoolBytes is how many bytes the pool may have.
func (s Spec) PoolBytes() (int64, error) {
	if s.Pool == "" {
		s.Pool = defaultPool
	}
	n, err := humanize.ParseBytes(s.Pool)
	if err == nil && (n == 0 || n > math.MaxInt64) {
		err = fmt.Errorf("%d bytes are no size", n)
	}
	return int64(n), err
}

func (r Request) weight() float64 {
	if r.Weight == nil {
		return 1
	}
	return *r.Weight
}

// generated tells whether the body is of Numbers.
func (r Request) generated() bool { return !reflect.ValueOf(r.Numbers).IsZero() }

// Plain is the first request that is the same each time and only reads: path and Host header, ""
// of the URL's own; false if there is none.
func (s Spec) Plain() (path, host string, ok bool) {
	for _, r := range s.Requests {
		host := r.Headers[named(r.Headers, "Host")]
		if r.method() == "GET" && r.Path != "" && !strings.Contains(r.Path+host, "{{") {
			return r.Path, host, true
		}
	}
	return "", "", false
}

// Calculates tells whether the service is a calculator: some requests are of Numbers.
func (s Spec) Calculates() bool { return slices.ContainsFunc(s.Requests, Request.generated) }

// method is Method or its default.
func (r Request) method() string {
	switch {
	case r.Method != "":
		return r.Method
	case r.Body != "" || r.BodyFile != "" || r.generated():
		return "POST"
	}
	return "GET"
}

func (r Request) faults() []Fault {
	var f faults
	f.check(len(r.Name) <= maxName && plain(r.Name), "name", "is %.*q; give at most %d characters, none of them a control character",
		maxName, r.Name, maxName)
	w := r.weight()
	f.check(w >= 0 && w <= maxWeight, "weight", "is %g; give 0 to %d, for instance 3", w, maxWeight)
	f.add("", sendable(r.method(), r.Path, r.header()))
	f.checkLength(r)
	f.check(r.Body == "" || r.BodyFile == "", "body_file", "is given together with body; keep one")
	if r.generated() {
		f.check(r.Body == "" && r.BodyFile == "", "numbers", "is given together with a body; keep one")
		f.check(r.Rows == "", "rows", "is given together with numbers, which have none; keep one")
		f.add("numbers.", r.Numbers.faults())
	}
	f.add("expect.", r.Expect.faults())
	f.check(!r.Expect.Exact || r.generated(), "expect.exact", "needs numbers, whose results are known")
	f.check(r.method() != "HEAD" || !r.Expect.body(), "expect", "looks for something in the body, but an answer to HEAD has none")
	return f.found
}

// SetHeader sets a header, in whatever case its name stands there.
func (r *Request) SetHeader(name, value string) {
	all := map[string]string{name: value}
	for other, theirs := range r.Headers {
		if !strings.EqualFold(other, name) {
			all[other] = theirs
		}
	}
	r.Headers = all
}

// header is Headers as net/http has them, spelt as they are given.
func (r Request) header() map[string][]string {
	all := make(map[string][]string, len(r.Headers))
	for name, value := range r.Headers {
		all[name] = []string{value}
	}
	return all
}

// checkLength refuses a Content-Length that is not the body's, or that cannot be compared.
func (f *faults) checkLength(r Request) {
	for name, value := range r.Headers {
		if strings.EqualFold(name, "Content-Length") {
			known := r.BodyFile == "" && !r.generated() && !marker.MatchString(r.Body)
			f.check(known && value == fmt.Sprint(len(r.Body)), "headers."+name,
				"is %q, which is not known to be the body's; leave it out: it is computed", value)
		}
	}
}

func (i Identity) faults() []Fault {
	var f faults
	given := 0
	for _, one := range []string{i.Header, i.Cookie, i.JSON} {
		if one != "" {
			given++
		}
	}
	f.check(given < 2 || i.Header == "", "header", "is given together with another; give one of header, cookie and json")
	f.check(given < 2 || i.Header != "", "cookie", "is given together with json; give one of header, cookie and json")
	f.check(given == 0 || !i.Target, "target", "is given together with what an answer says; give one of header, cookie, json and target")
	f.check(i.Header == "" || validName(i.Header), "header", "is %q, which is no name of a header", i.Header)
	f.check(i.Cookie == "" || validName(i.Cookie), "cookie", "is %q, which is no name of a cookie", i.Cookie)
	f.check(i.JSON == "" || validPath(i.JSON), "json", "is %q; give names with a dot between them, for instance meta.host", i.JSON)
	return f.found
}
