package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/cmd/secondwind/live"
	"secondwind/cmd/secondwind/progress"
	"secondwind/loadgen/scenario"
	"secondwind/reports"
	"secondwind/reports/attest"
	"secondwind/runlog"
	"secondwind/scenarios"
	"secondwind/verify/hypothesis"
	"secondwind/verify/judge"
)

// soakOptions are the flags of soak.
type soakOptions struct {
	scenario         string
	runs             string
	calculator       string
	program          string
	scalingVariables string
	hold             time.Duration
	metricsPeriod    time.Duration
	exports          string
	skipDoctor       bool
	target           target
	sign             string
	audit            bool
}

func newSoak(out *output) *cobra.Command {
	var r localRun
	cmd := &cobra.Command{
		Use:   "soak",
		Short: "Prove scale-out end to end, on the local cloud or of a group on AWS",
		Long: "Starts the local cloud, builds the stack of terraform/ in it, and takes it through premises,\n" +
			"calibration, control, load, hold and release. Then it judges the record and writes the report.\n\n" +
			"With --group it does the same with an Auto Scaling group that is there, whoever made it, with the\n" +
			"usual AWS credentials (AWS_PROFILE, AWS_ENDPOINT_URL, …): it finds the alarm, the policy, the target\n" +
			"group and the URL; periods, deadlines and the step from N to N+k are the group's own. --stack is for\n" +
			"the stack that Terraform deployed. The doctor examines the group before any load is sent.\n" +
			"docs/aws.md describes every step.\n\n" +
			"The last line of the output is the verdict and the path of the report, with --json an object with\n" +
			"both. Errors are text on stderr, with --json too.\n" +
			"Exit codes: 0 proved, 1 refuted, 3 inconclusive, 2 misuse, 130 interrupted.",
		Args: noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) (err error) {
			r, err = r.read(cmd.Context(), cmd.Flags())
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := r.soak(cmd.Context(), out)
			return err
		},
	}
	r.flags(cmd.Flags())
	return cmd
}

// soak carries out one run, on the local cloud or of a group that is there. Its verdict is zero if
// it came to none; its error has the exit code, of a run that is proved too.
func (r localRun) soak(ctx context.Context, out *output) (judge.Verdict, error) {
	r.config.Start = time.Now()
	if r.target.named() {
		return soakGroup(ctx, out, r)
	}
	return recordRun(ctx, out, r, "", func(cfg live.Config) error {
		r.config, r.atExit = cfg, out.interrupts.removeAtExit
		return soakLocally(ctx, r)
	})
}

// flags are those of the commands that soak.
func (o *soakOptions) flags(f *pflag.FlagSet) {
	o.target.flags(f)
	f.StringVarP(&o.scenario, "file", "f", "", "`path` of the scenario (default: the built-in scenarios/soak.yaml)")
	f.DurationVar(&o.hold, "hold", 30*time.Second, "how long the load is held once two instances serve it; overrides the scenario")
	f.DurationVar(&o.metricsPeriod, "metrics-period", 10*time.Second,
		"how often EC2 metrics are published: 10s, 20s, 30s or whole minutes; overrides the scenario")
	f.BoolVar(&o.audit, "audit", false, "with --group or --stack: wait until CloudTrail shows who called during the run, 15 minutes at most; "+
		"on the local cloud that is always done")
	runsFlag(f, &o.runs)
	calculatorFlag(f, &o.calculator)
	f.StringVar(&o.program, "program", "", "`command` that each instance runs instead of the calculator, with {port} or {address} for where "+
		"to listen; overrides the scenario")
	scalingVariablesFlag(f, &o.scalingVariables)
	f.StringVar(&o.exports, "exports", "", "new `file` for the export lines that the AWS CLI needs; removed at the end, readable by you alone")
	f.StringVar(&o.sign, "sign", "", "`file` of a private Ed25519 key in PEM, with which the run is signed; judge --key verifies it")
	f.BoolVar(&o.skipDoctor, "skip-doctor", false, "send load even if the doctor finds an error, which otherwise ends the run")
}

// read reads what the flags name, and sees to it that what they name to be written can be.
func (o soakOptions) read(ctx context.Context, f *pflag.FlagSet) (r localRun, err error) {
	r.soakOptions = o
	if o.sign != "" {
		if r.signer, err = readKey(ctx, "sign", o.sign, attest.ParseSigner); err != nil {
			return r, err
		}
	}
	err = cmp.Or(o.target.validate(f), onlyWith(f, []string{"group", "stack"}, "audit"), notWith(f, "program", "calculator"),
		onlyWith(f, []string{"file"}, "program"))
	for _, there := range []string{"group", "stack"} { // it is as it is
		err = cmp.Or(err, notWith(f, there, "calculator", "program", "scaling-variables", "metrics-period", "exports"))
	}
	if err != nil {
		return r, err
	}
	if r.config.Scenario, err = readScenario(ctx, o, f.Changed); err != nil || o.target.named() {
		return r, err
	}
	if r.imageID, r.image, err = imageOf(r.config.Scenario, o.calculator); err != nil {
		return r, err
	}
	if r.variables, err = localVariables(ctx, o.scenario, r.config.Scenario, o.scalingVariables); err != nil {
		return r, err
	}
	least := max(1, r.variables.MinSize)
	return r, cmp.Or(checkWritable("exports", o.exports), refuseExisting("exports", o.exports),
		hypothesis.ControlBelow(r.variables.CPUThreshold, r.config.Scenario.Calibration.CPUPercent),
		hypothesis.LoadAbove(r.variables.CPUThreshold, r.config.Scenario.Load.CPUPercent, least, least+r.variables.ScalingAdjustment))
}

// readScenario reads the scenario and lets the flags that were given override it.
func readScenario(ctx context.Context, o soakOptions, given func(flag string) bool) (scenario.Scenario, error) {
	s, err := scenario.Parse("scenarios/soak.yaml", scenarios.Soak)
	if o.scenario != "" {
		s, err = scenario.Read(ctx, o.scenario)
	}
	if err == nil && s.LoadOnly.Targets != "" {
		err = fmt.Errorf("%s: load_only.targets: a proof does not read targets; write what they send as requests instead", o.scenario)
	}
	if err != nil {
		return s, err
	}
	if given("hold") {
		s.Hold = o.hold
	}
	if given("metrics-period") {
		s.Local.MetricsPeriod = o.metricsPeriod
	}
	if given("program") {
		words, err := scenario.ParseCommand(o.program)
		if err != nil {
			return s, fmt.Errorf("--program %w", err)
		}
		// As a shell reads it: relative to where the command is given.
		if s.Local.Program.Folder, err = os.Getwd(); err != nil {
			return s, err
		}
		s.Local.Program.Command = words
	}
	err = s.Validate(map[string]string{
		"hold": "--hold", "local.metrics_period": "--metrics-period", "local.program.command": "--program",
	})
	return s, cmp.Or(err, joined(s.LeftOut()))
}

// recordRun makes the run's folder, lets prove fill it, and finishes the run. It
// completes its configuration with what is the same wherever the group is.
func recordRun(ctx context.Context, out *output, r localRun, where string, prove func(live.Config) error) (judge.Verdict, error) {
	cfg := r.config
	reporter := out.reporter(cfg.Start)
	defer reporter.Close()
	writer, kept, err := newRun(r.runs, runlog.CommandSoak, cfg.Scenario, cfg.Start, r.seeds)
	if err != nil {
		return judge.Verdict{}, err
	}
	cfg.Scenario = kept
	out.interrupts.records(writer.Dir(), "judge")
	reporter.Event(0, fmt.Sprintf("soak %q%s%s: recording to %s", cfg.Scenario.Name, where, r.number, writer.Dir()))
	cfg.Revision, cfg.Writer, cfg.Progress = version, writer, reporter
	cfg.EndHold, cfg.Holding = out.interrupts.endHold, out.interrupts.hold
	return finishing{out, reporter, writer, cfg.Start, r.signer}.finish(ctx, prove(cfg))
}

// newRun makes the folder of a command's run with the scenario in it, and whatever that names.
// The run is of the scenario that it returns, which names what is there. More seeds than the
// scenario's and the local cloud's may be given.
func newRun(runs string, of runlog.Command, s scenario.Scenario, start time.Time, more map[string]uint64) (
	*runlog.Writer, scenario.Scenario, error,
) {
	seeds := map[string]uint64{"requests": s.Seed}
	maps.Copy(seeds, more)
	if of == runlog.CommandSoak {
		seeds["localcloud"] = cloudSeed(start)
	}
	writer, err := createRecord(runs, of, start, seeds)
	if err != nil {
		return nil, s, err
	}
	s, err = s.CopyTo(writer.Dir())
	if err == nil {
		err = writeScenario(writer, s)
	}
	if err != nil {
		return nil, s, errors.Join(err, writer.Close(), os.RemoveAll(writer.Dir()))
	}
	return writer, s, nil
}

func writeScenario(writer *runlog.Writer, s scenario.Scenario) error {
	resolved, err := s.WithoutSecrets().Marshal()
	if err == nil {
		_, err = writer.WriteScenario(resolved)
	}
	return err
}

// cloudSeed is of the ids that the local cloud makes up: other ones in every run.
func cloudSeed(start time.Time) uint64 { return uint64(start.UnixNano()) }

// byTheUser is the reason of an interrupted run.
const byTheUser = "Ctrl-C, SIGTERM or SIGHUP"

// everySecond does something once a second until ctx ends, which is no error.
func everySecond(ctx context.Context, do func()) error {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			do()
		}
	}
}

// finishing is a run that has ended and is to be finished.
type finishing struct {
	out      *output
	reporter progress.Reporter
	w        *runlog.Writer
	start    time.Time
	signer   *attest.Signer // nil: it is not signed
}

// finish seals, judges, reports and signs what there is, however the run ended: nothing
// that was recorded is lost, and a verdict is printed whatever cannot be written. A
// run that had ended before it was interrupted has its verdict's exit code; a record
// or a result that is not whole has none.
func (f finishing) finish(ctx context.Context, runErr error) (judge.Verdict, error) {
	interrupted := runErr != nil && ctx.Err() != nil
	reporting, leave := context.WithCancel(context.WithoutCancel(ctx))
	defer leave()
	f.out.interrupts.judge(leave)
	var notWhole error
	if runErr != nil {
		reason := runErr.Error()
		_, refused := errors.AsType[live.Refused](runErr)
		if interrupted {
			reason, runErr = byTheUser, nil
		}
		f.report("ended early: " + reason)
		notWhole = f.w.WriteLoad(runlog.LoadLine{Time: time.Now().UTC(), Interrupted: &runlog.Interrupted{
			Reason: reason, Refused: refused && !interrupted,
		}})
	}
	if notWhole = cmp.Or(f.w.Close(), notWhole); notWhole != nil {
		notWhole = fmt.Errorf("the record is not whole, and its verdict counts for what it holds alone: %w", notWhole)
	}
	f.report("judging the record and drawing the report")
	c, notJudged := conclude(reporting, f.w.Dir(), reports.HTMLFile, seal)
	if notWhole == nil && notJudged == nil && c.unwritten == nil {
		c.unwritten = f.sign(ctx, c.verdict)
	}
	code := c.code()
	switch {
	case notWhole != nil || notJudged != nil || c.unwritten != nil:
		code = exitMisuse
	case interrupted:
		code = exitInterrupted
	case runErr != nil:
		code = judge.Inconclusive.ExitCode()
	}
	f.out.interrupts.decide(code)
	f.reporter.Close()
	var notPrinted error
	if notJudged == nil {
		notPrinted = c.write(f.out)
	}
	if notPrinted != nil {
		code = exitMisuse
	}
	return c.verdict, &exitError{code, errors.Join(runErr, notWhole, notJudged, c.unwritten, notPrinted)}
}

func (f finishing) report(text string) { f.reporter.Event(time.Since(f.start), text) }

// sign signs the run, if that was asked for.
func (f finishing) sign(ctx context.Context, v judge.Verdict) error {
	if f.signer == nil {
		return nil
	}
	if err := f.signer.Sign(context.WithoutCancel(ctx), f.w.Dir(), v); err != nil {
		return fmt.Errorf("the run is not signed: %w", err)
	}
	f.report("signed with " + f.signer.KeyID())
	return nil
}
