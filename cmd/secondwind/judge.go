package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"secondwind/reports"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// recordHelp ends the help of what is done with a run's record.
const recordHelp = "\n\nExit codes: 0 proved; 1 refuted; 3 inconclusive; 2 misuse, or a record that cannot be judged,\n" +
	"or a result that cannot be written; 130 interrupted"

func newJudge(out *output) *cobra.Command {
	return onRun(out, runlog.VerdictFile, &cobra.Command{
		Use:   "judge <run folder> | latest",
		Short: "Judge a recorded run again, from its folder alone",
		Long: "Reads the record of a run, checks it against its manifest, and writes verdict.json: the same bytes\n" +
			"for the same record. A record in which a file was changed is refused, and the file is named.\n\n" +
			"latest is the newest run in --runs that can be judged: records of load and observe claim nothing." + recordHelp + ".",
	}, runlog.Manifest.Claims)
}

func newReport(out *output) *cobra.Command {
	return onRun(out, reports.HTMLFile, &cobra.Command{
		Use:   "report <run folder> | latest",
		Short: "Write the plots and the report of a recorded run, load or observation again",
		Long: "Judges a recorded run as `secondwind judge` does, and writes its plots and its report again,\n" +
			"from its folder alone. Of a record of load or observe it shows what was sent or seen.\n\n" +
			"latest is the newest record in --runs." + recordHelp + ";\n0 also for a record that claims nothing.",
	}, func(runlog.Manifest) bool { return true })
}

// takesRun lets cmd take a run as its only argument, of which latest is the newest that
// fits. Its folder is in dir once the command runs.
func takesRun(cmd *cobra.Command, dir *string, fits func(runlog.Manifest) bool) {
	var runs string
	cmd.Flags().StringVar(&runs, "runs", defaultRuns, "with latest: `folder` of the runs")
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
		*dir, err = findRun(args[0], runs, fits)
		return err
	}
}

// onRun lets cmd take a run, judge it, and show the verdict and one of the folder's files.
func onRun(out *output, shown string, cmd *cobra.Command, fits func(runlog.Manifest) bool) *cobra.Command {
	var dir string
	takesRun(cmd, &dir, fits)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := conclude(cmd.Context(), dir, shown, false)
		if err = cmp.Or(err, cmd.Context().Err()); err != nil {
			return err
		}
		// What could not be written is no reason to keep the verdict back.
		if !c.claims {
			return errors.Join(c.unwritten, out.writePath("report", c.shown))
		}
		return cmp.Or(errors.Join(c.unwritten, writeVerdict(out, c.verdict, c.shown)), verdictError(c.verdict))
	}
	return cmd
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
	shown     string // what there is to look at: a file of the folder, or the folder
	unwritten error  // the verdict stands, but not everything in the folder does
}

// conclude judges the record in dir if it claims anything, makes the file to be shown and
// seals the folder, or as much of this as there is room for. Unless asked to, it does not seal a folder
// that was not sealed, of a run that was killed: it stays as the kill left it.
func conclude(ctx context.Context, dir, shown string, seal bool) (c conclusion, err error) {
	record, err := runlog.Open(dir)
	if err != nil {
		return c, fmt.Errorf("%s: %w", dir, err)
	}
	c.claims, c.shown = record.Manifest.Claims(), filepath.Join(dir, shown)
	switch {
	case c.claims:
		c.judge(dir, record)
	case shown == runlog.VerdictFile:
		return c, fmt.Errorf("%s is a record of `secondwind %s`, which claims nothing that could be judged; "+
			"`secondwind report %s` shows it", dir, record.Manifest.Command, dir)
	}
	if shown == reports.HTMLFile {
		if seal || record.Manifest.Complete { // at once: a report takes time, and may be given up
			c.failed(dir, runlog.Seal(dir), "the folder is not sealed: %w: %s")
			record.Manifest.Complete = true // for the report, which is of a record that is whole
		}
		ended := *record
		ended.Manifest.Complete = ended.Manifest.Complete || seal // it is, once the report is in it
		err := reports.Write(ctx, dir, &ended, c.verdict)
		c.failed(dir, err, "the report was not written: %w; `secondwind report %s` makes it later")
	}
	if seal || record.Manifest.Complete {
		c.failed(dir, runlog.Seal(dir), "the folder is not sealed: %w; it can be judged all the same: %s")
	}
	return c, nil
}

func (c *conclusion) judge(dir string, record *runlog.Record) {
	c.verdict = judge.Judge(record)
	raw, err := c.verdict.Marshal()
	if err == nil {
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

// writeVerdict writes the chain and, as the last line, the verdict and where it stands:
// a file of the run's folder, or the folder.
func writeVerdict(out *output, v judge.Verdict, where string) error {
	shown := struct {
		judge.Verdict
		Folder string `json:"folder"`
		Report string `json:"report,omitempty"` // left out if none was written
	}{Verdict: v, Folder: where}
	switch filepath.Base(where) {
	case reports.HTMLFile:
		shown.Folder, shown.Report = filepath.Dir(where), where
	case runlog.VerdictFile:
		shown.Folder = filepath.Dir(where)
	}
	return out.write(shown, func(w io.Writer) {
		var text strings.Builder
		reports.Summary(&text, v, out.style())
		fmt.Fprintf(&text, "\n%s  %s\n", v.Outcome, where)
		fmt.Fprint(w, out.style().Fold(text.String()))
	})
}
