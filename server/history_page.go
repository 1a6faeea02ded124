package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"secondwind/server/history"
)

// historyView is a user's newest entries.
type historyView struct {
	Search  string
	Note    string // what is wrong, or why there is nothing
	Entries []entryView
}

type entryView struct {
	ID, Asked, Result string
	Stamp, When       string // RFC 3339, and for people
	Instance          string
	Shortened         bool // also where the page shows less of it than is kept
}

// shownEntry is the length in bytes up to which the page shows a text of an
// entry; calculator.js has the same.
const shownEntry = 120

var sign = regexp.MustCompile(`^[-+*/%^]+$`)

// asked is an entry the way it was asked.
func asked(e history.Entry) string {
	switch {
	case e.Expression != "":
		return e.Expression
	case sign.MatchString(e.Operation):
		return strings.Join(e.Operands, " "+e.Operation+" ")
	}
	return e.Operation + "(" + strings.Join(e.Operands, ", ") + ")"
}

// short keeps the two ends of a long text.
func short(text string) string {
	if len(text) <= shownEntry {
		return text
	}
	left, right := text[:shownEntry/2], text[len(text)-shownEntry/2:]
	for !utf8.ValidString(left) {
		left = left[:len(left)-1]
	}
	for !utf8.ValidString(right) {
		right = right[1:]
	}
	return left + "…" + right
}

// historyOnPage is what the page shows of the user's history; nil where none is
// kept. An unavailable history is reported and delays nothing.
func (s *Server) historyOnPage(ctx context.Context, user, search string) *historyView {
	if s.config.History == nil {
		return nil
	}
	v := &historyView{Search: search}
	list, err := s.entriesOf(ctx, user, history.Query{Search: search, Limit: defaultEntries})
	for _, e := range list.Entries {
		v.Entries = append(v.Entries, entryView{
			ID: e.ID, Asked: short(asked(e)), Result: short(e.Result),
			Stamp: e.Time.UTC().Format(time.RFC3339), When: e.Time.UTC().Format("2 January 2006, 15:04 UTC"),
			Instance: e.Instance, Shortened: e.Shortened,
		})
	}
	switch {
	case err != nil:
		v.Note = s.asProblem(err).Detail
	case len(v.Entries) > 0:
	case search != "":
		v.Note = "Nothing in the history has that."
	default:
		v.Note = "What you calculate is kept here."
	}
	return v
}

// searchOnPage is the search form.
func (s *Server) searchOnPage(c *gin.Context, fields url.Values) error {
	search := fields.Get("search")
	if len(search) > maxSearch || !utf8.ValidString(search) {
		return badRequest("the search must be UTF-8 text of at most %d bytes", maxSearch)
	}
	return s.writePage(c, http.StatusOK, view{Precisions: precisions(0)}, search)
}

// deleteOnPage deletes what remove does.
func (s *Server) deleteOnPage(c *gin.Context, remove func(ctx context.Context, user string) error) error {
	err := s.forget(c.Request.Context(), userOf(c), remove)
	p, known := errors.AsType[*problem](err)
	if gone := known && p.Status == http.StatusNotFound; err != nil && !gone { // gone is what was asked for
		return err
	}
	c.Redirect(http.StatusSeeOther, "/") // loading the page again must not delete again
	return nil
}
