package mix

import (
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// Opener opens a file that a scenario names.
type Opener func(name string) (io.ReadCloser, error)

// maker makes a Mix.
type maker struct {
	*Mix
	base      *url.URL
	open      Opener
	free      int64 // bytes of the pool
	generated map[int]generated
}

// generated is what has to be generated for an entry.
type generated struct {
	Numbers
	seed    uint64
	bodies  int
	results bool
}

// Make makes the mix that a spec describes, for the server at base. Its error joins Faults,
// of the spec and of what the files in it hold.
func Make(s Spec, base *url.URL, open Opener) (*Mix, error) {
	m, wrong := prepare(s, base, open)
	if len(wrong) > 0 {
		var all []error
		for _, f := range wrong {
			all = append(all, f)
		}
		return nil, errors.Join(all...)
	}
	for i, g := range m.generated {
		m.entries[i].rows, m.entries[i].results = g.make()
	}
	m.weigh(s.Requests)
	return m.Mix, nil
}

// Check reports what Make would, and generates nothing.
func (s Spec) Check(open Opener) []Fault {
	_, wrong := prepare(s, &url.URL{Scheme: "http", Host: "host"}, open)
	return wrong
}

// prepare reads the files, and does everything else that can go wrong.
func prepare(s Spec, base *url.URL, open Opener) (*maker, []Fault) {
	if wrong := s.Faults(); wrong != nil {
		return nil, wrong
	}
	m := &maker{Mix: newMix(s.Seed, s.Users), base: base, open: open, generated: map[int]generated{}}
	m.server, m.identity = &url.URL{Scheme: base.Scheme, Host: base.Host}, s.Identity.prepare()
	m.free, _ = s.PoolBytes()
	var wrong []Fault
	for i, r := range s.Requests {
		e, err := m.entry(r)
		var f Fault
		if errors.As(err, &f) {
			wrong = append(wrong, Fault{fmt.Sprintf("requests[%d].%s", i, f.Key), f.Text})
		}
		m.entries = append(m.entries, e)
	}
	if wrong == nil {
		wrong = m.plan(s.Requests)
	}
	return m, wrong
}

func newMix(seed uint64, users int) *Mix {
	m := &Mix{seed: seed, users: uint64(max(users, 1)), padded: 100_000}
	for m.padded < m.users {
		m.padded *= 10
	}
	return m
}

// weigh gives every entry its part of the numbers below 2^64.
func (m *maker) weigh(requests []Request) {
	var sum, before float64
	for _, r := range requests {
		sum += r.weight()
	}
	for _, r := range requests {
		before += r.weight()
		end := uint64(math.MaxUint64)
		if share := before / sum; share < 1 {
			end = uint64(math.Ldexp(share, 64))
		}
		m.upTo = append(m.upTo, end)
	}
}

// entry makes what a request is without its generated bodies. Its error is a Fault.
func (m *maker) entry(r Request) (*entry, error) {
	t, err := m.table(r.Rows)
	if err != nil {
		return nil, Fault{"rows", err.Error()}
	}
	e := &entry{bodyLess: r.method() == http.MethodHead, expect: r.Expect.prepare()}
	if e.head, err = m.head(r, t); err != nil {
		return nil, err
	}
	if e.body, err = m.body(r, t); err != nil {
		return nil, err
	}
	e.rows = t.rows
	e.announce(r.method())
	if r.Expect.body() || m.identity.json != nil {
		e.keep = maxAnswer
	}
	e.kind = m.kind(cmp.Or(r.Name, nameOf(r.method(), cmp.Or(r.path(), m.base.RequestURI()))))
	return e, nil
}

// nameOf is the name of a request that has none: its method, and its path without the query.
func nameOf(method, path string) string {
	path, _, _ = strings.Cut(path, "?")
	return fmt.Sprintf("%.*s", maxName, method+" "+path)
}

// read reads a file into the pool.
func (m *maker) read(name string) ([]byte, error) {
	file, err := m.open(name)
	if err != nil {
		return nil, fmt.Errorf("is %q, which cannot be read: %w", name, err)
	}
	defer func() { _ = file.Close() }() // it was only read
	data, err := io.ReadAll(io.LimitReader(file, m.free+1))
	if err != nil {
		return nil, fmt.Errorf("is %q, which cannot be read: %w", name, err)
	}
	if m.free -= int64(len(data)); m.free < 0 {
		return nil, fmt.Errorf("is %q, which does not fit into the pool; give a smaller file, or a larger pool in a scenario", name)
	}
	return data, nil
}

// table reads a request's rows, if it has any.
func (m *maker) table(name string) (*table, error) {
	if name == "" {
		return new(table), nil
	}
	data, err := m.read(name)
	if err != nil {
		return nil, err
	}
	t, err := readTable(name, data)
	if err != nil {
		return nil, fmt.Errorf("is %q: %w", name, err)
	}
	return t, nil
}

// path is Path or the default of Numbers.
func (r Request) path() string {
	if r.Path == "" && r.generated() {
		return shapes[r.Numbers.Shape].path
	}
	return r.Path
}

// head makes everything up to the header that gives the body's length.
func (m *maker) head(r Request, t *table) (template, error) {
	path := r.path()
	before := strings.TrimSuffix(m.base.EscapedPath(), "/")
	if path == "" {
		before = m.base.RequestURI()
	} else if m.base.RawQuery != "" {
		return nil, Fault{"path", "cannot follow the URL, which has a query; give the URL without one"}
	}
	if before != "" {
		if fault := pathFault(before); fault != "" && path == "" { // the URL's is all there is
			return nil, Fault{"path", fault}
		} else if fault != "" {
			return nil, Fault{"path", "follows the URL's, which " + fault}
		}
	}
	target, err := parse(path, t.inPath)
	if err != nil {
		return nil, Fault{"path", err.Error()}
	}
	lines, err := headLines(m.base, r.sent(), func(line string) (template, error) { return parse(line, t.inHeader) })
	if err != nil {
		return nil, err
	}
	return template(nil).then(r.method() + " " + before).and(target).then(" HTTP/1.1\r\n").and(lines), nil
}

// sent are the request's own headers, and those that generated bodies need.
func (r Request) sent() map[string][]string {
	all := r.header()
	if r.generated() {
		setDefault(all, "Content-Type", shapes[r.Numbers.Shape].contentType)
		setDefault(all, "Cookie", "user=u{{user}}")
	}
	return all
}

// named is the name of a header as it is spelt in all, name itself if it is not there.
func named[V any](all map[string]V, name string) string {
	for known := range all {
		if strings.EqualFold(known, name) {
			return known
		}
	}
	return name
}

func setDefault(all map[string][]string, name, value string) {
	if name = named(all, name); all[name] == nil {
		all[name] = []string{value}
	}
}

// headLines makes the lines of a head, Host first. Its error is a Fault.
func headLines(base *url.URL, header map[string][]string, parse func(line string) (template, error)) (template, error) {
	setDefault(header, "User-Agent", "secondwind")
	if password, given := base.User.Password(); base.User.Username() != "" || given {
		text := base.User.Username() + ":" + password
		setDefault(header, "Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(text)))
	}
	host := named(header, "Host")
	setDefault(header, host, base.Host)
	names := []string{host}
	for name := range header {
		if name != host && !slices.ContainsFunc(framing, func(known string) bool { return strings.EqualFold(known, name) }) {
			names = append(names, name)
		}
	}
	slices.Sort(names[1:])
	var lines template
	for _, name := range names {
		for _, value := range header[name] {
			line, err := parse(name + ": " + value + "\r\n")
			if err != nil {
				return nil, Fault{"headers." + name, err.Error()}
			}
			lines = lines.and(line)
		}
	}
	return lines, nil
}

// body makes a body; a generated one is the only column of rows that are made later.
func (m *maker) body(r Request, t *table) (template, error) {
	if r.generated() {
		return template{{column: 0}}, nil
	}
	key, text := "body", r.Body
	if r.BodyFile != "" {
		data, err := m.read(r.BodyFile)
		if err != nil {
			return nil, Fault{"body_file", err.Error()}
		}
		if r.Rows == "" {
			return template{{data, columnNone}}, nil
		}
		key, text = "body_file", string(data)
	}
	body, err := parse(text, t.inBody)
	if err != nil {
		return nil, Fault{key, err.Error()}
	}
	return body, nil
}

// announce has the length of the body sent where the method asks for it (RFC 9110, section 8.6).
func (e *entry) announce(method string) {
	if len(e.body) == 0 && !slices.Contains([]string{http.MethodPost, http.MethodPut, http.MethodPatch}, method) {
		return
	}
	if e.length = len(e.body) > 1 || len(e.body) == 1 && e.body[0].column != columnNone; !e.length {
		e.head = e.head.then("Content-Length: " + strconv.Itoa(e.body.size(nil)) + "\r\n")
	}
}

// plan sees which generated bodies fit into what the files have left of the pool.
func (m *maker) plan(requests []Request) (wrong []Fault) {
	many := int64(0)
	for _, r := range requests {
		if r.generated() {
			many++
		}
	}
	for i, r := range requests {
		if !r.generated() {
			continue
		}
		seed := scramble(m.seed) + uint64(i)
		bodies := r.Numbers.fit(seed, m.free/many, r.Expect.Exact)
		if bodies == 0 {
			wrong = append(wrong, Fault{fmt.Sprintf("requests[%d].numbers", i),
				"does not fit into the pool; give fewer digits, or a larger pool in a scenario"})
		}
		m.generated[i] = generated{r.Numbers, seed, bodies, r.Expect.Exact}
	}
	return wrong
}

// appendLength appends the header that gives the body's length.
func appendLength(to []byte, n int) []byte {
	to = append(to, "Content-Length: "...)
	return append(strconv.AppendInt(to, int64(n), 10), "\r\n"...)
}
