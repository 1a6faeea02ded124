package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"secondwind/account/stack"
	"secondwind/terraform"
)

// Flags that name files, and that several commands have.

func runsFlag(f *pflag.FlagSet, path *string) {
	f.StringVar(path, "runs", defaultRuns, "`folder` in which a folder for the record is made")
}

func stackFlag(f *pflag.FlagSet, path *string, purpose string) {
	f.StringVar(path, "stack", "", purpose+"`path` of the applied Terraform folder, or of a file that `terraform output -json` wrote")
}

func calculatorFlag(f *pflag.FlagSet, path *string) {
	f.StringVar(path, "calculator", "", "`path` of the program that an instance runs (default: calculator in secondwind's own folder)")
}

func scalingVariablesFlag(f *pflag.FlagSet, path *string) {
	f.StringVar(path, "scaling-variables", "", "`file` of the scaling variables (default: terraform/"+terraform.ScalingVariablesFile+")")
}

// readScalingVariables reads the scaling variables that Terraform reads too: those
// of the binary, over them those of the checkout in the working folder, so that an
// edit takes effect at once, and over both those of the path asked for. A key that
// a file does not have keeps its value.
func readScalingVariables(asked string) (stack.ScalingVariables, error) {
	v, err := stack.ParseScalingVariables(terraform.ScalingVariables, stack.ScalingVariables{})
	checkout := filepath.Join("terraform", terraform.ScalingVariablesFile)
	if _, missing := os.Stat(checkout); err == nil && missing == nil {
		v, err = stack.ReadScalingVariables(checkout, v)
	}
	if err == nil && asked != "" {
		if v, err = stack.ReadScalingVariables(asked, v); err != nil {
			err = fmt.Errorf("--scaling-variables: %w", err)
		}
	}
	return v, err
}

// checkWritable refuses, before anything is started, the path of a file that
// could not be written at its end. "" is none.
func checkWritable(flag, path string) error {
	if path == "" {
		return nil
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("--%s %s is a folder: name a file", flag, path)
	}
	switch info, err := os.Stat(filepath.Dir(path)); {
	case err != nil:
		return fmt.Errorf("--%s %s: %w; make that folder first, or name a file in another one", flag, path, err)
	case !info.IsDir():
		return fmt.Errorf("--%s %s: %s is no folder; name a file in another one", flag, path, filepath.Dir(path))
	}
	return nil
}
