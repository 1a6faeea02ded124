package runlog

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// History is history.json: what a run shows of the history that the calculators
// keep for their users. It holds no plaintext, no cookie and no key.
type History struct {
	Version int `json:"version"`
	// Kept is whether a calculator was met that keeps a history.
	Kept bool `json:"kept"`
	// Sessions are those of one synthetic user through the load balancer, in order.
	Sessions []HistorySession `json:"sessions"`
	// Programs is what each calculator said that it runs, by instance.
	Programs map[string]InstanceProgram `json:"programs,omitempty"`
	// Audit is of the store after the sessions; nil if none was made.
	Audit *HistoryAudit `json:"audit,omitempty"`
	// NotAudited is why Audit is nil; "" with one.
	NotAudited string `json:"notAudited,omitempty"`
}

// InstanceProgram is a calculator's own word of what it runs: its answer to GET /v1/version.
type InstanceProgram struct {
	Version   string `json:"version"`
	Revision  string `json:"revision,omitempty"` // that it was built from; "" if the build did not record it
	GoVersion string `json:"goVersion"`
}

// HistorySession is one look at the history, and one calculation after it.
type HistorySession struct {
	Time time.Time `json:"time"` // when it began
	// ListedBy is the instance that gave the list; "" if none was had.
	ListedBy string `json:"listedBy,omitempty"`
	Made     int    `json:"made"`              // calculations before, which the list should hold
	Listed   int    `json:"listed"`            // of those, how many it held as they were made
	Foreign  int    `json:"foreign,omitempty"` // entries that the user did not make
	// CalculatedBy is the instance that calculated; "" if nothing was calculated.
	CalculatedBy string `json:"calculatedBy,omitempty"`
	// Error is what went wrong with either; "" if nothing did.
	Error string `json:"error,omitempty"`
}

// UnmarshalJSON reads a history strictly. Older records call its sessions visits; no
// text in them has these bytes, for its quotation marks are escaped.
func (h *History) UnmarshalJSON(data []byte) error {
	type history History
	dec := json.NewDecoder(bytes.NewReader(bytes.Replace(data, []byte(`"visits":`), []byte(`"sessions":`), 1)))
	dec.DisallowUnknownFields()
	return dec.Decode((*history)(h))
}

// Whole is whether the list held what the user had made and nothing else. It is
// false without a list.
func (v HistorySession) Whole() bool {
	return v.ListedBy != "" && v.Listed == v.Made && v.Foreign == 0
}

// HistoryAudit is what an audit of the store's raw bytes found.
type HistoryAudit struct {
	Time     time.Time      `json:"time"`
	Store    string         `json:"store"`
	Key      string         `json:"key"` // the key-encryption key's name
	DataKeys int            `json:"dataKeys"`
	Records  int            `json:"records"`
	RawBytes int64          `json:"rawBytes"` // that were searched
	Known    int            `json:"known"`    // texts of the user's that were searched for
	Passed   bool           `json:"passed"`   // every check did
	Checks   []HistoryCheck `json:"checks"`
}

// HistoryCheck is one thing that an audit tried.
type HistoryCheck struct {
	Name   string `json:"name"` // a sentence that is true if it passed
	Passed bool   `json:"passed"`
	Detail string `json:"detail"` // what was tried, or what was found
}

// HistorySummary counts what the sessions of a History show.
type HistorySummary struct {
	Calculations int            // that were answered
	Lists        int            // that were had
	Whole        int            // of the lists
	Failed       int            // sessions with an Error
	CalculatedBy map[string]int // calculations, by instance
	ListedBy     map[string]int // lists, by instance
}

// Same is whether two instances or more gave lists, and all were whole.
func (s HistorySummary) Same() bool { return len(s.ListedBy) > 1 && s.Whole == s.Lists }

// Instances are those that answered anything, sorted.
func (s HistorySummary) Instances() []string {
	all := maps.Clone(s.CalculatedBy)
	maps.Copy(all, s.ListedBy)
	return slices.Sorted(maps.Keys(all))
}

// Summary counts what the sessions show.
func (h History) Summary() HistorySummary {
	s := HistorySummary{CalculatedBy: map[string]int{}, ListedBy: map[string]int{}}
	for _, v := range h.Sessions {
		if v.CalculatedBy != "" {
			s.Calculations++
			s.CalculatedBy[v.CalculatedBy]++
		}
		if v.ListedBy != "" {
			s.Lists++
			s.ListedBy[v.ListedBy]++
		}
		if v.Whole() {
			s.Whole++
		}
		if v.Error != "" {
			s.Failed++
		}
	}
	return s
}

// PassedChecks is how many checks of the audit passed.
func (a HistoryAudit) PassedChecks() int {
	passed := 0
	for _, c := range a.Checks {
		if c.Passed {
			passed++
		}
	}
	return passed
}

// validate reports what contradicts itself.
func (h History) validate() error {
	if (h.Audit == nil) == (h.NotAudited == "") {
		return errors.New("one of audit and notAudited must be set")
	}
	if s := h.Summary(); !h.Kept && (s.Calculations+s.Lists > 0 || h.Audit != nil) {
		return errors.New("no history is kept, but it was listed, added to or audited")
	}
	for i, v := range h.Sessions {
		switch {
		case v.Time.IsZero():
			return fmt.Errorf("sessions[%d]: time is missing", i)
		case v.Listed < 0 || v.Listed > v.Made || v.Foreign < 0:
			return fmt.Errorf("sessions[%d]: %d entries of %d were listed, and %d others", i, v.Listed, v.Made, v.Foreign)
		}
	}
	if a := h.Audit; a != nil && a.Passed != (a.PassedChecks() == len(a.Checks) && len(a.Checks) > 0) {
		return fmt.Errorf("audit: passed is %t, but %d of %d checks did", a.Passed, a.PassedChecks(), len(a.Checks))
	}
	return nil
}

// WriteHistory writes history.json. It belongs into the folder before Seal.
func (w *Writer) WriteHistory(h History) error {
	h.Version = Version
	if h.Sessions == nil {
		h.Sessions = []HistorySession{}
	}
	if err := h.validate(); err != nil {
		return fmt.Errorf("write %s: %w", HistoryFile, err)
	}
	return writeJSON(w.dir, HistoryFile, h)
}
