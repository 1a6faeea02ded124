// Package syntheticuser is one user of the calculators during a soak. In each of its
// sessions it lists its history through the load balancer, with the page's cookie,
// and then calculates something small. What it was answered shows whether the
// history is the same whichever instance answers.
package syntheticuser

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"time"

	"secondwind/runlog"
)

const (
	// DefaultEvery is the time between two sessions: two requests of a millisecond
	// are lost in what a datapoint of CPUUtilization shows.
	DefaultEvery = 5 * time.Second
	// DefaultMost is how many calculations a synthetic user makes at most: all of them
	// must stand in one answer of GET /v1/history.
	DefaultMost = 40

	maxSessions = 400             // of a synthetic user that waits for a second instance
	timeout     = 5 * time.Second // of a request
	// settling is how long an entry may take to the store: an answer does not
	// wait for it.
	settling = time.Second
)

// Config is what a User is made of.
type Config struct {
	URL   string        // of the load balancer
	Every time.Duration // between two sessions; 0 means DefaultEvery
	Most  int           // calculations, up to 100; 0 means DefaultMost
	Seed  uint64        // of the operands
}

// User is one user. Make it with New, run it with Run, and ask it when Run
// has returned.
type User struct {
	config Config
	base   *url.URL
	client *http.Client
	random *rand.Rand

	user     string // the cookie's value; "" before there is one
	absent   bool   // there is no history to be seen
	made     []calculation
	sessions []runlog.HistorySession
	programs map[string]runlog.InstanceProgram // by instance
	settled  time.Time                         // when the last calculation must be in the store
}

// New returns a User that has sent nothing yet.
func New(cfg Config) (*User, error) {
	base, err := url.Parse(cfg.URL)
	if err != nil || base.Host == "" {
		return nil, fmt.Errorf("synthetic user: %q is not the URL of a load balancer", cfg.URL)
	}
	cfg.Every, cfg.Most = cmp.Or(cfg.Every, DefaultEvery), cmp.Or(cfg.Most, DefaultMost)
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, fmt.Errorf("synthetic user: %w", err)
	}
	return &User{
		config: cfg, base: base, programs: map[string]runlog.InstanceProgram{}, random: rand.New(rand.NewPCG(cfg.Seed, 0)),
		// No proxy: what stands between would answer for the load balancer.
		client: &http.Client{Jar: jar, Transport: &http.Transport{}, Timeout: timeout},
	}, nil
}

// Run repeats sessions until ctx ends, and then lists the history once more. What
// fails stands in the sessions; Run returns nil. Where no history is kept it ends early.
func (u *User) Run(ctx context.Context) error {
	defer u.client.CloseIdleConnections()
	ticker := time.NewTicker(u.config.Every)
	defer ticker.Stop()
	// A session that has begun ends, so that what it did is known.
	asking := context.WithoutCancel(ctx)
	for ctx.Err() == nil && u.wants() {
		u.session(asking, u.calculates())
		select {
		case <-ctx.Done():
		case <-ticker.C:
		}
	}
	if u.absent {
		return nil
	}
	<-ctx.Done()
	<-time.After(time.Until(u.settled))
	u.session(asking, false)
	return nil
}

// wants is whether another session would show something new.
func (u *User) wants() bool {
	return !u.absent && len(u.made) < u.config.Most && len(u.sessions) < maxSessions
}

// calculates is whether the next session calculates. While one instance alone has
// answered, half of the calculations are kept for the second one. Every third
// session only lists: a load balancer that takes turns would let one of two
// instances do all the calculating, and the other give all the lists.
func (u *User) calculates() bool {
	if len(u.sessions)%3 == 2 {
		return false
	}
	return len(u.made) < u.config.Most/2 || len(u.History().Summary().Instances()) > 1
}

// session lists the history and then calculates, if it is to.
func (u *User) session(ctx context.Context, calculate bool) {
	seen := runlog.HistorySession{Time: time.Now().UTC(), Made: u.answered()}
	err := u.introduce(ctx)
	if err == nil {
		err = u.list(ctx, &seen)
		met := append(u.History().Summary().Instances(), seen.ListedBy)
		if slices.ContainsFunc(met, func(id string) bool { return u.programs[id] == runlog.InstanceProgram{} }) {
			u.askVersion(ctx) // of whichever instance answers
		}
		if calculate {
			err = errors.Join(err, u.calculate(ctx, &seen))
		}
	}
	if errors.Is(err, errAbsent) {
		u.absent = true
		return
	}
	if err != nil {
		seen.Error = err.Error()
	}
	u.sessions = append(u.sessions, seen)
}

// Came is whether the synthetic user had a session at all.
func (u *User) Came() bool { return u.absent || len(u.sessions) > 0 }

// History is what the sessions showed, without an audit.
func (u *User) History() runlog.History {
	return runlog.History{Kept: u.user != "", Sessions: u.sessions, Programs: u.programs}
}

// Known are the synthetic user's cookie and the texts that it entered and saw: none of
// them may stand in the calculators' store.
func (u *User) Known() []string {
	if u.user == "" {
		return nil
	}
	known := []string{u.user}
	for _, c := range u.made {
		known = append(known, c.operands[0], c.operands[1], c.result)
	}
	return known
}
