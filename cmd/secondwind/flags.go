package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/account/stack"
	"secondwind/loadgen/profile"
	"secondwind/terraform"
	"secondwind/textfile"
)

// onlySubcommands refuses an argument that names no command below cmd.
func onlySubcommands(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	var known []string
	for _, c := range cmd.Commands() {
		known = append(known, c.Name())
	}
	return fmt.Errorf("unknown command: %s%s", args[0], didYouMean("", args[0], known))
}

// noArguments is for commands that take flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("`%s` takes flags only, not %q", cmd.CommandPath(), args[0])
	}
	return nil
}

func didYouMean(prefix, name string, known []string) string {
	if near := textfile.Nearest(name, known); near != "" {
		return "; did you mean " + prefix + near + "?"
	}
	return ""
}

// values are what a flag of each of pflag's types takes.
var values = map[string]string{
	"bool": "true or false", "duration": "a duration, for instance 30s", "int": "a whole number", "float64": "a number",
	"when": "auto, always or never",
}

// flagError is an error of pflag's in our words.
func flagError(cmd *cobra.Command, err error) error {
	if args := cmd.Flags().Args(); cmd.HasSubCommands() && len(args) > 0 {
		return onlySubcommands(cmd, args) // a misspelt command's flags are unknown, too
	}
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown) && unknown.GetSpecifiedShortnames() != "":
		return fmt.Errorf("unknown flag: -%s", unknown.GetSpecifiedShortnames())
	case errors.As(err, &unknown):
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		name := unknown.GetSpecifiedName()
		return fmt.Errorf("unknown flag: --%s%s", name, didYouMean("--", name, known))
	case errors.As(err, &missing):
		return fmt.Errorf("--%s needs a value: give %s", missing.GetFlag().Name, valueOf(missing.GetFlag()))
	case errors.As(err, &invalid) && (errors.Is(err, strconv.ErrRange) || tooLong(invalid)):
		return fmt.Errorf("--%s is %s; give one that is not so large", invalid.GetFlag().Name, invalid.GetValue())
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s is %q; give %s", invalid.GetFlag().Name, invalid.GetValue(), valueOf(invalid.GetFlag()))
	}
	return fmt.Errorf("%w; a flag is written as --name value or --name=value", err)
}

// tooLong tells whether a value is a duration that is too long for a flag.
func tooLong(invalid *pflag.InvalidValueError) bool {
	_, err := profile.ParseDuration(invalid.GetValue())
	return invalid.GetFlag().Value.Type() == "duration" && errors.Is(err, strconv.ErrRange)
}

// valueOf is what a flag takes.
func valueOf(f *pflag.Flag) string {
	name, _ := pflag.UnquoteUsage(f)
	return cmp.Or(values[f.Value.Type()], fmt.Sprintf("a value: --%s %s", f.Name, strings.ToUpper(name)))
}

// strict is the value of a flag that does not take what is hardly meant: an empty
// text, as of a variable that is not set, and 010 for eight.
type strict struct{ pflag.Value }

func (s strict) Set(text string) error {
	switch s.Type() {
	case "string":
		if text == "" {
			return errors.New("empty")
		}
	case "int":
		n, err := strconv.Atoi(text)
		if err != nil {
			return err
		}
		text = strconv.Itoa(n)
	}
	return s.Value.Set(text)
}

// given reports whether the command line has the flag, and does not switch it off.
func given(f *pflag.FlagSet, flag string) bool {
	return f.Changed(flag) && f.Lookup(flag).Value.String() != "false"
}

// onlyWith refuses flags that would be ignored because none of others was given.
func onlyWith(f *pflag.FlagSet, others []string, flags ...string) error {
	if slices.ContainsFunc(others, func(other string) bool { return given(f, other) }) {
		return nil
	}
	for _, flag := range flags {
		if given(f, flag) {
			return fmt.Errorf("--%s does nothing without --%[2]s; add --%[2]s, or leave --%[1]s out", flag, strings.Join(others, " or --"))
		}
	}
	return nil
}

// notWith refuses flags that would be ignored because another one was given.
func notWith(f *pflag.FlagSet, other string, flags ...string) error {
	for _, flag := range flags {
		if given(f, flag) && given(f, other) {
			return fmt.Errorf("--%s cannot be combined with --%s; leave one of them out", flag, other)
		}
	}
	return nil
}

// Flags that name files, and that several commands have.

func runsFlag(f *pflag.FlagSet, path *string) {
	f.StringVar(path, "runs", defaultRuns, "`folder` that the record's own folder is created in")
}

func stackFlag(f *pflag.FlagSet, path *string, purpose string) {
	f.StringVar(path, "stack", "", purpose+"`path` of the Terraform folder, or of a file as terraform output -json writes it"+
		" (docs/aws.md has its keys)")
}

func calculatorFlag(f *pflag.FlagSet, path *string) {
	f.StringVar(path, "calculator", "", "`path` of the program that each instance runs (default: calculator, in secondwind's own folder)")
}

func scalingVariablesFlag(f *pflag.FlagSet, path *string) {
	f.StringVar(path, "scaling-variables", "", "`file` of scaling variables (default: terraform/"+terraform.ScalingVariablesFile+")")
}

// readScalingVariables reads the scaling variables that Terraform reads too: those
// of the binary, over them those of the checkout in the working folder, so that an
// edit takes effect at once, and over both those of the path asked for. A key that
// a file does not have keeps its value.
func readScalingVariables(ctx context.Context, asked string) (stack.ScalingVariables, error) {
	v, err := stack.ParseScalingVariables(terraform.ScalingVariables, stack.ScalingVariables{})
	checkout := filepath.Join("terraform", terraform.ScalingVariablesFile)
	if _, missing := os.Stat(checkout); err == nil && missing == nil {
		v, err = stack.ReadScalingVariables(ctx, checkout, v)
	}
	if err == nil && asked != "" {
		v, err = stack.ReadScalingVariables(ctx, asked, v)
	}
	return v, err
}

// checkWritable refuses, before anything is started, the path of a file that
// could not be written at its end. It leaves there what it found. "" is none.
func checkWritable(flag, path string) error {
	if path == "" {
		return nil
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return fmt.Errorf("--%s %s is a folder: name a file", flag, path)
	case err == nil && info.Mode()&fs.ModeNamedPipe != 0:
		return nil // to open it is to wait for a reader
	}
	f, opened := os.OpenFile(path, os.O_WRONLY|os.O_CREATE, 0o600)
	if opened == nil {
		opened = f.Close()
	}
	if err != nil && opened == nil { // it was not there
		created, _ := filepath.EvalSymlinks(path)
		opened = os.Remove(created)
	}
	if opened != nil {
		return fmt.Errorf("--%s %s cannot be written: %w; name a file that you may write, in a folder that is there", flag, path, opened)
	}
	return nil
}
