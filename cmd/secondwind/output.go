package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"
	"time"

	"golang.org/x/term"

	"secondwind/cmd/secondwind/progress"
	"secondwind/verify/terminal"
)

// output is where a command writes, as the flags say that all commands share.
type output struct {
	stdout, stderr io.Writer
	json           bool
	colour         colour
	interrupts     *interrupts
	started        bool // a command has taken its arguments and flags
}

// colour says when codes for colour are written: auto, always or never. It is
// the value of a flag.
type colour string

func (c *colour) Set(text string) error {
	switch text {
	case "auto", "always", "never":
		*c = colour(text)
		return nil
	}
	return errors.New("it is auto, always or never")
}

func (c *colour) String() string { return string(*c) }

func (c *colour) Type() string { return "when" }

// write writes a command's result: value as a line of JSON with --json, else what
// text writes, to a buffer that does not fail. An error of stdout is returned.
func (o *output) write(value any, text func(io.Writer)) error {
	var b bytes.Buffer
	var err error
	if o.json {
		err = json.NewEncoder(&b).Encode(value)
	} else {
		text(&b)
	}
	if err == nil {
		_, err = o.stdout.Write(b.Bytes())
	}
	if errors.Is(err, syscall.EPIPE) {
		return nil // whoever hung up has read what they wanted
	}
	if err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}

// writePath writes where something is: the "report", or the folder of what was "recorded".
func (o *output) writePath(what, path string) error {
	return o.write(map[string]string{what: path}, func(w io.Writer) { fmt.Fprintf(w, "%s  %s\n", what, path) })
}

// writeJSON writes a value to a file that people read, too.
func writeJSON(path string, value any) error {
	text, err := json.MarshalIndent(value, "", "  ")
	if err == nil {
		err = os.WriteFile(path, append(text, '\n'), 0o644)
	}
	return err // os names the file
}

// terminal returns stdout's file if it is a terminal.
func (o *output) terminal() (*os.File, bool) {
	f, ok := o.stdout.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// width is the terminal's columns, 0 if stdout is no terminal.
func (o *output) width() int {
	f, ok := o.terminal()
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

// coloured is whether codes for colour may be written. NO_COLOR is the
// convention of no-color.org.
func (o *output) coloured() bool {
	switch o.colour {
	case "always":
		return true
	case "never":
		return false
	}
	_, terminal := o.terminal()
	return terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// reporter is where the progress of a run that began at start goes, and what a
// signal does to it.
func (o *output) reporter(start time.Time) progress.Reporter {
	var r progress.Reporter
	_, terminal := o.terminal()
	switch {
	case o.json:
		r = progress.JSON(o.stdout)
	case !terminal || os.Getenv("TERM") == "dumb":
		r = progress.Plain(o.stdout)
	default:
		width := func() int { return cmp.Or(o.width(), 80) } // where the terminal does not tell
		r = progress.Live(o.stdout, width, o.coloured())
	}
	o.interrupts.reportTo(func(text string) { r.Event(time.Since(start), text) })
	return r
}

// style is how a report for a person is written.
func (o *output) style() terminal.Style {
	return terminal.Style{Colour: o.coloured(), Width: o.width()}
}
