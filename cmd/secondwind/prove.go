package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"github.com/spf13/cobra"

	"secondwind/reports/trend"
	"secondwind/runlog"
	"secondwind/verify/judge"
)

// maxProofs bounds -n: a soak takes minutes.
const maxProofs = 10_000

func newProve(out *output) *cobra.Command {
	var r localRun
	var p proving
	cmd := &cobra.Command{
		Use:   "prove -n N",
		Short: "Soak many times, and count how many runs are proved",
		Long: "Soaks N times, one run after the other, each with a fresh start, and each with a load that begins\n" +
			"at another random point of the metric's grid. Every run is recorded, judged and reported as by\n" +
			"`secondwind soak`, whose flags it has. At the end it writes how many were PROVED, REFUTED and\n" +
			"INCONCLUSIVE, a lower bound of the probability that a run is PROVED, and the median of each link\n" +
			"with its interval. docs/many-runs.md describes the statistics.\n\n" +
			"Ctrl-C is as of soak, and ends the command after the run that is under way, or with it.\n" +
			"What there is by then is written.\n\n" +
			"Exit codes: 0 all proved; 1 one is refuted; 3 none is refuted, one is inconclusive; 2 misuse;\n" +
			"130 interrupted, with fewer runs than N.",
		Args: noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) (err error) {
			if p.count < 1 || p.count > maxProofs {
				return fmt.Errorf("-n is %d; give 1 to %d runs", p.count, maxProofs)
			}
			if !cmd.Flags().Changed("seed") {
				p.seed = uint64(time.Now().UnixNano())
			}
			r, err = r.read(cmd.Context(), cmd.Flags())
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			p.out, p.one = out, func(ctx context.Context, number string, seed uint64) (judge.Verdict, error) {
				r := r
				r.number, r.seeds = number, map[string]uint64{"gridPoint": seed}
				r.config.GridPoint = gridPoint(seed)
				return r.soak(ctx, out)
			}
			return p.run(cmd.Context())
		},
	}
	r.flags(cmd.Flags())
	cmd.Flags().IntVarP(&p.count, "number", "n", 10, "how many runs")
	cmd.Flags().Uint64Var(&p.seed, "seed", 0, "of the points of the metric's grid at which the loads begin (default: another one each time)")
	return cmd
}

// gridPoint is the point of the metric's grid, 0 to 1, that a run's seed gives. It is
// recorded: the run's hypothesis has the control's length that follows from it.
func gridPoint(seed uint64) float64 { return rand.New(rand.NewPCG(seed, 0)).Float64() }

// proving is many runs.
type proving struct {
	count int
	seed  uint64 // of the first run; those of the others follow
	out   *output
	// one carries out a run, which is reported with its number.
	one func(ctx context.Context, number string, seed uint64) (judge.Verdict, error)
}

// run carries the runs out until there are enough, one ends without a verdict, or the user
// wants an end, and writes what there is. A run that the user interrupted does not count.
func (p proving) run(ctx context.Context) error {
	var runs []trend.Run
	counts := map[int]int{} // of exit codes
	unmet := 0              // runs that are PROVED, and do not meet what the scenario requires
	var failed error
	for i := range p.count {
		if !p.out.interrupts.again(true) {
			break
		}
		verdict, err := p.one(ctx, fmt.Sprintf(", run %d of %d", i+1, p.count), p.seed+uint64(i))
		exit := &exitError{exitMisuse, err}
		if ctx.Err() != nil || !errors.As(err, &exit) || exit.code == exitMisuse {
			failed = err
			break
		}
		if exit.err != nil { // as that no instance became healthy: the run is INCONCLUSIVE
			fmt.Fprintln(p.out.stderr, "secondwind:", exit.err)
		}
		if counts[exit.code]++; verdict.Outcome == judge.Proved && exit.code != 0 {
			unmet++
		}
		runs = append(runs, trend.NewRun(verdict))
	}
	return p.end(ctx, runs, counts, unmet, failed)
}

// end writes the summary and returns the exit code.
func (p proving) end(ctx context.Context, runs []trend.Run, counts map[int]int, unmet int, failed error) error {
	exit := &exitError{exitMisuse, failed}
	switch {
	case failed != nil && len(runs) == 0 && ctx.Err() == nil:
		return failed
	case failed != nil:
		if errors.As(failed, &exit); ctx.Err() != nil {
			exit = &exitError{exitInterrupted, exit.err}
		}
	case len(runs) < p.count:
		exit = &exitError{code: exitInterrupted}
	case counts[judge.Refuted.ExitCode()] > 0:
		exit = &exitError{code: judge.Refuted.ExitCode()}
	case counts[judge.Inconclusive.ExitCode()] > 0:
		exit = &exitError{code: judge.Inconclusive.ExitCode()}
	default:
		exit = &exitError{}
	}
	p.out.interrupts.again(false)
	p.out.interrupts.decide(exit.code)
	place := trend.Place{Planned: p.count}
	if places := trend.Of(runs).Places; len(places) > 0 {
		place = places[0]
		place.Planned = p.count
	}
	err := p.out.write(place, func(w io.Writer) {
		fmt.Fprintf(w, "\n%d runs, seed %d\n\n", p.count, p.seed)
		place.Write(w)
		if unmet > 0 {
			fmt.Fprintf(w, "\nPROVED, but with a requirement that is not met or has no data: %s\n", runlog.Count(unmet, "run"))
		}
	})
	if err != nil {
		return errors.Join(exit, err)
	}
	return exit
}
