package history

import (
	"context"
	"errors"
	"strings"

	"github.com/google/uuid"

	"secondwind/server/history/store"
	"secondwind/server/history/vault"
)

// Query says which entries to List.
type Query struct {
	Search string // in operands, expression, result, operation or instance, upper or lower case; "": all
	Before string // an entry's id: only older ones; "": from the newest on
	Limit  int    // most entries; 0: all
}

const pageSize = 100 // records read at once

// List returns the user's entries, newest first. At most Config.MaxEntries are
// decrypted, since a user has no more. Records that do not decrypt are left out,
// and the log says how many.
func (h *History) List(ctx context.Context, user string, q Query) ([]Entry, error) {
	s, err := h.available()
	if err != nil {
		return nil, err
	}
	owner, err := s.keys.Owner(user)
	if err != nil {
		return nil, err
	}
	var before []byte
	if q.Before != "" {
		if before, err = parseID(q.Before); err != nil {
			return nil, err
		}
	}
	r := &reading{history: h, keys: s.keys, search: strings.ToLower(q.Search), limit: q.Limit}
	err = r.read(ctx, s.store, owner, before)
	if r.unreadable > 0 {
		h.config.Log.Error("history records do not decrypt", "records", r.unreadable, "error", r.why)
	}
	return r.entries, err
}

// reading is one List under way.
type reading struct {
	history *History
	keys    *vault.Keys
	search  string
	limit   int

	entries    []Entry
	unreadable int
	why        error // of the last unreadable record
	refreshed  bool
}

// read goes through an owner's records page by page until enough were found.
func (r *reading) read(ctx context.Context, s *store.Store, owner, before []byte) error {
	for left := r.history.config.MaxEntries; left > 0; {
		records, err := r.page(ctx, s, owner, before, min(left, pageSize))
		if err != nil {
			return r.history.noted(err)
		}
		if len(records) == 0 {
			return nil
		}
		for _, record := range records {
			if r.take(ctx, record); r.limit > 0 && len(r.entries) >= r.limit {
				return nil
			}
		}
		left -= len(records)
		before = records[len(records)-1].ID
	}
	return nil
}

func (r *reading) page(ctx context.Context, s *store.Store, owner, before []byte, size int) ([]store.Record, error) {
	ctx, cancel := context.WithTimeout(ctx, r.history.config.Timeout)
	defer cancel()
	return s.Page(ctx, owner, before, size)
}

// take adds a record's entry if it is one that was asked for.
func (r *reading) take(ctx context.Context, record store.Record) {
	text, err := r.keys.Open(record)
	if errors.Is(err, vault.ErrUnknownKey) && !r.refreshed {
		// Another instance has rotated since this one looked last.
		r.refreshed = true
		if s, e := r.history.refreshed(ctx); e == nil {
			r.keys = s.keys
			text, err = r.keys.Open(record)
		}
	}
	var e Entry
	if err == nil {
		e, err = decode(text)
	}
	if err != nil {
		r.unreadable++
		r.why = err
		return
	}
	if id, err := uuid.FromBytes(record.ID); err == nil {
		e.ID = id.String()
	}
	if r.search == "" || e.contains(r.search) {
		r.entries = append(r.entries, e)
	}
}
