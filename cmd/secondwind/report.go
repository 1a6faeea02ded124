package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"secondwind/reports"
)

func newReport(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "report <run>",
		Short: "Write a recorded run's plots and report again",
		Args:  oneRun,
		RunE: func(_ *cobra.Command, args []string) error {
			record, verdict, err := judgeFolder(args[0])
			if err != nil {
				return err
			}
			if err := reports.Write(args[0], record, verdict); err != nil {
				return err
			}
			return tellVerdict(out, verdict, filepath.Join(args[0], reportName))
		},
	}
}

// reportName is the report that the last line of a soak names.
const reportName = "report.html"
