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
	"github.com/spf13/pflag"

	"secondwind/account/outputs"
	"secondwind/account/sweep"
	"secondwind/cmd/internal/awsconfig"
	"secondwind/textfile"
	"secondwind/verify/doctor"
	"secondwind/verify/judge"
	"secondwind/verify/terminal"
)

// sweeping is one sweep on its way, as the flags ask for it.
type sweeping struct {
	*sweep.Sweeper
	out *output
	in  io.Reader

	config                     sweep.Config
	stack                      string
	expired, remove, yes, wait bool
}

func newSweep(out *output) *cobra.Command {
	o := sweeping{out: out}
	cmd := &cobra.Command{
		Use:   "sweep [--run ID | --stack PATH] [--expired] [--remove | --wait]",
		Short: "Find what runs left in an AWS account, and remove it once that is confirmed",
		Long: "Lists all resources in one Region that have the tag " + sweep.RunTag + " and that terraform/ can make.\n" +
			"With --remove it asks you to type the run's id (--yes: it does not ask) and removes the resources\n" +
			"with exactly that tag, dependents first; it tries again as long as one is in use. With --wait it\n" +
			"waits until nothing is left, as `make destroy` does. docs/aws.md lists the permissions.\n\n" +
			"Exit codes: 0 listed, or with --remove and --wait: nothing is left; 3 something is left, or a kind\n" +
			"of resource could not be listed; 2 misuse; 130 interrupted.",
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.validate(cmd.Flags()) },
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.in = cmd.InOrStdin()
			return o.start(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.config.Select.Run, "run", "", "`id` of the run: the output run_id of its stack")
	stackFlag(f, &o.stack, "the run's deployed stack: ")
	f.BoolVar(&o.expired, "expired", false, "only resources that have expired by their tag "+sweep.ExpiresTag)
	f.BoolVar(&o.remove, "remove", false, "remove the resources, once that is confirmed")
	f.BoolVar(&o.yes, "yes", false, "with --remove: confirm it without being asked")
	f.BoolVar(&o.wait, "wait", false, "wait until nothing is left, and remove nothing")
	f.DurationVar(&o.config.Timeout, "timeout", 20*time.Minute, "with --remove or --wait: when to give up")
	f.DurationVar(&o.config.Interval, "interval", 10*time.Second, "with --remove or --wait: time between two listings")
	return cmd
}

func (s sweeping) validate(f *pflag.FlagSet) error {
	c := s.config
	switch {
	case (s.remove || s.wait) && c.Select.Run == "" && s.stack == "" && !s.expired:
		return errors.New("name the run with --run or --stack, or what has expired with --expired; `secondwind sweep` alone lists all runs")
	case c.Timeout <= 0:
		return fmt.Errorf("--timeout is %s; give more than 0s", c.Timeout)
	case c.Interval <= 0:
		return fmt.Errorf("--interval is %s; give more than 0s", c.Interval)
	}
	return cmp.Or(notWith(f, "stack", "run"), notWith(f, "wait", "remove"), onlyWith(f, []string{"remove"}, "yes"),
		onlyWith(f, []string{"remove", "wait"}, "timeout", "interval"))
}

// start finds out where to sweep, and what.
func (s sweeping) start(ctx context.Context) error {
	region := ""
	if s.stack != "" {
		deployed, err := outputs.Read(ctx, s.stack)
		if err != nil {
			return misuse(err)
		}
		if deployed.RunID == "" {
			return misuse(fmt.Errorf("%s has no output run_id; name the run with --run instead", s.stack))
		}
		s.config.Select.Run, region = deployed.RunID, deployed.Region
	}
	cfg, err := awsconfig.Load(ctx, region)
	if err != nil {
		return err
	}
	if s.expired {
		s.config.Select.ExpiredAt = time.Now().UTC()
	}
	s.config.AWS, s.config.Report = cfg, func(line string) { fmt.Fprintln(s.out.stderr, "secondwind:", line) }
	s.Sweeper = sweep.New(s.config)
	err = s.run(ctx)
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	return doctor.Explain(ctx, cfg, err)
}

// run lists, waits or removes, as the flags say.
func (s sweeping) run(ctx context.Context) error {
	find := s.Find
	if s.wait {
		find = s.Wait
	}
	found, err := find(ctx)
	if err == nil && s.remove && len(found.Left()) > 0 {
		if err := s.confirm(ctx, found); err != nil {
			return err
		}
		found, err = s.Remove(ctx)
	}
	if err == nil {
		err = s.write(found)
	}
	left := (s.remove || s.wait) && !found.Clean()
	if err == nil && (left || len(found.Unseen) > 0) {
		err = &exitError{code: judge.Inconclusive.ExitCode()}
	}
	return err
}

// maxConfirmation bounds what is read as the confirmation, in bytes.
const maxConfirmation = 1 << 10

// confirm asks a second time, by a word that nobody types by accident.
func (s sweeping) confirm(ctx context.Context, found sweep.Found) error {
	if s.yes {
		return nil
	}
	word := cmp.Or(s.config.Select.Run, "expired")
	w := s.out.stderr
	for _, r := range found.Left() {
		fmt.Fprintln(w, " ", describe(r))
	}
	fmt.Fprintf(w, "Remove %s from %s for good? Type %s to confirm:\n", terminal.Plural(len(found.Left()), "resource"), found.Region, word)
	line, err := textfile.Await(ctx, func() (string, error) {
		return bufio.NewReader(io.LimitReader(s.in, maxConfirmation)).ReadString('\n')
	})
	switch typed := strings.TrimSpace(line); {
	case ctx.Err() != nil:
		return err
	case typed == word:
		return nil
	case typed == "" && err != nil:
		return errors.New("nothing was removed: the confirmation was not typed; add --yes where nobody can type it")
	default:
		return fmt.Errorf("nothing was removed: you typed %.40q, not %q", typed, word)
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
	return s.out.write(found, func(w io.Writer) {
		for _, r := range found.Resources {
			fmt.Fprintln(w, describe(r))
		}
		for _, u := range found.Unseen {
			fmt.Fprintf(w, "could not be listed: %s: %s\n", u.Kind, u.Reason)
		}
		fmt.Fprintln(w, s.sum(found))
	})
}

// sum sums up what was found in a sentence.
func (s sweeping) sum(found sweep.Found) string {
	whose := "with the tag " + sweep.RunTag
	if s.config.Select.Run != "" {
		whose += "=" + s.config.Select.Run
	}
	if s.expired {
		whose += " that have expired"
	}
	left := found.Left()
	count := terminal.Plural(len(left), "resource")
	switch {
	case found.Clean():
		return fmt.Sprintf("No resources %s are left in %s (%d kinds of resources were listed).", whose, found.Region, len(found.Kinds))
	case len(left) == 0:
		return fmt.Sprintf("No resources %s were found in %s, but not every kind of resource could be listed.", whose, found.Region)
	default:
		return fmt.Sprintf("%s %s in %s; runs: %s.", count, whose, found.Region, strings.Join(found.Runs(), ", "))
	}
}
