package main

import (
	"fmt"
	"io"
	"runtime"

	"github.com/spf13/cobra"

	"secondwind/runlog"
)

func newVersion(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return writeVersion(out) },
	}
}

func writeVersion(out *output) error {
	v := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		OS      string `json:"os"`
		Arch    string `json:"arch"`
		Format  int    `json:"format"` // of the record
	}{version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runlog.Version}
	return out.write(v, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "secondwind %s (%s, %s/%s, record format %d)\n", v.Version, v.Go, v.OS, v.Arch, v.Format)
		return err
	})
}
