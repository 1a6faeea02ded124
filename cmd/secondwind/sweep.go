package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"secondwind/account/outputs"
	"secondwind/account/sweep"
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
		Long: "Looks in one Region for everything with the tag " + sweep.RunTag + " that terraform/ can make, and lists\n" +
			"it. With --remove it asks for the run's id to be typed (or --yes), and removes what has that very\n" +
			"tag and nothing else: in the order in which one thing needs the other, trying again what is still\n" +
			"in use. With --wait it waits until nothing is left, as `make destroy` does. docs/aws.md has the\n" +
			"permissions.\n\n" +
			"Exit codes: 0 listed, or nothing is left; 3 something is left, or could not be looked for; 2 misuse.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return runSweep(cmd.Context(), out, cmd.InOrStdin(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.run, "run", "", "`id` of the run: output run_id of its stack")
	f.StringVar(&o.stack, "stack", "", "`path` of the Terraform folder that was applied, or of a file that `terraform output -json` wrote, instead of --run")
	f.BoolVar(&o.expired, "expired", false, "only what has expired by its tag "+sweep.ExpiresTag)
	f.BoolVar(&o.remove, "remove", false, "remove it, once that is confirmed")
	f.BoolVar(&o.yes, "yes", false, "with --remove: this is the confirmation")
	f.BoolVar(&o.wait, "wait", false, "wait until nothing is left, removing nothing")
	f.DurationVar(&o.timeout, "timeout", 20*time.Minute, "how long --remove and --wait go on")
	f.DurationVar(&o.interval, "interval", 10*time.Second, "how often they look")
	cmd.MarkFlagsMutuallyExclusive("run", "stack")
	cmd.MarkFlagsMutuallyExclusive("remove", "wait")
	return cmd
}

func (o sweepOptions) validate() error {
	switch {
	case o.yes && !o.remove:
		return errors.New("--yes confirms --remove, which is not there; without it sweep only lists")
	case (o.remove || o.wait) && o.run == "" && o.stack == "" && !o.expired:
		return errors.New("whose resources? name the run with --run or --stack, or take what has expired with --expired; `secondwind sweep` lists all runs")
	case o.timeout <= 0 || o.interval <= 0:
		return fmt.Errorf("--timeout %s and --interval %s must be more than 0s", o.timeout, o.interval)
	}
	return nil
}

func runSweep(ctx context.Context, out *output, in io.Reader, o sweepOptions) error {
	if err := o.validate(); err != nil {
		return err
	}
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
	cfg, err := loadAWS(ctx, region)
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
	err = s.do(ctx)
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

// whose names the resources that are meant.
func (s sweeping) whose() string {
	text := "the tag " + sweep.RunTag
	if s.o.run != "" {
		text += " = " + s.o.run
	}
	if s.o.expired {
		text += " that has expired"
	}
	return text
}

func (s sweeping) do(ctx context.Context) error {
	switch {
	case s.o.wait:
		found, err := s.Wait(ctx)
		return s.ended(found, err)
	case !s.o.remove:
		found, err := s.Find(ctx)
		if err != nil {
			return err
		}
		return s.tell(found)
	}
	found, err := s.Find(ctx)
	if err != nil {
		return err
	}
	if len(found.Left()) == 0 {
		return s.ended(found, nil)
	}
	if err := s.confirm(found); err != nil {
		return err
	}
	found, err = s.Remove(ctx)
	return s.ended(found, err)
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
	if typed := strings.TrimSpace(line); typed == word {
		return nil
	} else if typed == "" && err != nil {
		return errors.New("nothing was removed: nobody typed the confirmation; give --yes where nobody can")
	}
	return fmt.Errorf("nothing was removed: %q is not %q", strings.TrimSpace(line), word)
}

func describe(r sweep.Resource) string {
	if r.Expires.IsZero() {
		return fmt.Sprintf("%s  (run %s)", r, r.Run)
	}
	return fmt.Sprintf("%s  (run %s, expires %s)", r, r.Run, r.Expires.Format(time.RFC3339))
}

// tell lists what was found.
func (s sweeping) tell(found sweep.Found) error {
	w := s.out.stdout
	if s.out.json {
		return json.NewEncoder(w).Encode(found)
	}
	for _, r := range found.Resources {
		fmt.Fprintln(w, describe(r))
	}
	for _, u := range found.Unseen {
		fmt.Fprintf(w, "could not be looked for: %s: %s\n", u.Kind, u.Reason)
	}
	switch left := found.Left(); {
	case found.Clean():
		fmt.Fprintf(w, "Nothing with %s is left in %s (%d kinds of resources looked for).\n", s.whose(), found.Region, len(found.Kinds))
	case len(left) == 0:
		fmt.Fprintf(w, "Nothing with %s was found in %s, and not everything could be looked for.\n", s.whose(), found.Region)
	default:
		fmt.Fprintf(w, "%d with %s in %s, of the runs %s.\n", len(left), s.whose(), found.Region, strings.Join(found.Runs(), ", "))
	}
	return nil
}

// ended tells how a removal or a wait ended, and maps it to the exit code.
func (s sweeping) ended(found sweep.Found, err error) error {
	if err != nil {
		return err
	}
	if err := s.tell(found); err != nil {
		return err
	}
	if !found.Clean() {
		return &exitError{code: judge.Inconclusive.ExitCode()}
	}
	return nil
}
