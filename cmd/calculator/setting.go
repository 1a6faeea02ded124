package main

import (
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"secondwind/server"
)

// setting is a variable of the environment that sets a field of a configuration.
type setting struct {
	name    string
	meaning string
	field   any // a pointer, for assign
}

// described is the help's part about the settings.
func described(settings []setting) string {
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "  %-33s %s\n", s.name, s.meaning)
	}
	return b.String()
}

// read sets the fields whose variables are set, and reports every variable that is
// wrong.
func read(settings []setting, lookup func(string) (string, bool)) error {
	var wrong []error
	for _, s := range settings {
		text, _ := lookup(s.name)
		if text == "" {
			continue
		}
		if want, ok := assign(s.field, text); !ok {
			wrong = append(wrong, fmt.Errorf("%s=%q: give %s", s.name, text, want))
		}
	}
	return errors.Join(wrong...)
}

// assign reads a text into a field: a number (of bytes if it is an int64), a duration,
// a durability or a log level. It returns what such a text must be, and whether it is.
func assign(field any, text string) (want string, ok bool) {
	switch field := field.(type) {
	case *int:
		n, err := strconv.Atoi(text)
		return "a number above 0", assignPositive(field, n, err)
	case *int64:
		n, err := strconv.ParseInt(text, 10, 64)
		return "a number of bytes above 0", assignPositive(field, n, err)
	case *time.Duration:
		d, err := time.ParseDuration(text)
		return "a duration above 0 such as 10s", assignPositive(field, d, err)
	case *server.Durability:
		*field = server.Durability(text)
		return "written or queued", *field == server.Written || *field == server.Queued
	case *slog.Level:
		return "debug, info, warn or error", field.UnmarshalText([]byte(text)) == nil
	}
	panic(fmt.Sprintf("unreachable: no setting is a %T", field))
}

func assignPositive[T int | int64 | time.Duration](field *T, value T, err error) bool {
	if err != nil || value <= 0 {
		return false
	}
	*field = value
	return true
}
