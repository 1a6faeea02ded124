// Package visitor is one user of the calculators during a soak: it comes with
// the page's cookie through the load balancer, looks at its history, calculates
// something small, and comes again. What it saw says whether the history is the
// same whichever instance answers.
package visitor

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"time"

	"secondwind/runlog"
)

const (
	// DefaultEvery is the time between two visits: two requests of a millisecond
	// are lost in what a datapoint of CPUUtilization shows.
	DefaultEvery = 5 * time.Second
	// DefaultMost is how many calculations a visitor makes at most: all of them
	// must stand in one answer of GET /v1/history.
	DefaultMost = 40

	maxVisits = 400             // of a visitor that waits for a second instance
	timeout   = 5 * time.Second // of a request
	// settling is how long an entry may take to the store: an answer does not
	// wait for it.
	settling = time.Second
)

// Config is what a Visitor is made of.
type Config struct {
	URL   string        // of the load balancer
	Every time.Duration // between two visits; 0 means DefaultEvery
	Most  int           // calculations, up to 100; 0 means DefaultMost
	Seed  uint64        // of the operands
}

// Visitor is one user. Make it with New, run it with Run, and ask it when Run
// has returned.
type Visitor struct {
	config Config
	base   *url.URL
	client *http.Client
	random *rand.Rand

	user    string // the cookie's value; "" before there is one
	absent  bool   // there is no history to be seen
	made    []calculation
	visits  []runlog.HistoryVisit
	settled time.Time // when the last calculation must be in the store
}

// New returns a Visitor that has not been anywhere.
func New(cfg Config) (*Visitor, error) {
	base, err := url.Parse(cfg.URL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("visitor: %q is not the URL of a load balancer", cfg.URL)
	}
	if cfg.Every == 0 {
		cfg.Every = DefaultEvery
	}
	if cfg.Most == 0 {
		cfg.Most = DefaultMost
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("visitor: %w", err)
	}
	return &Visitor{
		config: cfg, base: base, random: rand.New(rand.NewPCG(cfg.Seed, 0)),
		// No proxy: what stands between would answer for the load balancer.
		client: &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: timeout},
	}, nil
}

// Run visits until ctx ends, and then looks at the history once more. What fails
// stands in the visits; Run returns nil. Where no history is kept it ends early.
func (v *Visitor) Run(ctx context.Context) error {
	defer v.client.CloseIdleConnections()
	ticker := time.NewTicker(v.config.Every)
	defer ticker.Stop()
	// A visit that has begun ends, so that what it did is known.
	visiting := context.WithoutCancel(ctx)
	for ctx.Err() == nil && v.wants() {
		v.visit(visiting, v.calculates())
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	if v.absent {
		return nil
	}
	<-ctx.Done()
	<-time.After(time.Until(v.settled))
	v.visit(visiting, false)
	return nil
}

// wants is whether another visit would show something new.
func (v *Visitor) wants() bool {
	return !v.absent && len(v.made) < v.config.Most && len(v.visits) < maxVisits
}

// calculates is whether the next visit calculates. While one instance alone has
// answered, half of the calculations are kept for the second one. Every third
// visit is a look alone: a load balancer that takes turns would let one of two
// instances do all the calculating, and the other give all the lists.
func (v *Visitor) calculates() bool {
	if len(v.visits)%3 == 2 {
		return false
	}
	return len(v.made) < v.config.Most/2 || len(v.History().Summary().Instances()) > 1
}

// visit looks at the history and then calculates, if it is to.
func (v *Visitor) visit(ctx context.Context, calculate bool) {
	seen := runlog.HistoryVisit{Time: time.Now().UTC(), Made: v.answered()}
	err := v.introduce(ctx)
	if err == nil {
		err = v.look(ctx, &seen)
		if calculate {
			err = errors.Join(err, v.calculate(ctx, &seen))
		}
	}
	if errors.Is(err, errAbsent) {
		v.absent = true
		return
	}
	if err != nil {
		seen.Error = err.Error()
	}
	v.visits = append(v.visits, seen)
}

// Came is whether the visitor went on its way at all.
func (v *Visitor) Came() bool { return v.absent || len(v.visits) > 0 }

// History is what the visits showed, without an audit.
func (v *Visitor) History() runlog.History {
	return runlog.History{Kept: v.user != "", Visits: v.visits}
}

// Known are the visitor's cookie and the texts that it entered and saw: none of
// them may stand in the calculators' store.
func (v *Visitor) Known() []string {
	if v.user == "" {
		return nil
	}
	known := []string{v.user}
	for _, c := range v.made {
		known = append(known, c.operands[0], c.operands[1], c.result)
	}
	return known
}
