package mix

import (
	"fmt"
	"math/bits"
	"net/url"

	"secondwind/loadgen/client"
)

// maxAnswer is how many bytes of an answer are read where its body is looked at.
const maxAnswer = 64 << 20

// Mix is a mix of requests that is ready to be sent. It implements attack.Requests.
type Mix struct {
	server   *url.URL
	entries  []*entry
	upTo     []uint64 // by entry: where its part of the numbers below 2^64 ends; nil: one after the other
	kinds    []string
	users    uint64
	padded   uint64 // a power of ten that no user's number reaches
	seed     uint64
	identity identity

	unchecked bool
}

// entry is one kind of request that is ready to be sent.
type entry struct {
	kind     int
	head     template // up to the header that gives the body's length
	body     template
	rows     [][][]byte // by row, then column
	results  [][][]byte // by row: what the answer must hold
	length   bool       // of the body follows the head
	bodyLess bool
	keep     int
	expect   expectation
}

// odd is 2^64 divided by the golden ratio. Its multiples are spread more evenly than any
// random numbers, so that the weights are met within every second, too.
const odd = 0x9e3779b97f4a7c15

// scramble is the mixing function of SplitMix64 (Steele, Lea, Flood: Fast splittable
// pseudorandom number generators, 2014).
func scramble(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// below makes a number below n of one below 2^64.
func below(x, n uint64) uint64 {
	high, _ := bits.Mul64(x, n)
	return high
}

// pick is the entry of request seq.
func (m *Mix) pick(seq uint64) *entry {
	if m.upTo == nil {
		return m.entries[seq%uint64(len(m.entries))]
	}
	x := seq*odd + scramble(m.seed)
	for i, end := range m.upTo {
		if x < end {
			return m.entries[i]
		}
	}
	return m.entries[len(m.entries)-1]
}

func (m *Mix) draw(seq uint64) draw {
	d := draw{entry: m.pick(seq), seq: seq, user: m.padded}
	if m.users > 1 || len(d.rows) > 1 {
		x := scramble(scramble(m.seed+odd) ^ seq)
		d.user += below(x, m.users)
		d.row = int(below(scramble(x+odd), uint64(len(d.rows))))
	}
	return d
}

// Request makes request seq. r must be the zero value, or have been made by a Mix before:
// the memory of its Head is used again.
func (m *Mix) Request(seq uint64, r *client.Request) {
	d := m.draw(seq)
	e := d.entry
	r.Keep, r.BodyLess = e.keep, e.bodyLess
	r.Head = e.head.expand(r.Head[:0], &d)
	body, whole := e.body.whole(&d)
	if e.length {
		n := len(body)
		if !whole {
			n = e.body.size(&d)
		}
		r.Head = appendLength(r.Head, n)
	}
	r.Head = append(r.Head, "\r\n"...)
	if r.Body = body; !whole {
		end := len(r.Head)
		r.Head = e.body.expand(r.Head, &d)
		r.Head, r.Body = r.Head[:end], r.Head[end:]
	}
}

// Uncheck has no answer looked at from now on: whatever its status and its body, it is right, and
// who gave it is not asked.
func (m *Mix) Uncheck() {
	m.unchecked = true
	for _, e := range m.entries {
		e.keep = 0
	}
}

// Failure is what is wrong with the answer to request seq, "" if nothing is.
func (m *Mix) Failure(seq uint64, a *client.Answer) string {
	if m.unchecked {
		return ""
	}
	e := m.pick(seq)
	if e.results == nil {
		return e.expect.failure(a, nil)
	}
	return e.expect.failure(a, e.results[m.draw(seq).row])
}

// Expected is what the answer to request seq has to be, in words.
func (m *Mix) Expected(seq uint64) string { return m.pick(seq).expect.words }

// Instance is who answered, nil if the answer does not say, or nobody wants to know.
func (m *Mix) Instance(a *client.Answer) []byte {
	if m.unchecked {
		return nil
	}
	return m.identity.of(a)
}

// Kinds are the names of the kinds of requests, by number.
func (m *Mix) Kinds() []string { return m.kinds }

// Kind is the number of request seq's kind.
func (m *Mix) Kind(seq uint64) int { return m.pick(seq).kind }

// Server is scheme and host of the server.
func (m *Mix) Server() *url.URL { return m.server }

// Describe describes request seq: by what makes the same mix send the same request again,
// and as it goes over the wire, with whatever secrets its headers and body hold.
func (m *Mix) Describe(seq uint64) (id string, wire []byte) {
	d := m.draw(seq)
	id = fmt.Sprintf("seed %d, request %d: %s", m.seed, seq, m.kinds[d.kind])
	if len(d.rows) > 0 {
		id += fmt.Sprintf(", row %d", d.row+1)
	}
	if m.users > 1 {
		id += fmt.Sprintf(", user %s", d.value(columnUser))
	}
	var r client.Request
	m.Request(seq, &r)
	return id, append(r.Head[:len(r.Head):len(r.Head)], r.Body...)
}

// kind is the number of a name, which is new or known. Results are kept for each, so that
// there are at most maxKinds, of which the last is for the rest.
func (m *Mix) kind(name string) int {
	for i, known := range m.kinds {
		if known == name {
			return i
		}
	}
	if len(m.kinds) >= maxKinds-1 && name != otherKinds {
		return m.kind(otherKinds)
	}
	m.kinds = append(m.kinds, name)
	return len(m.kinds) - 1
}

const (
	maxKinds   = 64
	otherKinds = "other"
)
