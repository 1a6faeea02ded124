package server

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"secondwind/server/history"
)

const (
	defaultEntries = 20 // of one answer
	maxEntries     = 100
	maxSearch      = 1000 // bytes of what is searched for
	maxEntryID     = 100
	// settleTimeout is how long an answer waits for the user's last calculations
	// to reach the store.
	settleTimeout = time.Second
)

// entries is the answer to GET /v1/history.
type entries struct {
	Entries []history.Entry `json:"entries"` // the newest first
	Next    string          `json:"next,omitempty"`
}

// listHistory is GET /v1/history?search=&before=&limit=.
func (s *Server) listHistory(c *gin.Context) error {
	if _, err := negotiate(c, typeJSON); err != nil {
		return err
	}
	q, err := historyQuery(c)
	if err != nil {
		return err
	}
	answer, err := s.entriesOf(c.Request.Context(), userOf(c), q)
	if err != nil {
		return err
	}
	c.Header("Cache-Control", "no-store")
	c.JSON(http.StatusOK, answer)
	return nil
}

func historyQuery(c *gin.Context) (history.Query, error) {
	q := history.Query{Search: c.Query("search"), Before: c.Query("before"), Limit: defaultEntries}
	if text, given := c.GetQuery("limit"); given {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > maxEntries {
			return q, badRequest("the limit must be a number from 1 to %d", maxEntries)
		}
		q.Limit = n
	}
	if len(q.Search) > maxSearch || len(q.Before) > maxEntryID || !utf8.ValidString(q.Search) || !utf8.ValidString(q.Before) {
		return q, badRequest("the search must be UTF-8 text of at most %d bytes, and before the id of an entry", maxSearch)
	}
	return q, nil
}

// entriesOf returns a user's entries. Who has no cookie has none.
func (s *Server) entriesOf(ctx context.Context, user string, q history.Query) (entries, error) {
	if err := s.historyKept(); err != nil {
		return entries{}, err
	}
	none := entries{Entries: []history.Entry{}}
	if user == "" {
		return none, nil
	}
	s.settled(ctx)
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	wanted := q.Limit
	q.Limit++ // one more shows whether there is more
	list, err := s.config.History.List(ctx, user, q)
	switch {
	case err != nil:
		return none, historyFault(err)
	case len(list) == 0:
		return none, nil
	case len(list) > wanted:
		return entries{list[:wanted], list[wanted-1].ID}, nil
	}
	return entries{Entries: list}, nil
}

// deleteEntry is DELETE /v1/history/:id.
func (s *Server) deleteEntry(c *gin.Context) error {
	err := s.forget(c.Request.Context(), userOf(c), func(ctx context.Context, user string) error {
		return s.config.History.Delete(ctx, user, c.Param("id"))
	})
	return deleted(c, err)
}

// deleteHistory is DELETE /v1/history.
func (s *Server) deleteHistory(c *gin.Context) error {
	return deleted(c, s.forget(c.Request.Context(), userOf(c), s.deleteAll))
}

func (s *Server) deleteAll(ctx context.Context, user string) error {
	return s.config.History.DeleteAll(ctx, user)
}

// forget deletes a user's entries, including those that wait to be stored.
func (s *Server) forget(ctx context.Context, user string, remove func(context.Context, string) error) error {
	if err := s.historyKept(); err != nil {
		return err
	}
	if user == "" {
		return newProblem(http.StatusNotFound, "this request has no user cookie, and therefore no history")
	}
	s.settled(ctx)
	ctx, cancel := context.WithTimeout(ctx, storeTimeout)
	defer cancel()
	return historyFault(remove(ctx, user))
}

// deleted answers that it is done, unless there is an error.
func deleted(c *gin.Context, err error) error {
	if err == nil {
		c.Header("Cache-Control", "no-store")
		c.Status(http.StatusNoContent)
	}
	return err
}

func (s *Server) historyKept() error {
	if s.config.History == nil {
		return newProblem(http.StatusNotFound, "no history is kept on this calculator")
	}
	return nil
}

// settled waits a little for the entries that wait to be stored.
func (s *Server) settled(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	s.recorder.settle(ctx)
}

// historyFault is what a client may see of an error of the store.
func historyFault(err error) error {
	switch {
	case errors.Is(err, history.ErrNotFound):
		return newProblem(http.StatusNotFound, "there is no such entry in your history")
	case errors.Is(err, history.ErrUnavailable), errors.Is(err, context.DeadlineExceeded):
		return newProblem(http.StatusServiceUnavailable,
			"the history is not available now: calculating still works; try the history again later")
	}
	return err
}
