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
const recordHelp = "\n\nExit codes: 0 proved, 1 refuted, 3 inconclusive, 2 misuse or a record that cannot be judged"

func newJudge(out *output) *cobra.Command {
	return onRun(&cobra.Command{
		Use:   "judge <run folder> | latest",
		Short: "Judge a recorded run again, from its folder alone",
		Long: "Reads the record of a run, checks it against its manifest, and writes verdict.json: the same bytes\n" +
			"for the same record. A record in which a file was changed is refused, and the file is named.\n\n" +
			"latest is the newest run in --runs that can be judged: records of load and observe claim nothing." + recordHelp + ".",
	}, runlog.Manifest.Claims, func(_ context.Context, dir string) error {
		_, verdict, err := judgeFolder(dir)
		if err != nil {
			return err
		}
		return writeVerdict(out, verdict, filepath.Join(dir, runlog.VerdictFile))
	})
}

func newReport(out *output) *cobra.Command {
	return onRun(&cobra.Command{
		Use:   "report <run folder> | latest",
		Short: "Write the plots and the report of a recorded run, load or observation again",
		Long: "Judges a recorded run as `secondwind judge` does, and writes its plots and its report again,\n" +
			"from its folder alone. Of a record of load or observe it shows what was sent or seen.\n\n" +
			"latest is the newest record in --runs." + recordHelp + ",\n0 for a record that claims nothing.",
	}, func(runlog.Manifest) bool { return true }, func(ctx context.Context, dir string) error { return report(ctx, out, dir) })
}

// report writes the reports of the record in dir, and shows what they say.
func report(ctx context.Context, out *output, dir string) error {
	record, verdict, err := reportFolder(ctx, dir)
	shown := filepath.Join(dir, reports.HTMLFile)
	switch {
	case err != nil:
		return err
	case !record.Manifest.Claims():
		return out.writePath("report", shown)
	}
	return writeVerdict(out, verdict, shown)
}

// reportFolder judges the record in dir, if it claims anything, and writes its reports.
func reportFolder(ctx context.Context, dir string) (record *runlog.Record, verdict judge.Verdict, err error) {
	if record, err = runlog.Open(dir); err != nil {
		return nil, verdict, err
	}
	if record.Manifest.Claims() {
		verdict, err = judgeRecord(dir, record)
	}
	if err != nil {
		return nil, verdict, err
	}
	return record, verdict, errors.Join(reports.Write(ctx, dir, record, verdict), reseal(dir, record))
}

// onRun lets cmd take a run as its only argument, of which latest is the newest that
// fits, and do something with its folder.
func onRun(cmd *cobra.Command, fits func(runlog.Manifest) bool, do func(ctx context.Context, dir string) error) *cobra.Command {
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
			return errors.New("--runs is where latest is looked for; leave it out where a run folder is named")
		}
		dir, err = findRun(args[0], runs, fits)
		return err
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error { return do(cmd.Context(), dir) }
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
	if err != nil {
		return "", fmt.Errorf("run folder %s cannot be read: %w; name the folder of a run, or latest", asked, err)
	}
	if !info.IsDir() {
		return "", fmt.Errorf("%s is a file; name the folder of the run, %s", asked, filepath.Dir(asked))
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
	none := "no run in it"
	for _, entry := range slices.Backward(entries) {
		if !entry.IsDir() || !runlog.ValidID(entry.Name()) {
			continue
		}
		dir := filepath.Join(runs, entry.Name())
		if manifest, err := runlog.ReadManifest(dir); err != nil || fits(manifest) {
			return dir, nil
		}
		none = "only records of load and observe in it, which claim nothing"
	}
	return "", fmt.Errorf("there is no latest run: %s has %s; name the folder of the runs with --runs", runs, none)
}

// judgeFolder reads the record in dir and judges it.
func judgeFolder(dir string) (*runlog.Record, judge.Verdict, error) {
	record, err := runlog.Open(dir)
	if err != nil {
		return nil, judge.Verdict{}, err
	}
	if !record.Manifest.Claims() {
		return nil, judge.Verdict{}, fmt.Errorf("%s is a record of `secondwind %s`, which claims nothing that could be judged; "+
			"`secondwind report %s` shows it", dir, record.Manifest.Command, dir)
	}
	verdict, err := judgeRecord(dir, record)
	return record, verdict, err
}

// judgeRecord judges the record in dir and writes verdict.json. A folder that was
// sealed is sealed again: a newer judge may have more to say of the same evidence.
func judgeRecord(dir string, record *runlog.Record) (judge.Verdict, error) {
	verdict := judge.Judge(record)
	raw, err := verdict.Marshal()
	if err == nil {
		err = runlog.WriteFile(dir, runlog.VerdictFile, raw)
	}
	if err != nil {
		return verdict, err
	}
	return verdict, reseal(dir, record)
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
