package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"secondwind/loadgen/summary"
)

// Exit codes of load, besides those of all commands. An invalid load has the code of a run
// that is inconclusive: it shows nothing about the service, good or bad.
const (
	exitFailed  = 1 // no request was answered as expected, a threshold was not met, or a condition ended the load
	exitInvalid = 3 // the generator was the limit
)

// loadResult is what became of a load.
type loadResult struct {
	*summary.Summary
	Required []summary.Requirement `json:"required,omitempty"`
	Warnings []string              `json:"warnings,omitempty"`
	Recorded string                `json:"recorded"`         // the record's folder
	Report   string                `json:"report,omitempty"` // left out if none was written

	server string
}

// result judges the thresholds; one without data is not met.
func (l loading) result(sum *summary.Summary, shown, dir string) loadResult {
	r := loadResult{Summary: sum, Recorded: dir, server: l.destination()}
	if shown != dir {
		r.Report = shown
	}
	for _, t := range l.require {
		value, ok := sum.Value(t)
		r.Required = append(r.Required, summary.Judge(t, value, ok))
	}
	return r
}

// exit is how the program ends. What an invalid load seems to show counts for nothing.
func (r loadResult) exit(interrupted bool, aborted *abortedError) *exitError {
	switch {
	case aborted != nil:
		return &exitError{exitFailed, aborted}
	case interrupted:
		return &exitError{code: exitInterrupted}
	case r.Generator.Invalid:
		return &exitError{exitInvalid, errors.New("the load generator was the limit, so that the figures are not those of the service: " +
			r.Generator.Reason)}
	case r.Failed > 0 && r.Completed == 0:
		return &exitError{exitFailed, fmt.Errorf("every request to %s failed", r.server)}
	}
	for _, one := range r.Required {
		if !one.Met {
			return &exitError{code: exitFailed}
		}
	}
	return &exitError{}
}

func (r loadResult) write(out *output) error {
	return out.write(r, func(to io.Writer) {
		w := new(strings.Builder)
		r.Write(w)
		for _, text := range r.Warnings {
			fmt.Fprintf(w, "warning: %s\n", text)
		}
		for _, one := range r.Required {
			fmt.Fprintln(w, one.Symbol(), one)
		}
		if r.Report != "" {
			fmt.Fprintf(w, "report    %s\n", r.Report)
		}
		fmt.Fprintf(w, "recorded  %s\n", r.Recorded)
		fmt.Fprint(to, out.style().Fold(w.String()))
	})
}
