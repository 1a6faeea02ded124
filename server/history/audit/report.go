package audit

import (
	"fmt"
	"io"
	"time"
)

// Version is that of a Report as JSON.
const Version = 1

// Check is one thing that was tried.
type Check struct {
	Name   string `json:"name"` // a sentence that is true if it passed
	Passed bool   `json:"passed"`
	Detail string `json:"detail"` // what was tried, or what was found
}

// Part is a part of the store whose raw bytes were read.
type Part struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// Report is what an audit found. It holds no plaintext and no key.
type Report struct {
	Version  int       `json:"version"`
	Time     time.Time `json:"time"`
	Store    string    `json:"store"`
	KEK      string    `json:"key_encryption_key"`
	DataKeys int       `json:"data_keys"`
	Records  int       `json:"records"`
	Parts    []Part    `json:"parts"`
	Passed   bool      `json:"passed"` // every check did
	Checks   []Check   `json:"checks"`
}

// check adds one: it passed if err is nil, and detail says what was tried.
func (r *Report) check(name string, err error, detail string, args ...any) {
	c := Check{Name: name, Passed: err == nil, Detail: fmt.Sprintf(detail, args...)}
	if err != nil {
		c.Detail = err.Error()
	}
	r.Checks = append(r.Checks, c)
	r.Passed = r.Passed && c.Passed
}

// Write writes the report for a person.
func (r Report) Write(w io.Writer) error {
	text := fmt.Sprintf("store    %s\nkey      %s, data keys: %d\nrecords  %d\n", r.Store, r.KEK, r.DataKeys, r.Records)
	for _, p := range r.Parts {
		text += fmt.Sprintf("raw      %d bytes of %s\n", p.Bytes, p.Name)
	}
	for _, c := range r.Checks {
		mark := "ok  "
		if !c.Passed {
			mark = "FAIL"
		}
		text += fmt.Sprintf("%s     %s (%s)\n", mark, c.Name, c.Detail)
	}
	verdict := "PASSED   the history is encrypted at rest\n"
	if !r.Passed {
		verdict = "FAILED   the history is not safe at rest: see what failed above\n"
	}
	_, err := io.WriteString(w, text+verdict)
	return err
}
