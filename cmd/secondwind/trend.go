package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"secondwind/reports/figure"
	"secondwind/reports/trend"
)

// exitRegression is the code of trend where --fail-on asks for one.
const exitRegression = 1

// trendOptions are the flags of trend.
type trendOptions struct {
	paths  []string
	bench  bool
	plot   string
	failOn string
	since  string
}

func newTrend(out *output) *cobra.Command {
	var o trendOptions
	cmd := &cobra.Command{
		Use:   "trend [<run folder> | <folder of runs>]…",
		Short: "Compare many runs: how many were proved, how long each link took, and where that changed",
		Long: "Reads the verdicts of many runs, of those in reports/runs if none is named, and writes for each\n" +
			"place how many were PROVED, how long each link of the chain took, and where its level changed:\n" +
			"E-divisive means with a t-test, in windows of 50 runs, p ≤ 0.001, by 5 % or more, for three runs\n" +
			"or more.\n\n" +
			"--bench writes lines that benchstat reads. docs/many-runs.md describes the statistics.\n\n" +
			"Exit codes: 0 compared; 1 a regression, with --fail-on; 2 misuse, or a verdict that cannot be read;\n" +
			"130 interrupted.",
		Args: cobra.ArbitraryArgs,
		PreRunE: func(_ *cobra.Command, args []string) error {
			o.paths = args
			if len(args) == 0 {
				o.paths = []string{defaultRuns}
			}
			return o.check()
		},
		RunE: func(*cobra.Command, []string) error { return o.run(out) },
	}
	f := cmd.Flags()
	f.BoolVar(&o.bench, "bench", false, "write the lines of a Go benchmark, for benchstat, instead of a table")
	f.StringVar(&o.plot, "plot", "", "`file` to draw the runs of one place into, .svg or .png")
	f.StringVar(&o.failOn, "fail-on", "", "exit with 1 on a `regression`: a link whose newest change is for the worse")
	f.StringVar(&o.since, "since", "", "with --fail-on: `id` or date (20261128) of the first run whose changes count")
	return cmd
}

func (o trendOptions) check() error {
	switch {
	case o.failOn != "" && o.failOn != "regression":
		return fmt.Errorf("--fail-on is %q; give regression", o.failOn)
	case o.since != "" && o.failOn == "":
		return errors.New("--since does nothing without --fail-on; add --fail-on regression, or leave --since out")
	case o.plot != "" && o.draws() == nil:
		return fmt.Errorf("--plot %s is neither .svg nor .png; give one of these extensions", o.plot)
	}
	return checkWritable("plot", o.plot)
}

// draws draws a figure in the format of --plot; nil: there is none.
func (o trendOptions) draws() func(*figure.Figure, io.Writer) error {
	return map[string]func(*figure.Figure, io.Writer) error{
		".svg": (*figure.Figure).WriteSVG, ".png": (*figure.Figure).WritePNG,
	}[strings.ToLower(filepath.Ext(o.plot))]
}

func (o trendOptions) run(out *output) error {
	runs, leftOut, err := trend.Read(o.paths)
	if err == nil && len(runs) == 0 {
		err = misuse(fmt.Errorf("no run with a verdict is in %s; name the folders of runs, or the folder that they are in",
			strings.Join(o.paths, ", ")))
	}
	if err != nil {
		return err
	}
	t := trend.Of(runs)
	t.LeftOut = leftOut
	if err := o.draw(t); err != nil {
		return err
	}
	regressions := t.Regressions(o.since)
	if err := out.write(t, func(w io.Writer) {
		if o.bench {
			t.WriteBenchmarks(w)
			return
		}
		t.Write(w)
	}); err != nil || o.failOn == "" || len(regressions) == 0 {
		return err
	}
	return &exitError{exitRegression, fmt.Errorf("slower than before: %s", strings.Join(regressions, "; "))}
}

func (o trendOptions) draw(t trend.Trend) error {
	if o.plot == "" {
		return nil
	}
	if n := len(t.Places); n > 1 {
		return misuse(fmt.Errorf("--plot draws the runs of one place, and these are of %d; name runs of one of them", n))
	}
	var b bytes.Buffer
	err := o.draws()(t.Places[0].Figure(), &b)
	if err == nil {
		err = os.WriteFile(o.plot, b.Bytes(), 0o644)
	}
	return err
}
