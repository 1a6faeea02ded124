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

// tool is a command other than serving.
type tool func(ctx context.Context, args []string, stdout, stderr io.Writer) int

// toolNamed returns nil where args do not begin with a tool's name.
func toolNamed(args []string) tool {
	if len(args) == 0 {
		return nil
	}
	return map[string]tool{"audit": runAudit, "rotate-key": runRotate}[args[0]]
}

// parseTool reads a tool's flags. done says that the exit code is already known.
func parseTool(f *flag.FlagSet, usage string, args []string, stderr io.Writer) (code int, done bool) {
	f.SetOutput(io.Discard)
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stderr, usage)
		f.SetOutput(stderr)
		f.PrintDefaults()
		fmt.Fprint(stderr, "\nEnvironment:\n"+historyEnvironment())
		return exitDone, true
	case err != nil:
		return ended(stderr, f.Name(), exitMisuse, fmt.Errorf("%w: see calculator %s --help", err, f.Name())), true
	case f.NArg() > 0:
		return ended(stderr, f.Name(), exitMisuse, fmt.Errorf("unexpected argument: see calculator %s --help", f.Name())), true
	}
	return 0, false
}

// ended prints the error that ended a tool, and returns the exit code for it.
func ended(stderr io.Writer, name string, code int, err error) int {
	fmt.Fprintf(stderr, "calculator %s: %v\n", name, err)
	return code
}

func runAudit(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var (
		o      audit.Options
		file   string
		asJSON bool
	)
	f := flag.NewFlagSet("audit", flag.ContinueOnError)
	f.Func("known", "a `text` that users entered or saw, or a user's cookie, of at least 6 bytes: it must not be found; may be repeated",
		func(t string) error {
			o.Known = append(o.Known, t)
			return nil
		})
	f.StringVar(&file, "known-file", "", "a `file` with such texts, one a line: other users of this machine see arguments")
	f.BoolVar(&o.ReadOnly, "read-only", false, "write no marked records; then deletion is not shown")
	f.BoolVar(&asJSON, "json", false, "print the report as JSON")
	if code, done := parseTool(f, auditUsage, args, stderr); done {
		return code
	}
	known, unread := lines(file)
	o.Known = append(o.Known, known...)
	cfg, err := historyConfig(os.LookupEnv, slog.New(slog.DiscardHandler))
	if err := errors.Join(unread, err, o.Validate()); err != nil {
		return ended(stderr, "audit", exitMisuse, err)
	}
	report, err := audit.Run(ctx, cfg, o)
	if err == nil {
		err = write(stdout, asJSON, report, report.Write)
	}
	switch {
	case err != nil:
		return ended(stderr, "audit", exitFailed, err)
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
	f := flag.NewFlagSet("rotate-key", flag.ContinueOnError)
	f.StringVar(&to, "new-key", "", "wrap the keys under this `key` from now on, file:PATH (made if it is missing) or aws-kms:KEY; "+
		"then restart the calculators with it as CALCULATOR_KEY")
	f.BoolVar(&asJSON, "json", false, "print what was done as JSON")
	if code, done := parseTool(f, rotateUsage, args, stderr); done {
		return code
	}
	cfg, err := historyConfig(os.LookupEnv, slog.New(slog.DiscardHandler))
	if err != nil {
		return ended(stderr, "rotate-key", exitMisuse, err)
	}
	rotation, err := history.Rotate(ctx, cfg, to)
	if err != nil {
		return ended(stderr, "rotate-key", exitFailed, err)
	}
	err = write(stdout, asJSON, rotation, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "rotated: data key %d encrypts from now on, one of %d, wrapped under %s (revision %d of %s)\n",
			rotation.DataKey, rotation.DataKeys, rotation.KEK, rotation.Revision, rotation.Store)
		return err
	})
	if err != nil {
		return ended(stderr, "rotate-key", exitFailed, err)
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
