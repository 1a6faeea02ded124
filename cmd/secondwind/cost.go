package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"secondwind/account/cost"
	"secondwind/localcloud"
)

func newCost(out *output) *cobra.Command {
	var p cost.Plan
	var numbers, prices string
	var printPrices bool
	cmd := &cobra.Command{
		Use:   "cost",
		Short: "Estimate what a run on AWS costs, before it starts",
		Long: "Estimates, item by item and as a range, what the stack of terraform/ costs from deploy to destroy,\n" +
			"from a built-in table of list prices with its date. It asks nobody. docs/doctor.md says how far to trust it.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if printPrices {
				_, err := out.stdout.Write(cost.BuiltIn)
				return err
			}
			n, err := readNumbers(numbers)
			if err != nil {
				return err
			}
			p.InstanceType = cmp.Or(p.InstanceType, n.InstanceType)
			p.MinSize = n.MinSize
			p.MaxSize = cmp.Or(p.MaxSize, n.MaxSize)
			return runCost(out, p, prices)
		},
	}
	f := cmd.Flags()
	f.StringVar(&p.Region, "region", regionToPrice(), "AWS `Region`")
	f.StringVar(&p.InstanceType, "type", "", "instance `type` (default: that of the numbers)")
	f.DurationVar(&p.Duration, "for", time.Hour, "how long the stack is there, from deploy to destroy")
	f.IntVar(&p.MaxSize, "instances", 0, "the most instances at a time (default: max_size of the numbers)")
	f.Float64Var(&p.RequestRate, "rate", 50, "requests per second, all the time")
	f.StringVar(&numbers, "numbers", "", "`path` of the numbers that Terraform reads too (default: terraform/"+numbersName+")")
	f.StringVar(&prices, "prices", "", "`file` of prices instead of the built-in table")
	f.BoolVar(&printPrices, "print-prices", false, "print the built-in table, to be changed and given to --prices, and end")
	return cmd
}

// regionToPrice is the environment's Region, unless that is the local cloud's.
func regionToPrice() string {
	region := cmp.Or(os.Getenv("AWS_REGION"), os.Getenv("AWS_DEFAULT_REGION"), "us-east-1")
	if region == localcloud.Region {
		return "us-east-1"
	}
	return region
}

func runCost(out *output, p cost.Plan, pricesFile string) error {
	if p.Duration <= 0 { // zero would mean the default
		return fmt.Errorf("--for %s: give how long the stack is there, such as 2h", p.Duration)
	}
	prices, err := readPrices(pricesFile)
	if err != nil {
		return err
	}
	e, err := cost.Of(p, prices)
	if err != nil {
		return err
	}
	if out.json {
		return json.NewEncoder(out.stdout).Encode(e)
	}
	return cost.Write(out.stdout, e, out.style().Width)
}

// readPrices reads a table of the user's own, else the built-in one.
func readPrices(path string) (cost.Prices, error) {
	if path == "" {
		return cost.Default(), nil
	}
	return cost.ReadPrices(path)
}
