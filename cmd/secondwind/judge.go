package main

import (
	"cmp"
	"context"
	"errors"
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

// recordHelp ends the help of what is done with a run's record.
const recordHelp = "\n\nlatest is the newest run in --runs.\n\n" +
	"Exit codes: 0 proved, 1 refuted, 3 inconclusive, 2 misuse or a record that cannot be judged."

func newJudge(out *output) *cobra.Command {
	return onRun(out, runlog.VerdictFile, &cobra.Command{
		Use:   "judge <run folder> | latest",
		Short: "Judge a recorded run again, from its folder alone",
		Long: "Reads the record of a run, checks it against its manifest, and writes verdict.json: the same bytes\n" +
			"for the same record. A record in which a file was changed is refused, and the file is named." + recordHelp,
	}, func(context.Context, string, *runlog.Record, judge.Verdict) error { return nil })
}

func newReport(out *output) *cobra.Command {
	return onRun(out, reports.HTMLFile, &cobra.Command{
		Use:   "report <run folder> | latest",
		Short: "Write the plots and the report of a recorded run again",
		Long: "Judges a recorded run as `secondwind judge` does, and writes its plots and its report again,\n" +
			"from its folder alone." + recordHelp,
	}, func(ctx context.Context, dir string, record *runlog.Record, verdict judge.Verdict) error {
		return errors.Join(reports.Write(ctx, dir, record, verdict), reseal(dir, record))
	})
}

// onRun lets cmd take a run as its only argument and judge it, do more with it, and
// show the verdict and one of the folder's files.
func onRun(out *output, shown string, cmd *cobra.Command,
	more func(context.Context, string, *runlog.Record, judge.Verdict) error) *cobra.Command {
	var runs, dir string
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
		dir, err = findRun(args[0], runs)
		return err
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		record, verdict, err := judgeFolder(dir)
		if err == nil {
			err = more(cmd.Context(), dir, record, verdict)
		}
		if err != nil {
			return err
		}
		return writeVerdict(out, verdict, filepath.Join(dir, shown))
	}
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
		return "", fmt.Errorf("run folder %s cannot be read: %w; name the folder of a run, or latest", asked, err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is a file; name the folder of the run, %s", asked, filepath.Dir(asked))
	}
	return asked, nil
}

// latestRun returns the newest run's folder: ids begin with the time of the start.
func latestRun(runs string) (string, error) {
	entries, err := os.ReadDir(runs) // sorted by name
	if err != nil {
		return "", fmt.Errorf("there is no latest run: %w; name the folder of the runs with --runs", err)
	}
	for _, entry := range slices.Backward(entries) {
		if entry.IsDir() && runlog.ValidID(entry.Name()) {
			return filepath.Join(runs, entry.Name()), nil
		}
	}
	return "", fmt.Errorf("there is no latest run: %s has no run in it; name the folder of the runs with --runs", runs)
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
	err := out.write(v, func(w io.Writer) {
		reports.Summary(w, v, out.coloured())
		fmt.Fprintf(w, "\n%s  %s\n", v.Outcome, where)
	})
	return cmp.Or(err, verdictError(v))
}
