package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"
)

// setting is a variable of the environment that sets a field of a configuration.
type setting[C any] struct {
	name    string
	meaning string
	field   func(*C) any // for assign
}

// described is the help's part about the settings.
func described[C any](settings []setting[C]) string {
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "  %-33s %s\n", s.name, s.meaning)
	}
	return b.String()
}

// read sets the fields whose variables are set, and reports every variable that is
// wrong.
func read[C any](cfg *C, settings []setting[C], lookup func(string) (string, bool)) error {
	var wrong []error
	for _, s := range settings {
		wrong = append(wrong, s.read(cfg, lookup))
	}
	return errors.Join(wrong...)
}

func (s setting[C]) read(cfg *C, lookup func(string) (string, bool)) error {
	text, _ := lookup(s.name)
	if text == "" {
		return nil
	}
	if want, ok := assign(s.field(cfg), text); !ok {
		return fmt.Errorf("%s=%q: give %s", s.name, text, want)
	}
	return nil
}

// assign reads a text into a field: a number (of bytes if it is an int64), a duration
// or a log level. It returns what such a text must be, and whether it is.
func assign(field any, text string) (want string, ok bool) {
	switch field := field.(type) {
	case *int:
		n, err := strconv.Atoi(text)
		if ok = err == nil && n > 0; ok {
			*field = n
		}
		return "a number above 0", ok
	case *int64:
		n, err := strconv.ParseInt(text, 10, 64)
		if ok = err == nil && n > 0; ok {
			*field = n
		}
		return "a number of bytes above 0", ok
	case *time.Duration:
		d, err := time.ParseDuration(text)
		if ok = err == nil && d > 0; ok {
			*field = d
		}
		return "a duration above 0 such as 10s", ok
	case *slog.Level:
		return "debug, info, warn or error", field.UnmarshalText([]byte(text)) == nil
	}
	panic(fmt.Sprintf("unreachable: no setting is a %T", field))
}
