package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"secondwind/reports"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

func newJudge(out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "judge <run folder> | latest",
		Short: "Judge a recorded run again, from its folder alone",
		Long: "Reads the record of a run, checks it against its manifest, and writes verdict.json: the same bytes\n" +
			"for the same record. A file that was changed since the run is named, and the exit code is 2.\n\n" +
			"latest is the newest run in --runs.",
	}
	return onRun(cmd, func(_ context.Context, dir string) error {
		_, verdict, err := judgeFolder(dir)
		if err != nil {
			return err
		}
		return writeVerdict(out, verdict, filepath.Join(dir, runlog.VerdictFile))
	})
}

// onRun lets cmd take a run as its only argument, and do something with its folder.
func onRun(cmd *cobra.Command, do func(ctx context.Context, dir string) error) *cobra.Command {
	var runs, dir string
	cmd.Flags().StringVar(&runs, "runs", defaultRuns, "`folder` of the runs, for latest")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) != 1 {
			return fmt.Errorf("name one run folder, for instance %s, or latest; %d were given", filepath.Join(defaultRuns, "<id>"), len(args))
		}
		return nil
	}
	cmd.PreRunE = func(_ *cobra.Command, args []string) (err error) {
		dir, err = findRun(args[0], runs)
		return err
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return do(cmd.Context(), dir) }
	return cmd
}

// defaultRuns is where runs land.
var defaultRuns = filepath.Join("reports", "runs")

// findRun returns the folder of the run asked for; "latest" is the newest run in runs.
func findRun(asked, runs string) (string, error) {
	if asked == "latest" {
		return latestRun(runs)
	}
	info, err := os.Stat(asked)
	if err != nil {
		return "", fmt.Errorf("run folder %s cannot be read: %w", asked, err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is a file; name the run's folder, %s", asked, filepath.Dir(asked))
	}
	return asked, nil
}

// latestRun returns the newest run's folder: ids begin with the time of the start.
func latestRun(runs string) (string, error) {
	entries, err := os.ReadDir(runs) // sorted by name
	if err != nil {
		return "", fmt.Errorf("no run can be looked for: %w; name the folder of the runs with --runs", err)
	}
	for _, entry := range slices.Backward(entries) {
		if entry.IsDir() && runlog.ValidID(entry.Name()) {
			return filepath.Join(runs, entry.Name()), nil
		}
	}
	return "", fmt.Errorf("%s has no run in it: name the folder of the runs with --runs", runs)
}

// judgeFolder reads the record in dir, judges it and writes verdict.json. A
// folder that was sealed is sealed again: a newer judge may have more to say of
// the same evidence.
func judgeFolder(dir string) (*runlog.Record, judge.Verdict, error) {
	record, err := runlog.Open(dir)
	if err != nil {
		return nil, judge.Verdict{}, err
	}
	verdict := judge.Judge(record)
	raw, err := verdict.Marshal()
	if err != nil {
		return nil, verdict, err
	}
	if err := runlog.WriteFile(dir, runlog.VerdictFile, raw); err != nil {
		return nil, verdict, err
	}
	return record, verdict, reseal(dir, record)
}

// reseal seals a folder again if it was sealed. One that was not, of a run that
// was killed, stays as the kill left it.
func reseal(dir string, record *runlog.Record) error {
	if !record.Manifest.Complete {
		return nil
	}
	return runlog.Seal(dir)
}

// writeVerdict writes the chain and, as the last line, the verdict and where it stands.
func writeVerdict(out *output, v judge.Verdict, where string) error {
	err := out.write(v, func(w io.Writer) error {
		reports.Summary(w, v, out.coloured())
		_, err := fmt.Fprintf(w, "\n%s  %s\n", v.Outcome, where)
		return err
	})
	return cmp.Or(err, verdictError(v))
}
