package server

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"secondwind/server/history"
)

// shelf is a store in memory that can be made to fail, or to take its time.
type shelf struct {
	mu      sync.Mutex
	count   int
	entries map[string][]history.Entry // by user, the newest first
	fault   error
	hold    chan struct{} // not nil: Add waits until it is closed
	commits int
}

func newShelf() *shelf { return &shelf{entries: make(map[string][]history.Entry)} }

func (s *shelf) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fault = err
}

func (s *shelf) Add(ctx context.Context, group ...*history.Addition) error {
	if s.hold != nil {
		select {
		case <-s.hold:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fault != nil {
		return s.fault
	}
	s.commits++
	for _, a := range group {
		s.count++
		a.Entry.ID = fmt.Sprintf("%06d", s.count)
		s.entries[a.User] = append([]history.Entry{a.Entry}, s.entries[a.User]...)
	}
	return nil
}

func (s *shelf) List(_ context.Context, user string, q history.Query) ([]history.Entry, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var found []history.Entry
	for _, e := range s.entries[user] {
		if (q.Before == "" || e.ID < q.Before) && strings.Contains(e.Expression+e.Result, q.Search) && len(found) < q.Limit {
			found = append(found, e)
		}
	}
	return found, s.fault
}

func (s *shelf) Delete(_ context.Context, user, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, e := range s.entries[user] {
		if e.ID == id {
			s.entries[user] = append(s.entries[user][:i:i], s.entries[user][i+1:]...)
			return s.fault
		}
	}
	return errors.Join(s.fault, history.ErrNotFound)
}

func (s *shelf) DeleteAll(_ context.Context, user string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.entries, user)
	return s.fault
}

func (s *shelf) Losses() int64 { return 0 }

func (s *shelf) Ready(context.Context) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.fault
}
