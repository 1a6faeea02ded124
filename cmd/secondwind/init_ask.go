package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/pflag"

	"secondwind/textfile"
)

// ask asks for what the flags do not say, on a terminal.
func (o *initOptions) ask(ctx context.Context, in io.Reader, w io.Writer, f *pflag.FlagSet) error {
	lines := bufio.NewReader(in)
	question := func(flag, text string) error {
		if f.Changed(flag) {
			return nil
		}
		if now := f.Lookup(flag).Value.String(); now != "" {
			text += " [" + now + "]"
		}
		fmt.Fprintf(w, "%s: ", text)
		line, err := textfile.Await(ctx, func() (string, error) { return lines.ReadString('\n') })
		if line = strings.TrimSpace(line); line != "" {
			return f.Set(flag, line)
		} else if err != nil {
			return fmt.Errorf("no scenario was written: the questions were not answered (%w)", err)
		}
		return nil
	}
	err := question("program", "Command that starts the service here, with {port} for where to listen (empty: it runs already)")
	if err == nil && o.program == "" {
		err = question("group", "Name of its Auto Scaling group on AWS (empty: only its URL is asked)")
	}
	if err == nil && o.program == "" {
		err = question("url", "URL of its load balancer")
	}
	if err == nil && o.program == "" && o.group == "" && o.url == "" {
		return errors.New("no scenario was written: there is nothing to ask; give a command, a group or a URL")
	}
	if err == nil {
		err = question("path", "Path of a request that takes CPU")
	}
	if err == nil {
		err = question("health-path", "Path of the health check (empty: it is looked for)")
	}
	if err == nil {
		err = question("out", "New file for the scenario")
	}
	return err
}
