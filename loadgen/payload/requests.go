package payload

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"secondwind/loadgen/client"
)

const (
	instanceHeader = "X-Instance-Id" // of the calculator's answers: who answered
	maxAnswer      = 64 << 20        // bytes of an answer that are read
)

// Requests are the bodies of a Set as requests of users to a calculator. Which user sends
// which body as request seq is the same in every run with the same seed, whatever becomes
// of the requests before. It implements attack.Requests.
type Requests struct {
	set   *Set
	users int
	seed  uint64
	head  string
}

// Requests returns the requests to the calculator at base, from at least one user.
func (s *Set) Requests(base *url.URL, users int, seed uint64) *Requests {
	return &Requests{
		set: s, users: max(users, 1), seed: seed,
		head: "POST " + strings.TrimSuffix(base.EscapedPath(), "/") + "/v1/calculate HTTP/1.1\r\nHost: " + base.Host +
			"\r\nUser-Agent: secondwind\r\nContent-Type: application/json\r\nCookie: user=u",
	}
}

// draw is the user and the body of request seq.
func (r *Requests) draw(seq uint64) (user, body int) {
	random := rand.New(rand.NewPCG(r.seed, seq))
	return random.IntN(r.users), random.IntN(r.set.Len())
}

// Request makes request seq.
func (r *Requests) Request(seq uint64, to *client.Request) {
	user, body := r.draw(seq)
	to.Body, to.Keep = r.set.Body(body), maxAnswer
	to.Head = append(to.Head[:0], r.head...)
	to.Head = fmt.Appendf(to.Head, "%05d\r\nContent-Length: %d\r\n\r\n", user, len(to.Body))
}

// Failure is what is wrong with the answer to request seq, "" if nothing is.
func (r *Requests) Failure(seq uint64, a *client.Answer) string {
	if a.Status != http.StatusOK {
		return "status " + strconv.Itoa(a.Status)
	}
	if _, body := r.draw(seq); !r.set.Answered(body, a.Body) {
		return "wrong result"
	}
	return ""
}

// Instance is who answered.
func (r *Requests) Instance(a *client.Answer) []byte { return a.Header(instanceHeader) }
