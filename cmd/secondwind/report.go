package main

import (
	"errors"
	"path/filepath"

	"github.com/spf13/cobra"

	"secondwind/reports"
)

func newReport(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "report <run>",
		Short: "Write a recorded run's plots and report again",
		Args:  oneRun,
		RunE: func(cmd *cobra.Command, args []string) error {
			record, verdict, err := judgeFolder(args[0])
			if err != nil {
				return err
			}
			if err := errors.Join(reports.Write(cmd.Context(), args[0], record, verdict), reseal(args[0], record)); err != nil {
				return err
			}
			return tellVerdict(out, verdict, filepath.Join(args[0], reports.HTMLFile))
		},
	}
}
