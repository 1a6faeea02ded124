package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"secondwind/loadgen/mix"
)

// HealthPaths are where services are usually asked for their health, the likeliest first.
var HealthPaths = []string{"/health", "/healthz", "/ready", "/readyz", "/status", "/ping", "/"}

// nowhere is a path that no service has: one that answers it answers everything.
const nowhere = "/secondwind-asks-for-a-path-that-is-not-there"

// How often a request is sent: often enough for the identity, which may differ from answer to
// answer; and, where the CPU is known, until that much of it was used, or so many were sent.
const (
	few       = 8
	many      = 100
	enoughCPU = 100 * time.Millisecond
)

// maxBody is how much of an answer is read, in bytes.
const maxBody = 1 << 20

// Service is what is asked.
type Service struct {
	URL     string      // of the server; all paths are below it
	Request mix.Request // what is sent: method, path, headers and body as they stand there
	Health  string      // its health path; "": one of HealthPaths
	// Instance is the id of the only instance, which its answers should name; "": not known.
	Instance string
	// CPU is what the service has used since it began; nil: it cannot be measured.
	CPU    func() (time.Duration, error)
	Client *http.Client // does not follow redirects
}

// Answer is one to the request.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte // the first megabyte
}

// Found is what was found out about a service.
type Found struct {
	Answer Answer // the last one
	// Health is the first path with an answer of 200 to 299, "" if there is none.
	Health       string
	HealthStatus int
	// AnswersEverything is that a path that cannot be there was answered like that, too.
	AnswersEverything bool
	// Identity names the instance in every answer; the zero value: nothing does.
	Identity mix.Identity
	// Similar names something in every answer, but not by the id of an instance.
	Similar []Named
	// Sticky is the cookie by which a load balancer binds a client to an instance; "": none.
	Sticky  string
	Latency time.Duration // of a request, the median
	// Beside is the latency of the health path, the median: what is not the request's own work,
	// such as the way there. 0: there is no other path.
	Beside time.Duration
	CPU    time.Duration // of a request, the mean; 0: not known
}

// Named is what an answer holds where an Identity says.
type Named struct {
	By    mix.Identity
	Value string
}

// Ask asks the service. Its error says what was answered instead of 200 to 299.
func Ask(ctx context.Context, s Service) (f Found, err error) {
	first, err := s.send(ctx, s.Request) // what is loaded and compiled now, is so once only
	if err == nil && !ok(first.Status) {
		err = s.failure(first)
	}
	if err == nil {
		err = s.measure(ctx, &f)
	}
	if err == nil {
		err = s.findHealth(ctx, &f)
	}
	return f, err
}

// measure sends the request again and again.
func (s Service) measure(ctx context.Context, f *Found) error {
	var took []time.Duration
	began, err := s.used()
	if err != nil {
		return err
	}
	who := candidates{instance: s.Instance}
	for used := began; len(took) < few || s.CPU != nil && len(took) < many && used-began < enoughCPU; {
		sent := time.Now()
		if f.Answer, err = s.send(ctx, s.Request); err != nil {
			return err
		}
		took = append(took, time.Since(sent))
		if !ok(f.Answer.Status) {
			return s.failure(f.Answer)
		}
		who.see(f.Answer)
		if used, err = s.used(); err != nil {
			return err
		}
		f.CPU = (used - began) / time.Duration(len(took))
	}
	f.Latency = median(took)
	f.Identity, f.Similar, f.Sticky = who.identity(), who.similar(), who.sticky
	return nil
}

func (s Service) used() (time.Duration, error) {
	if s.CPU == nil {
		return 0, nil
	}
	return s.CPU()
}

// findHealth asks for each path until one is healthy.
func (s Service) findHealth(ctx context.Context, f *Found) error {
	paths := HealthPaths
	if s.Health != "" {
		paths = []string{s.Health}
	}
	for _, path := range paths {
		a, err := s.send(ctx, mix.Request{Path: path})
		if err != nil {
			return err
		}
		if ok(a.Status) {
			f.Health, f.HealthStatus = path, a.Status
			break
		}
	}
	a, err := s.send(ctx, mix.Request{Path: nowhere})
	f.AnswersEverything = ok(a.Status)
	if err != nil || f.Health == "" || f.AnswersEverything || strings.HasPrefix(s.Request.Path, f.Health) {
		return err
	}
	var took []time.Duration
	for range few {
		sent := time.Now()
		if _, err := s.send(ctx, mix.Request{Path: f.Health}); err != nil {
			return err
		}
		took = append(took, time.Since(sent))
	}
	f.Beside = median(took)
	return nil
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

func ok(status int) bool { return status >= 200 && status <= 299 }

// excerpt is how much of a wrong answer stands in an error, in bytes.
const excerpt = 200

// failure is what is wrong with an answer.
func (s Service) failure(a Answer) error {
	text := fmt.Sprintf("%s answered %d %s", s.describe(s.Request), a.Status, http.StatusText(a.Status))
	if to := a.Header.Get("Location"); to != "" {
		return fmt.Errorf("%s to %s, and redirects are not followed; name what they lead to", text, to)
	}
	return fmt.Errorf("%s: %q", text, strings.TrimSpace(string(a.Body[:min(len(a.Body), excerpt)])))
}

// Describe names the request by its method and path.
func (s Service) Describe() string { return method(s.Request) + " " + s.Request.Path }

func (s Service) describe(r mix.Request) string { return method(r) + " " + s.url(r) }

func method(r mix.Request) string {
	if r.Body != "" {
		return cmp.Or(r.Method, http.MethodPost)
	}
	return cmp.Or(r.Method, http.MethodGet)
}

func (s Service) url(r mix.Request) string {
	if r.Path == "" {
		return s.URL
	}
	return strings.TrimSuffix(s.URL, "/") + r.Path
}

func (s Service) send(ctx context.Context, r mix.Request) (a Answer, err error) {
	request, err := http.NewRequestWithContext(ctx, method(r), s.url(r), strings.NewReader(r.Body))
	if err != nil {
		return a, err
	}
	for name, value := range r.Headers {
		request.Header.Set(name, value)
		if strings.EqualFold(name, "Host") {
			request.Host = value
		}
	}
	answer, err := s.Client.Do(request)
	if err != nil {
		return a, err // net/http names the method and the URL
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxBody))
	err = errors.Join(err, answer.Body.Close())
	if err != nil {
		return a, fmt.Errorf("%s: the answer cannot be read: %w", s.describe(r), err)
	}
	return Answer{answer.StatusCode, answer.Header, body}, nil
}
