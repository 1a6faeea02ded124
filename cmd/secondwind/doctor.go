package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"secondwind/account/cost"
	"secondwind/account/outputs"
	"secondwind/cmd/internal/awsconfig"
	"secondwind/localcloud"
	"secondwind/verify/doctor"
	"secondwind/verify/judge"
)

// doctorOptions are the flags of doctor.
type doctorOptions struct {
	group  string
	stack  string
	url    string
	hold   time.Duration
	prices string
	policy bool
}

func newDoctor(out *output) *cobra.Command {
	var o doctorOptions
	cmd := &cobra.Command{
		Use:   "doctor --group NAME | --stack PATH",
		Short: "Examine a group before a proof: can it scale, and would it be seen",
		Long: "Asks AWS (or any endpoint, AWS_ENDPOINT_URL) how the group, its alarm, its policy and its load\n" +
			"balancer are connected, tries each permission that a proof needs, and reports with each finding\n" +
			"what to change. It only reads. docs/doctor.md explains every finding.\n\n" +
			"Exit codes: 0 fit (warnings and notes are allowed); 3 an error was found, with which a proof could\n" +
			"only be inconclusive or refuted; 2 misuse.",
		Args:    noArguments,
		PreRunE: func(*cobra.Command, []string) error { return o.validate() },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runDoctor(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.group, "group", "", "`name` of the Auto Scaling group")
	stackFlag(f, &o.stack, "the deployed stack of the group: ")
	f.StringVar(&o.url, "url", "", "`URL` of the load balancer (default: that of the stack, or one made of its DNS name)")
	f.DurationVar(&o.hold, "hold", 0, "how long the load is to be held after the proof itself")
	f.StringVar(&o.prices, "prices", "", "`file` of prices to use instead of the built-in table")
	f.BoolVar(&o.policy, "policy", false, "print the IAM policy with all permissions that a proof and the doctor use, and exit")
	return cmd
}

func (o doctorOptions) validate() error {
	switch {
	case !o.policy && (o.group == "") == (o.stack == ""):
		return errors.New("name either the group (--group) or the stack that Terraform deployed (--stack)")
	case o.hold < 0:
		return fmt.Errorf("--hold %s is negative: give how long the load is held, or leave it out", o.hold)
	}
	return nil
}

func runDoctor(ctx context.Context, out *output, o doctorOptions) error {
	if o.policy {
		policy := doctor.PolicyOf(doctor.Actions()...)
		return out.write(policy, func(w io.Writer) error {
			_, err := fmt.Fprintln(w, policy)
			return err
		})
	}
	prices, err := readPrices(o.prices)
	if err != nil {
		return err
	}
	var deployed outputs.Outputs
	if o.stack != "" {
		if deployed, err = outputs.Read(ctx, o.stack); err != nil {
			return err
		}
	}
	cfg, err := awsconfig.Load(ctx, deployed.Region)
	if err != nil && !errors.Is(err, awsconfig.ErrNoRegion) { // which the doctor reports itself
		return err
	}
	report := doctor.Examine(ctx, doctor.Config{
		AWS: cfg, AutoScalingGroupName: cmp.Or(o.group, deployed.AutoScalingGroupName), AlarmName: deployed.ScaleOutAlarmName,
		LoadBalancerURL: cmp.Or(o.url, deployed.LoadBalancerURL), Hold: o.hold,
	})
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	return writeExamined(out, report, prices)
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
	err := out.write(all, func(w io.Writer) error {
		doctor.Write(w, r, out.style())
		switch {
		case all.Cost != nil:
			fmt.Fprintf(w, "A run with an hour around it costs %s (prices of %s; `secondwind cost` itemises them).\n", all.Cost.Total(),
				all.Cost.PricesOf)
		case all.CostUnknown != "":
			fmt.Fprintf(w, "Cost: %s.\n", all.CostUnknown)
		}
		return nil
	})
	if err == nil && !r.Fit() {
		err = &exitError{code: judge.Inconclusive.ExitCode()}
	}
	return err
}
