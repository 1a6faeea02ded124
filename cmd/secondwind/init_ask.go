package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"secondwind/textfile"
)

// questions are asked in this order, but those that an earlier answer made idle.
var questions = []struct{ flag, text, idleAfter string }{
	{"program", "Command that starts the service here, with {port} for where to listen (empty: it runs already)", ""},
	{"group", "Name of its Auto Scaling group on AWS (empty: none is known)", "program"},
	{"url", "URL of the service", "program group"},
	{"path", "Path of a request that takes CPU", ""},
	{"health-path", "Path of the health check (empty: it is looked for)", "group"},
	{"out", "New file for the scenario", ""},
}

// maxAnswers bounds what is read as the answers, in bytes.
const maxAnswers = 64 << 10

// ask asks for the flags that were not given, and sets them.
func ask(ctx context.Context, in io.Reader, w io.Writer, f *pflag.FlagSet) error {
	lines := bufio.NewReader(io.LimitReader(in, maxAnswers))
	for _, q := range questions {
		if f.Changed(q.flag) || slices.ContainsFunc(strings.Fields(q.idleAfter), f.Changed) {
			continue
		}
		fmt.Fprint(w, q.text)
		if usual := f.Lookup(q.flag).Value.String(); usual != "" {
			fmt.Fprintf(w, " [%s]", usual)
		}
		fmt.Fprint(w, ": ")
		line, err := textfile.Await(ctx, func() (string, error) { return lines.ReadString('\n') })
		switch line = strings.TrimSpace(line); {
		case line != "":
			err = f.Set(q.flag, line)
		case err != nil:
			err = fmt.Errorf("no scenario was written: the questions were not answered (%w)", err)
		case q.flag == "url":
			err = errors.New("no scenario was written: there is nothing to ask; give a command, a group or a URL")
		}
		if err != nil {
			return err
		}
	}
	return nil
}
