package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"secondwind/server/history"
	"secondwind/server/history/audit"
)

const auditUsage = `calculator audit shows that the history is encrypted at rest, or where it is not.

It opens the store of CALCULATOR_HISTORY and CALCULATOR_KEY, which calculators may be
using, reads its raw bytes as a thief would, tries to decrypt every record with other
keys, in other rows and with changed bytes, and writes and deletes two marked records.
Exit codes: 0 passed, 1 failed or could not be audited, 2 misuse.

Usage: calculator audit [--known TEXT]… [--known-file PATH] [--read-only] [--json]

`

const rotateUsage = `calculator rotate-key adds a new data key to the store of CALCULATOR_HISTORY, which
encrypts from now on, and wraps the keys again. Records under old data keys stay readable,
and running calculators need no restart: they adopt the new key within 30 s.

Usage: calculator rotate-key [--new-key KEY] [--json]

`

// tools are the commands other than serving, by name.
var tools = map[string]func(ctx context.Context, args []string, stdout, stderr io.Writer) int{
	"audit": runAudit, "rotate-key": runRotate,
}

func runAudit(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var (
		o      audit.Options
		file   string
		asJSON bool
	)
	f := flag.NewFlagSet("calculator audit", flag.ContinueOnError)
	f.Func("known", "a `text` that users entered or saw, or a user's cookie, of at least 6 bytes: it must not be found; may be repeated",
		func(t string) error {
			o.Known = append(o.Known, t)
			return nil
		})
	f.StringVar(&file, "known-file", "", "a `file` with such texts, one a line: other users of this machine see arguments")
	f.BoolVar(&o.ReadOnly, "read-only", false, "write no marked records; then deletion is not shown")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	if err := parseFlags(f, args, stderr, auditUsage, historyEnvironment()); err != nil {
		return ended(stderr, f.Name(), exitMisuse, err)
	}
	known, unread := lines(file)
	o.Known = append(o.Known, known...)
	cfg, err := historyConfig(os.LookupEnv, slog.New(slog.DiscardHandler))
	if err := errors.Join(unread, err, o.Validate()); err != nil {
		return ended(stderr, f.Name(), exitMisuse, err)
	}
	report, err := audit.Run(ctx, cfg, o)
	if err == nil {
		err = write(stdout, asJSON, report, report.Write)
	}
	switch {
	case err != nil:
		return ended(stderr, f.Name(), exitFailed, err)
	case !report.Passed:
		return exitFailed
	}
	return exitDone
}

// lines returns the lines of a file that are not empty; none if path is "".
func lines(path string) (all []string, err error) {
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--known-file: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			all = append(all, line)
		}
	}
	return all, nil
}

func runRotate(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var (
		to     string
		asJSON bool
	)
	f := flag.NewFlagSet("calculator rotate-key", flag.ContinueOnError)
	f.StringVar(&to, "new-key", "", "wrap the keys under this `key` from now on, file:PATH (made if it is missing) or aws-kms:KEY; "+
		"then restart the calculators with it as CALCULATOR_KEY")
	f.BoolVar(&asJSON, "json", false, "print what was done as JSON")
	if err := parseFlags(f, args, stderr, rotateUsage, historyEnvironment()); err != nil {
		return ended(stderr, f.Name(), exitMisuse, err)
	}
	cfg, err := historyConfig(os.LookupEnv, slog.New(slog.DiscardHandler))
	if err != nil {
		return ended(stderr, f.Name(), exitMisuse, err)
	}
	rotation, err := history.Rotate(ctx, cfg, to)
	if err != nil {
		return ended(stderr, f.Name(), exitFailed, err)
	}
	err = write(stdout, asJSON, rotation, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "rotated: data key %d encrypts from now on, one of %d, wrapped under %s (revision %d of %s)\n",
			rotation.DataKey, rotation.DataKeys, rotation.KEK, rotation.Revision, rotation.Store)
		return err
	})
	if err != nil {
		return ended(stderr, f.Name(), exitFailed, err)
	}
	return exitDone
}

// write writes what a tool found as JSON or as text.
func write(w io.Writer, asJSON bool, v any, text func(io.Writer) error) error {
	if !asJSON {
		return text(w)
	}
	out := json.NewEncoder(w)
	out.SetIndent("", "  ")
	return out.Encode(v)
}
