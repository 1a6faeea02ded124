package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"secondwind/loadgen/summary"
	"secondwind/reports"
	"secondwind/reports/attest"
	"secondwind/runlog"
	"secondwind/runlog/archive"
	"secondwind/verify/judge"
)

// recordHelp ends the help of what is done with a run's record.
const recordHelp = "\n\nExit codes: 0 proved; 1 refuted; 3 inconclusive; 2 misuse, or a record that cannot be judged,\n" +
	"or a result that cannot be written; 130 interrupted"

func newJudge(out *output) *cobra.Command {
	var key string
	cmd := onRun(out, runlog.VerdictFile, &key, &cobra.Command{
		Use:   "judge <run folder> | <archive> | latest",
		Short: "Judge a recorded run again, from its folder or archive alone",
		Long: "Reads the record of a run, checks it against its manifest, and writes verdict.json: the same bytes\n" +
			"for the same record. A record in which a file was changed is refused, and the file is named.\n" +
			"What `secondwind export` packed, and a run that is signed, are judged and left as they are.\n\n" +
			"The manifest shows damage, but not forgery: whoever changes a file can write the manifest anew.\n" +
			"With --key, the run must be signed with that key, as soak --sign does.\n\n" +
			"latest is the newest run in --runs that can be judged: records of load and observe claim nothing." + recordHelp + ".",
	}, runlog.Manifest.Claims)
	cmd.Flags().StringVar(&key, "key", "", "`file` of a public Ed25519 key, which the run must be signed with")
	return cmd
}

func newReport(out *output) *cobra.Command {
	return onRun(out, reports.HTMLFile, new(string), &cobra.Command{
		Use:   "report <run folder> | latest",
		Short: "Write the plots and the report of a recorded run, load or observation again",
		Long: "Judges a recorded run as `secondwind judge` does, and writes its plots and its report again,\n" +
			"from its folder alone. Of a record of load or observe it shows what was sent or seen.\n\n" +
			"latest is the newest record in --runs." + recordHelp + ";\n0 also for a record that claims nothing.",
	}, func(runlog.Manifest) bool { return true })
}

// onRun lets cmd take a run as its only argument, of which latest is the newest that fits,
// judge it, and show the verdict and one of the folder's files. If key names a file, the run
// must be signed with that key.
func onRun(out *output, shown string, key *string, cmd *cobra.Command, fits func(runlog.Manifest) bool) *cobra.Command {
	asked := oneRun(cmd, fits)
	var signed *attest.Verifier
	find := cmd.PreRunE
	cmd.PreRunE = func(cmd *cobra.Command, args []string) (err error) {
		if *key != "" { // before the run: a wrong key is found at once
			signed, err = readKey(cmd.Context(), "key", *key, attest.ParseVerifier)
		}
		return cmp.Or(err, find(cmd, args))
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		dir, remove, err := asked.open(out.interrupts)
		if err != nil {
			return err
		}
		defer remove()
		if signed != nil {
			if err := signed.Verify(cmd.Context(), dir); err != nil {
				return err
			}
		}
		c, err := conclude(cmd.Context(), dir, shown, asked.sealing(dir))
		if err = cmp.Or(err, cmd.Context().Err()); err != nil {
			return err
		}
		if dir != asked.path {
			c.shown = asked.path // what it was unpacked into is removed
		}
		// What could not be written is no reason to keep the verdict back.
		if !c.claims {
			return errors.Join(c.unwritten, out.writePath("report", c.shown))
		}
		if c.otherwise {
			fmt.Fprintf(out.stderr, "secondwind: the %s in %s is not this verdict; another version, or another hand, wrote it\n",
				runlog.VerdictFile, asked.path)
		}
		if err := errors.Join(c.unwritten, c.write(out)); err != nil {
			return err
		}
		return &exitError{code: c.code()}
	}
	return cmd
}

// runArgument is the run that a command line names.
type runArgument struct {
	runs string // folder of the runs, for latest
	path string // of the run's folder or archive
}

// oneRun lets cmd take one run as its only argument.
func oneRun(cmd *cobra.Command, fits func(runlog.Manifest) bool) *runArgument {
	var a runArgument
	cmd.Flags().StringVar(&a.runs, "runs", defaultRuns, "with latest: `folder` of the runs")
	cmd.Args = func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("name one run folder, for instance %s, or latest; %d arguments were given",
				filepath.Join(defaultRuns, "<id>"), len(args))
		}
		return nil
	}
	cmd.PreRunE = func(cmd *cobra.Command, args []string) (err error) {
		if args[0] != "latest" && cmd.Flags().Changed("runs") {
			return errors.New("--runs says where the latest run is; leave it out when you name a run folder")
		}
		a.path, err = findRun(args[0], a.runs, fits)
		return err
	}
	return &a
}

// open returns the run's folder, of an archive a temporary one, until remove is called.
func (a *runArgument) open(i *interrupts) (dir string, remove func(), err error) {
	if !isArchive(a.path) {
		return a.path, func() {}, nil
	}
	temporary, err := os.MkdirTemp("", "secondwind-")
	if err != nil {
		return "", nil, err
	}
	remove = func() { os.RemoveAll(temporary) }
	i.removeAtExit(remove)
	if dir, err = archive.Extract(a.path, temporary); err != nil {
		remove()
	}
	return dir, remove, err
}

// folder returns the run's folder, to which something is to be done: an archive is refused.
func (a *runArgument) folder() (string, error) {
	if isArchive(a.path) {
		return "", misuse(fmt.Errorf("%s is an archive; unpack it, and name the folder of the run", a.path))
	}
	return a.path, nil
}

// sealing is what becomes of the folder that was opened.
func (a *runArgument) sealing(dir string) sealing {
	if dir != a.path || runlog.Signed(dir) {
		return leaveAsItIs
	}
	return sealAgain
}

// isArchive reports whether a path is of an archive of a run.
func isArchive(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && strings.EqualFold(filepath.Ext(path), archive.Extension)
}

// defaultRuns is where runs land.
var defaultRuns = filepath.Join("reports", "runs")

// findRun returns the folder of the run asked for; "latest" is the newest in runs that fits.
func findRun(asked, runs string, fits func(runlog.Manifest) bool) (string, error) {
	if asked == "latest" {
		return latestRun(runs, fits)
	}
	info, err := os.Stat(asked)
	if asked == "" {
		return "", errors.New("the name of the run folder is empty; name the folder of a run, or latest")
	}
	if err != nil {
		return "", fmt.Errorf("run folder %s cannot be read: %w; name the folder of a run, or latest", asked, err)
	}
	if isArchive(asked) {
		return asked, nil
	}
	if _, err := os.Stat(filepath.Join(filepath.Dir(asked), runlog.ManifestFile)); !info.IsDir() && err == nil {
		return "", fmt.Errorf("%s is a file; name the folder of the run, %s", asked, filepath.Dir(asked))
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is a file; name the folder of a run, or latest", asked)
	}
	if _, err := os.Stat(filepath.Join(asked, runlog.ManifestFile)); err != nil {
		return "", fmt.Errorf("%s is not the folder of a run: %w; name the folder of a run, or latest", asked, err)
	}
	return asked, nil
}

// latestRun returns the folder of the newest run that fits: ids begin with the time of
// the start. One whose manifest cannot be read is not passed over: whoever wants the
// newest is to learn of it.
func latestRun(runs string, fits func(runlog.Manifest) bool) (string, error) {
	entries, err := os.ReadDir(runs) // sorted by name
	if err != nil {
		return "", fmt.Errorf("there is no latest run: %w; name the folder of the runs with --runs", err)
	}
	none, others := "no run in it", map[string]bool{}
	for _, entry := range slices.Backward(entries) {
		dir := filepath.Join(runs, entry.Name())
		if _, err := os.Stat(filepath.Join(dir, runlog.ManifestFile)); err != nil || !runlog.ValidID(entry.Name()) {
			continue
		}
		manifest, err := runlog.ReadManifest(dir)
		if err != nil || fits(manifest) {
			return dir, nil
		}
		others[string(cmp.Or(manifest.Command, runlog.CommandSoak))] = true
		none = "only records of " + strings.Join(slices.Sorted(maps.Keys(others)), " and ") + " in it"
	}
	return "", fmt.Errorf("there is no latest run: %s has %s; name the folder of the runs with --runs", runs, none)
}

// conclusion is what became of a record.
type conclusion struct {
	claims    bool // that is judged: otherwise there is no verdict
	verdict   judge.Verdict
	required  []summary.Requirement // beside the claim
	shown     string                // what there is to look at: a file of the folder, or the folder
	unwritten error                 // the verdict stands, but not everything in the folder does
	otherwise bool                  // a folder that is left as it is has another verdict.json
}

// sealing is what becomes of a folder whose record is judged.
type sealing int

const (
	leaveAsItIs sealing = iota // nothing is written
	sealAgain                  // what is written is sealed, unless the folder was not: of a run that was killed, it stays so
	seal                       // as sealAgain, but whatever it was
)

// conclude judges the record in dir if it claims anything, makes the file to be shown and
// seals the folder, or as much of this as there is room for.
func conclude(ctx context.Context, dir, shown string, how sealing) (c conclusion, err error) {
	record, err := openFor(shown, dir)
	if err != nil {
		return c, fmt.Errorf("%s: %w", dir, err)
	}
	c.claims, c.shown = record.Manifest.Claims(), filepath.Join(dir, shown)
	switch {
	case how == leaveAsItIs && shown == reports.HTMLFile:
		return c, fmt.Errorf("a report is written into the folder of a run, and neither an archive nor a run that is signed is changed; "+
			"unpack the archive, or copy the folder, and remove %s from it if it is there", runlog.AttestationFile)
	case c.claims:
		c.judge(dir, record, how)
	case shown == runlog.VerdictFile:
		return c, fmt.Errorf("%s is a record of `secondwind %s`, which claims nothing that could be judged; "+
			"`secondwind report %s` shows it", dir, record.Manifest.Command, dir)
	}
	if shown == reports.HTMLFile {
		if how == seal || record.Manifest.Complete { // at once: a report takes time, and may be given up
			c.failed(dir, runlog.Seal(dir), "the folder is not sealed: %w: %s")
			record.Manifest.Complete = true // for the report, which is of a record that is whole
		}
		ended := *record
		ended.Manifest.Complete = ended.Manifest.Complete || how == seal // it is, once the report is in it
		err := reports.Write(ctx, dir, &ended, c.verdict)
		c.failed(dir, err, "the report was not written: %w; `secondwind report %s` makes it later")
	}
	if how == seal || how == sealAgain && record.Manifest.Complete {
		c.failed(dir, runlog.Seal(dir), "the folder is not sealed: %w; it can be judged all the same: %s")
	}
	return c, nil
}

// openFor opens a record as far as what is shown of it needs it: a verdict needs no latencies,
// unless the scenario requires some.
func openFor(shown, dir string) (*runlog.Record, error) {
	if shown != runlog.VerdictFile {
		return runlog.Open(dir)
	}
	// A day's record takes 70 MB. What is done with it leaves little to be collected, so that it
	// costs little to collect it often; by default as much again would be taken.
	debug.SetGCPercent(50)
	defer debug.SetGCPercent(25)
	record, err := runlog.OpenToJudge(dir)
	if err == nil && record.Hypothesis != nil && len(record.Hypothesis.Require) > 0 {
		return runlog.Open(dir)
	}
	return record, err
}

func (c *conclusion) judge(dir string, record *runlog.Record, how sealing) {
	c.verdict = judge.Judge(record)
	c.required = reports.Required(record, c.verdict)
	raw, err := c.verdict.Marshal()
	if how == leaveAsItIs {
		there, missing := os.ReadFile(filepath.Join(dir, runlog.VerdictFile))
		c.otherwise = missing == nil && !bytes.Equal(raw, there)
	} else if err == nil {
		err = runlog.WriteFile(dir, runlog.VerdictFile, raw)
	}
	c.failed(dir, err, "the verdict was not written: %w; `secondwind judge %s` writes it later")
}

// failed notes what could not be done in dir; nil: nothing. Whoever does not want to
// wait for the report has the verdict all the same.
func (c *conclusion) failed(dir string, err error, format string) {
	if err != nil {
		c.shown = dir
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		c.unwritten = errors.Join(c.unwritten, fmt.Errorf(format, err, dir))
	}
}

// code is the verdict's exit code. One that is PROVED has that of what the scenario requires
// beside the claim: of a refuted run if something is not met, of an inconclusive one if there are
// no data for something.
func (c *conclusion) code() int {
	code := c.verdict.Outcome.ExitCode()
	if c.verdict.Outcome != judge.Proved {
		return code
	}
	for _, r := range c.required {
		switch {
		case r.Met:
		case r.Value != nil:
			return judge.Refuted.ExitCode()
		default:
			code = judge.Inconclusive.ExitCode()
		}
	}
	return code
}

// write writes the chain, what was required and, as the last line, the verdict and where it
// stands: a file of the run's folder, or the folder.
func (c *conclusion) write(out *output) error {
	shown := struct {
		judge.Verdict
		Required []summary.Requirement `json:"required,omitempty"`
		Folder   string                `json:"folder"`
		Report   string                `json:"report,omitempty"` // left out if none was written
	}{Verdict: c.verdict, Required: c.required, Folder: c.shown}
	switch filepath.Base(c.shown) {
	case reports.HTMLFile:
		shown.Folder, shown.Report = filepath.Dir(c.shown), c.shown
	case runlog.VerdictFile:
		shown.Folder = filepath.Dir(c.shown)
	}
	return out.write(shown, func(w io.Writer) {
		var text strings.Builder
		reports.Summary(&text, c.verdict, out.style())
		for i, r := range c.required {
			fmt.Fprintf(&text, "%s %-12s %s\n", r.Symbol(), map[bool]string{true: "required"}[i == 0], r)
		}
		fmt.Fprintf(&text, "\n%s  %s\n", c.verdict.Outcome, c.shown)
		fmt.Fprint(w, out.style().Fold(text.String()))
	})
}
