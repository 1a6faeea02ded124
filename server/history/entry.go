// Package history keeps what users calculated.
package history

import (
	"errors"
	"time"
)

// Entry is one calculation that a user made.
type Entry struct {
	ID         string    `json:"id"` // sortable by time
	Time       time.Time `json:"time"`
	Instance   string    `json:"instance"`
	Operation  string    `json:"operation,omitempty"`
	Operands   []string  `json:"operands,omitempty"`
	Expression string    `json:"expression,omitempty"`
	Result     string    `json:"result"`
	Shortened  bool      `json:"shortened,omitempty"` // operands or result were too long to keep whole
}

// Query chooses entries: the newest Limit before an id that contain Search.
type Query struct {
	Search string
	Before string // an id; "" is the newest
	Limit  int
}

var (
	// ErrUnavailable says that the store or the key cannot be reached now.
	ErrUnavailable = errors.New("the history is not available now")
	// ErrNotFound says that the user has no such entry.
	ErrNotFound = errors.New("there is no such entry")
)
