package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/account/cost"
	"secondwind/cmd/internal/awsconfig"
	"secondwind/cmd/secondwind/live"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/scenario"
	"secondwind/localcloud"
	"secondwind/runlog"
	"secondwind/verify/doctor"
	"secondwind/verify/judge"
)

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	target   target
	scenario string
	hold     time.Duration
	prices   string
	policy   bool
}

func newDoctor(out *output) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor --group NAME | --stack PATH",
		Short: "Examine a group before a proof: can it scale, and would it be seen",
		Long: "Asks AWS (or any endpoint: AWS_ENDPOINT_URL) how the group, its alarm, its policy and its load\n" +
			"balancer are connected, tries each permission that a proof needs, and reports with each finding\n" +
			"what to change. It only reads. docs/doctor.md explains every finding.\n\n" +
			"Exit codes: 0 a proof is possible, perhaps with warnings and notes; 3 an error was found that\n" +
			"makes it impossible; 2 misuse, or AWS could not be asked (no Region, no valid credentials, no\n" +
			"connection); 130 interrupted.",
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.validate(cmd.Flags()) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	o.target.flags(f)
	f.StringVarP(&o.scenario, "file", "f", "", "`path` of the planned proof's scenario (default: the built-in scenarios/soak.yaml)")
	f.DurationVar(&o.hold, "hold", 0, "how long the load is to be held once the new instances serve it")
	f.StringVar(&o.prices, "prices", "", "`file` of prices to use instead of the built-in table")
	f.BoolVar(&o.policy, "policy", false, "only print the IAM policy with every permission that a proof and the doctor use")
	return cmd
}

func (o doctorOptions) validate(f *pflag.FlagSet) error {
	switch {
	case !o.policy && !o.target.named():
		return errors.New("name the group with --group, or the stack that Terraform deployed with --stack")
	case o.hold < 0:
		return fmt.Errorf("--hold is %s; give 0s or more, for instance 8h", o.hold)
	}
	return cmp.Or(notWith(f, "policy", append([]string{"group", "stack", "file", "hold", "prices"}, targetFlags...)...), o.target.validate(f))
}

func runDoctor(ctx context.Context, out *output, o doctorOptions) error {
	if o.policy {
		policy := doctor.PolicyOf(doctor.Actions()...)
		return out.write(policy, func(w io.Writer) { fmt.Fprintln(w, policy) })
	}
	prices, err := readPrices(ctx, o.prices)
	if err != nil {
		return misuse(err)
	}
	s, err := readScenario(ctx, soakOptions{scenario: o.scenario}, func(string) bool { return false })
	if err != nil {
		return misuse(err)
	}
	told, err := o.target.read(ctx)
	if err != nil {
		return err
	}
	cfg, group, err := find(ctx, told)
	if err != nil && !errors.Is(err, awsconfig.ErrNoRegion) { // which the doctor reports itself
		return err
	}
	planned := examining(cfg, group)
	planned.Hold = o.hold
	if err := plan(&planned, s); err != nil {
		return misuse(err)
	}
	report := doctor.Examine(ctx, planned)
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	return writeExamined(out, report, prices)
}

// plan is what the doctor is to know of the scenario of a proof.
func plan(c *doctor.Config, s scenario.Scenario) error {
	c.Band, c.LoadCPUPercent, c.InstanceHeader = s.Load.Band, s.Load.CPUPercent, s.Identity.Header
	if s.Identity == (mix.Identity{}) {
		c.InstanceHeader = mix.Calculator.Header
	}
	var plain bool
	if c.Path, c.Host, plain = s.Plain(); !plain && !s.Calculates() {
		c.InstanceHeader = "" // the health check, which is asked instead, need not have it
	}
	tls, err := s.TLSConfig()
	c.Transport = &http.Transport{DisableKeepAlives: true, TLSClientConfig: tls}
	return err
}

// examined is the doctor's report with what a run would cost.
type examined struct {
	doctor.Report
	Cost *cost.Estimate `json:"cost,omitempty"`
	// CostUnknown is the reason if there is no Cost.
	CostUnknown string `json:"costUnknown,omitempty"`
}

// price adds what a run on the group would cost, or why that is not known.
func (e *examined) price(prices cost.Prices) {
	switch {
	case len(e.InstanceTypes) == 0: // the group was not found, which is a finding
		return
	case e.Region == localcloud.Region:
		e.CostUnknown = "none, the local cloud is this machine"
		return
	}
	// A run is charged from deploy to destroy: an hour in addition to the proof itself.
	plan := cost.Plan{Region: e.Region, InstanceType: e.InstanceTypes[0], MaxSize: e.MaxSize, Duration: time.Hour + expected(e.Report)}
	estimate, err := cost.Of(plan, prices)
	if err != nil {
		e.CostUnknown = err.Error()
		return
	}
	e.Cost = &estimate
}

// writeExamined writes the report and returns the exit code that it asks for.
func writeExamined(out *output, r doctor.Report, prices cost.Prices) error {
	all := examined{Report: r}
	all.price(prices)
	err := out.write(all, func(w io.Writer) {
		doctor.Write(w, r, out.style())
		switch {
		case all.Cost != nil:
			fmt.Fprintf(w, "A run costs %s, with an hour for deploying and destroying (prices of %s; `secondwind cost` itemises them).\n",
				all.Cost.Total(), all.Cost.PricesOf)
		case all.CostUnknown != "":
			fmt.Fprintf(w, "Cost: %s.\n", all.CostUnknown)
		}
	})
	switch {
	case err != nil:
		return err
	case !r.Answered():
		return &exitError{code: exitMisuse} // the findings say why
	case !r.Fit():
		return &exitError{code: judge.Inconclusive.ExitCode()}
	}
	return nil
}

// doctorFile is the doctor's report in the run's folder.
const doctorFile = "doctor.json"

// proof is a group that is there, local or on AWS, and the run that is to prove
// that it scales. Nothing from here on knows which it is.
type proof struct {
	live.Config
	wanted     []string      // findings of the doctor that the scenario asks for
	examine    doctor.Config // what is known of the group, less the scenario
	skipDoctor bool          // go on whatever it finds
	audit      bool          // ask CloudTrail afterwards who called
}

// prove lets the doctor examine the group before any load, keeps its report in the
// run's folder, and proves the group. Its error names what stands in the way of a
// proof, and how to continue anyway; what p.wanted names does not.
func prove(ctx context.Context, p proof) error {
	p.examine.Hold = p.Scenario.Hold
	if err := plan(&p.examine, p.Scenario); err != nil {
		return err
	}
	report := doctor.Examine(ctx, p.examine)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	all := examined{Report: report}
	all.price(cost.Default())
	if err := writeJSON(filepath.Join(p.Writer.Dir(), doctorFile), all); err != nil {
		return err
	}
	if blocking := reportFindings(p, all); len(blocking) > 0 && !p.skipDoctor {
		return live.Refused{Err: fmt.Errorf("no load was sent: the doctor found %s, with which no proof can succeed; "+
			"do what it advises (%s; docs/doctor.md), or continue anyway with --skip-doctor",
			strings.Join(blocking, ", "), filepath.Join(p.Writer.Dir(), doctorFile))}
	}
	err := live.Prove(ctx, p.Config)
	if err == nil && p.audit {
		auditRun(ctx, p)
	}
	return err
}

// reportFindings reports the findings that are more than notes, and returns those
// with which a proof could not succeed.
func reportFindings(p proof, r examined) (blocking []string) {
	report := func(text string) { p.Progress.Event(time.Since(p.Start), "doctor: "+text) }
	expect := fmt.Sprintf("%s; the run takes at most %s, not counting calibration", r.Summary(), runlog.Words(expected(r.Report)))
	if r.Cost != nil {
		expect += ", and " + r.Cost.Total() + " with an hour for deploying and destroying"
	}
	report(expect)
	for _, f := range r.Findings {
		if f.Severity == doctor.Note {
			continue
		}
		text, change := fmt.Sprintf("%s: %s: %s: %s ", f.Severity, f.ID, f.Where, f.What), "Change: "+f.Change
		if slices.Contains(p.wanted, f.ID) {
			change = "The scenario breaks this on purpose, so the run goes on."
		}
		report(text + change)
		if f.Severity == doctor.Error && !slices.Contains(p.wanted, f.ID) && !slices.Contains(blocking, f.ID) {
			blocking = append(blocking, f.ID)
		}
	}
	if missing := r.Policy(); missing != nil {
		report("missing from the caller's policy: " + missing.String())
	}
	return blocking
}

// expected is how long a run may take, calibration aside.
func expected(r doctor.Report) time.Duration {
	return runlog.Seconds(r.ExpectSeconds).Round(time.Second)
}

// wantedBy are the findings that a scenario asks for: the controls are broken on
// purpose, and the judge says how.
func wantedBy(s scenario.Local) (ids []string) {
	if s.Policy == scenario.PolicyNone {
		ids = append(ids, "alarm.no-action")
	}
	if !s.AlarmActions {
		ids = append(ids, "alarm.actions-disabled")
	}
	return ids
}
