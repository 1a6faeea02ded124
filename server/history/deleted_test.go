package history

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"secondwind/server/history/store"
)

// TestADeletedEntryIsGoneWhenDeleteReturns deletes from several instances at
// once while others read and write, and looks into the raw bytes after each.
func TestADeletedEntryIsGoneWhenDeleteReturns(t *testing.T) {
	onEveryStore(t, func(t *testing.T, cfg Config) {
		cfg.Timeout = time.Minute // SQLite's writers do not queue: one can lose to the others for long
		instances := []*History{opened(t, cfg), opened(t, cfg), opened(t, cfg)}
		busy := make(chan struct{})
		var readers, deleters sync.WaitGroup
		readers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-busy:
					return
				default:
				}
				h := instances[i%len(instances)]
				if err := h.Add(t.Context(), &Addition{bob, Entry{Result: strings.Repeat("7", 3000)}}); err != nil {
					t.Errorf("Add: %v", err)
				}
				if _, err := h.List(t.Context(), bob, Query{Limit: 20}); err != nil {
					t.Errorf("List: %v", err)
				}
			}
		})
		for i := range 6 {
			deleters.Go(func() {
				h, user := instances[i%len(instances)], fmt.Sprint("user ", i)
				for range 5 {
					if err := deleteAndLook(t, h, user); err != nil {
						t.Errorf("%s: %v", user, err)
					}
				}
			})
		}
		deleters.Wait()
		close(busy)
		readers.Wait()
	})
}

// deleteAndLook adds an entry, deletes it, and returns an error if any of its
// record is in the store's raw bytes.
func deleteAndLook(t *testing.T, h *History, user string) error {
	added := &Addition{user, Entry{Result: strings.Repeat("31", 500)}}
	if err := h.Add(t.Context(), added); err != nil {
		return err
	}
	e := added.Entry
	id := uuid.MustParse(e.ID)
	s := h.state.Load()
	owner, err := s.keys.Owner(user)
	if err != nil {
		return err
	}
	records, err := s.store.Page(t.Context(), owner, nil, 1)
	if err != nil || len(records) != 1 || !bytes.Equal(records[0].ID, id[:]) {
		return fmt.Errorf("the record is not there: %v, error %w", records, err)
	}
	if err := h.Delete(t.Context(), user, e.ID); err != nil {
		return err
	}
	return remains(t, s.store, records[0])
}

// remains returns an error for every part of the store that has any piece of the
// record.
func remains(t *testing.T, s *store.Store, r store.Record) error {
	var found []error
	err := s.Raw(t.Context(), func(part string, bytesOf io.Reader) error {
		raw, err := io.ReadAll(bytesOf)
		for at := 0; at+16 <= len(r.Sealed); at += 16 {
			if bytes.Contains(raw, r.Sealed[at:at+16]) {
				found = append(found, fmt.Errorf("%s has bytes %d to %d of the deleted record", part, at, at+16))
				break
			}
		}
		return err
	})
	return errors.Join(append(found, err)...)
}
