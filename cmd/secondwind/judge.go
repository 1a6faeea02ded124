package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"secondwind/reports"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

func newJudge(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "judge <run>",
		Short: "Judge a recorded run again, from its folder alone",
		Long:  "Reads the record of a run, checks it against its manifest, and writes verdict.json:\nthe same bytes for the same record. A file that was changed is named; exit code 2.",
		Args:  oneRun,
		RunE: func(_ *cobra.Command, args []string) error {
			_, verdict, err := judgeFolder(args[0])
			if err != nil {
				return err
			}
			return tellVerdict(out, verdict, filepath.Join(args[0], runlog.VerdictFile))
		},
	}
}

// oneRun wants the folder of a run as the only argument.
func oneRun(_ *cobra.Command, args []string) error {
	if len(args) != 1 {
		return fmt.Errorf("name one run folder, for instance reports/runs/<id>; %d were given", len(args))
	}
	info, err := os.Stat(args[0])
	if err != nil {
		return fmt.Errorf("run folder %s cannot be read: %w", args[0], err)
	}
	if !info.IsDir() {
		return fmt.Errorf("%s is a file; name the run's folder, %s", args[0], filepath.Dir(args[0]))
	}
	return nil
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

// tellVerdict writes the chain and, as the last line, the verdict and where it stands.
func tellVerdict(out *output, v judge.Verdict, where string) error {
	if out.json {
		if err := json.NewEncoder(out.stdout).Encode(v); err != nil {
			return err
		}
		return verdictError(v)
	}
	reports.Summary(out.stdout, v, out.coloured())
	fmt.Fprintf(out.stdout, "\n%s  %s\n", v.Outcome, where)
	return verdictError(v)
}
