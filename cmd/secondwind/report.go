package main

import (
	"context"
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"secondwind/reports"
)

func newReport(out *output) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report <run folder> | latest",
		Short: "Write the plots and the report of a recorded run again",
		Long: "Judges a recorded run as `secondwind judge` does, and writes its plots and its report again,\n" +
			"from its folder alone.\n\nlatest is the newest run in --runs.",
	}
	return onRun(cmd, func(ctx context.Context, dir string) error {
		record, verdict, err := judgeFolder(dir)
		if err != nil {
			return err
		}
		if err := errors.Join(reports.Write(ctx, dir, record, verdict), reseal(dir, record)); err != nil {
			return err
		}
		return writeVerdict(out, verdict, filepath.Join(dir, reports.HTMLFile))
	})
}
