package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/account/cost"
	"secondwind/localcloud"
)

// costOptions are the flags of cost. In the plan, what is zero takes its default.
type costOptions struct {
	plan             cost.Plan
	scalingVariables string
	prices           string
	printPrices      bool
}

func newCost(out *output) *cobra.Command {
	var o costOptions
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Estimate what a run on AWS costs, before it starts",
		Long: "Estimates, item by item and as a range, what the stack of terraform/ costs from deploy to destroy,\n" +
			"from a built-in table of list prices with its date. It sends no request. docs/doctor.md says how far\n" +
			"to trust it.\n\nExit codes: 0 estimated; 2 misuse; 130 interrupted.",
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.validate(cmd.Flags()) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return runCost(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.plan.Region, "region", regionToPrice(), "AWS `Region`")
	f.StringVar(&o.plan.InstanceType, "type", "", "instance `type` (default: that of the scaling variables)")
	f.DurationVar(&o.plan.Duration, "for", time.Hour, "how long the stack exists, from deploy to destroy")
	f.IntVar(&o.plan.MaxSize, "instances", 0, "most instances at any one time (default: max_size of the scaling variables)")
	f.Float64Var(&o.plan.RequestRate, "rate", 50, "requests per second, throughout")
	scalingVariablesFlag(f, &o.scalingVariables)
	f.StringVar(&o.prices, "prices", "", "`file` of prices to use instead of the built-in table")
	f.BoolVar(&o.printPrices, "print-prices", false, "only print the built-in table, to be changed and given to --prices")
	return cmd
}

// maxRate is the most requests per second that an estimate is made for.
const maxRate = 1e6

// validate refuses what no run could be. What was given as zero would otherwise
// take its default.
func (o costOptions) validate(f *pflag.FlagSet) error {
	switch p := o.plan; {
	case p.Duration <= 0 || p.Duration > cost.MaxDuration:
		return fmt.Errorf("--for is %s; give how long the stack exists, for instance 2h, and at most a year", p.Duration)
	case f.Changed("instances") && (p.MaxSize < 1 || p.MaxSize > cost.MaxInstances):
		return fmt.Errorf("--instances is %d; give 1 to %d", p.MaxSize, cost.MaxInstances)
	case !(p.RequestRate > 0 && p.RequestRate <= maxRate): // NaN is neither
		return fmt.Errorf("--rate is %g; give more than 0 and at most %.0f requests per second", p.RequestRate, maxRate)
	}
	return notWith(f, "print-prices", "region", "type", "for", "instances", "rate", "scaling-variables", "prices")
}

// regionToPrice is the environment's Region, unless that is the local cloud's.
func regionToPrice() string {
	region := cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1")
	if region == localcloud.Region {
		return "us-east-1"
	}
	return region
}

func runCost(ctx context.Context, out *output, o costOptions) error {
	if o.printPrices {
		return out.write(json.RawMessage(cost.BuiltIn), func(w io.Writer) { _, _ = w.Write(cost.BuiltIn) })
	}
	v, err := readScalingVariables(ctx, o.scalingVariables)
	if err != nil {
		return misuse(err)
	}
	prices, err := readPrices(ctx, o.prices)
	if err != nil {
		return misuse(err)
	}
	p := o.plan
	p.InstanceType, p.MinSize, p.MaxSize = cmp.Or(p.InstanceType, v.InstanceType), v.MinSize, cmp.Or(p.MaxSize, v.MaxSize)
	if p.MaxSize < p.MinSize {
		return misuse(fmt.Errorf("--instances is %d; give at least min_size of the scaling variables, %d", p.MaxSize, p.MinSize))
	}
	e, err := cost.Of(p, prices)
	if err != nil {
		return misuse(err)
	}
	return out.write(e, func(w io.Writer) {
		var text strings.Builder
		_ = cost.Write(&text, e, out.width())
		fmt.Fprint(w, out.style().Fold(text.String()))
	})
}

// readPrices reads a table of the user's own, else the built-in one.
func readPrices(ctx context.Context, path string) (cost.Prices, error) {
	if path == "" {
		return cost.Default(), nil
	}
	return cost.ReadPrices(ctx, path)
}
