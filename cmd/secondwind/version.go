package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"secondwind/runlog"
)

func newVersion(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			if out.json {
				return json.NewEncoder(out.stdout).Encode(map[string]any{"version": version, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH, "format": runlog.Version})
			}
			_, err := fmt.Fprintf(out.stdout, "secondwind %s (%s, %s/%s, record format %d)\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runlog.Version)
			return err
		},
	}
}
