package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"secondwind/account/outputs"
	"secondwind/account/sweep"
	"secondwind/cmd/internal/awsconfig"
	"secondwind/verify/judge"
)

// sweepOptions are the flags of sweep.
type sweepOptions struct {
	run      string
	stack    string
	expired  bool
	remove   bool
	yes      bool
	wait     bool
	timeout  time.Duration
	interval time.Duration
}

func newSweep(out *output) *cobra.Command {
	var o sweepOptions
	cmd := &cobra.Command{
		Use:   "sweep [--run ID | --stack PATH | --expired] [--remove | --wait]",
		Short: "Find what runs left in an AWS account, and remove it when asked twice",
		Long: "Lists everything in one Region that has the tag " + sweep.RunTag + " and that terraform/ can make.\n" +
			"With --remove it asks you to type the run's id (or take --yes), and removes what has that very tag\n" +
			"and nothing else, dependents first; what is still in use it tries again. With --wait it waits until\n" +
			"nothing is left, as `make destroy` does. docs/aws.md lists the permissions.\n\n" +
			"Exit codes: 0 listed, or nothing is left; 3 something is left, or a kind of resource could not be\nlisted; 2 misuse.",
		Args:    noArguments,
		PreRunE: func(*cobra.Command, []string) error { return o.validate() },
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSweep(cmd.Context(), out, cmd.InOrStdin(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.run, "run", "", "`id` of the run: output run_id of its stack")
	stackFlag(f, &o.stack, "the deployed stack of the run: ")
	f.BoolVar(&o.expired, "expired", false, "only what has expired by its tag "+sweep.ExpiresTag)
	f.BoolVar(&o.remove, "remove", false, "remove it, once that is confirmed")
	f.BoolVar(&o.yes, "yes", false, "with --remove: confirm it")
	f.BoolVar(&o.wait, "wait", false, "wait until nothing is left, and remove nothing")
	f.DurationVar(&o.timeout, "timeout", 20*time.Minute, "how long --remove and --wait go on")
	f.DurationVar(&o.interval, "interval", 10*time.Second, "time between two listings")
	cmd.MarkFlagsMutuallyExclusive("run", "stack")
	cmd.MarkFlagsMutuallyExclusive("remove", "wait")
	return cmd
}

func (o sweepOptions) validate() error {
	switch {
	case o.yes && !o.remove:
		return errors.New("--yes confirms --remove, which was not given: without it sweep only lists")
	case (o.remove || o.wait) && o.run == "" && o.stack == "" && !o.expired:
		return errors.New("name the run with --run or --stack, or take what has expired with --expired; `secondwind sweep` lists all runs")
	case o.timeout <= 0 || o.interval <= 0:
		return fmt.Errorf("--timeout %s and --interval %s must be more than 0s", o.timeout, o.interval)
	}
	return nil
}

func runSweep(ctx context.Context, out *output, in io.Reader, o sweepOptions) error {
	region := ""
	if o.stack != "" {
		deployed, err := outputs.Read(ctx, o.stack)
		if err != nil {
			return err
		}
		if deployed.RunID == "" {
			return fmt.Errorf("%s has no output run_id: name the run with --run", o.stack)
		}
		o.run, region = deployed.RunID, deployed.Region
	}
	cfg, err := awsconfig.Load(ctx, region)
	if err != nil {
		return err
	}
	selection := sweep.Selection{Run: o.run}
	if o.expired {
		selection.ExpiredAt = time.Now().UTC()
	}
	s := sweeping{out: out, in: in, o: o, Sweeper: sweep.New(sweep.Config{
		AWS: cfg, Select: selection, Interval: o.interval, Timeout: o.timeout,
		Report: func(line string) { fmt.Fprintln(out.stderr, "sweep:", line) },
	})}
	err = s.run(ctx)
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	return err
}

// sweeping is one sweep on its way.
type sweeping struct {
	*sweep.Sweeper
	out *output
	in  io.Reader
	o   sweepOptions
}

// run lists, waits or removes, as the flags say.
func (s sweeping) run(ctx context.Context) error {
	if s.o.wait {
		found, err := s.Wait(ctx)
		return s.end(found, err)
	}
	found, err := s.Find(ctx)
	switch {
	case err != nil:
		return err
	case !s.o.remove:
		return s.write(found)
	case len(found.Left()) == 0:
		return s.end(found, nil)
	}
	if err := s.confirm(found); err != nil {
		return err
	}
	found, err = s.Remove(ctx)
	return s.end(found, err)
}

// confirm asks a second time, by a word that nobody types by accident.
func (s sweeping) confirm(found sweep.Found) error {
	if s.o.yes {
		return nil
	}
	word := cmp.Or(s.o.run, "expired")
	w := s.out.stderr
	for _, r := range found.Left() {
		fmt.Fprintln(w, " ", describe(r))
	}
	fmt.Fprintf(w, "These %d are removed from %s for good. Type %s to go on: ", len(found.Left()), found.Region, word)
	line, err := bufio.NewReader(s.in).ReadString('\n')
	switch typed := strings.TrimSpace(line); {
	case typed == word:
		return nil
	case typed == "" && err != nil:
		return errors.New("nothing was removed: nobody typed the confirmation; give --yes where nobody can")
	default:
		return fmt.Errorf("nothing was removed: %q is not %q", typed, word)
	}
}

func describe(r sweep.Resource) string {
	if r.Expires.IsZero() {
		return fmt.Sprintf("%s  (run %s)", r, r.Run)
	}
	return fmt.Sprintf("%s  (run %s, expires %s)", r, r.Run, r.Expires.Format(time.RFC3339))
}

// write lists what was found.
func (s sweeping) write(found sweep.Found) error {
	return s.out.write(found, func(w io.Writer) error {
		for _, r := range found.Resources {
			fmt.Fprintln(w, describe(r))
		}
		for _, u := range found.Unseen {
			fmt.Fprintf(w, "could not be listed: %s: %s\n", u.Kind, u.Reason)
		}
		_, err := fmt.Fprintln(w, s.sum(found))
		return err
	})
}

// sum sums up what was found in a sentence.
func (s sweeping) sum(found sweep.Found) string {
	whose := "the tag " + sweep.RunTag
	if s.o.run != "" {
		whose += " = " + s.o.run
	}
	if s.o.expired {
		whose += " that has expired"
	}
	switch left := found.Left(); {
	case found.Clean():
		return fmt.Sprintf("Nothing with %s is left in %s (%d kinds of resources were listed).", whose, found.Region, len(found.Kinds))
	case len(left) == 0:
		return fmt.Sprintf("Nothing with %s was found in %s, but not every kind of resource could be listed.", whose, found.Region)
	default:
		return fmt.Sprintf("%d with %s in %s, of the runs %s.", len(left), whose, found.Region, strings.Join(found.Runs(), ", "))
	}
}

// end writes how a removal or a wait ended, and maps it to the exit code.
func (s sweeping) end(found sweep.Found, err error) error {
	if err == nil {
		err = s.write(found)
	}
	if err == nil && !found.Clean() {
		err = &exitError{code: judge.Inconclusive.ExitCode()}
	}
	return err
}
