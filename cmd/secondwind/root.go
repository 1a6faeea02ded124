package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/verify/judge"
)

// Exit codes in addition to those of a verdict (0 proved, 1 refuted, 3 inconclusive).
const (
	exitMisuse      = 2
	exitInterrupted = 130 // 128 + SIGINT, as a shell expects
)

// version is set when the binary is built.
var version = "dev"

// exitError ends the program with a code; its error, if any, is reported first.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit code %d", e.code)
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// run is the whole program: arguments in, exit code out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx, interrupts, stop := watchInterrupts(ctx, func(text string) { fmt.Fprintln(stderr, "secondwind:", text) })
	defer stop()
	began := false
	root := newRoot(&output{stdout: stdout, stderr: stderr, colour: "auto", interrupts: interrupts})
	for _, command := range root.Commands() {
		run := command.RunE
		command.RunE = func(cmd *cobra.Command, args []string) error {
			began = true
			return run(cmd, args)
		}
	}
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err != nil && !began { // the command line was wrong
		err = fmt.Errorf("%w\nRun `%s --help` for usage", err, command.CommandPath())
	}
	return exitCode(interruptedError(ctx, err), stderr)
}

// exitCode reports the error, unless it stands for a code alone, and maps it.
func exitCode(err error, stderr io.Writer) int {
	if err == nil {
		return 0
	}
	var exit *exitError
	if errors.As(err, &exit) {
		if exit.err != nil {
			fmt.Fprintln(stderr, "secondwind:", exit.err)
		}
		return exit.code
	}
	// Whatever stops a command before it could judge is misuse or a broken
	// premise of the machine: never 1, which says that scaling was refuted.
	fmt.Fprintln(stderr, "secondwind:", err)
	return exitMisuse
}

// newRoot has no Args: cobra then suggests a command for one that is misspelt.
func newRoot(out *output) *cobra.Command {
	showVersion := false
	root := &cobra.Command{
		Use:   "secondwind",
		Short: "Prove that an Auto Scaling group scales",
		Long: "secondwind drives an Auto Scaling group with real load, watches Amazon CloudWatch and the group,\n" +
			"and judges link by link whether a second instance came because CPU crossed the threshold.\n\n" +
			"Exit codes: 0 proved, 1 refuted, 3 inconclusive, 2 misuse, 130 interrupted.",
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return writeVersion(out)
			}
			return cmd.Help()
		},
	}
	root.SetOut(out.stdout)
	root.SetErr(out.stderr)
	root.SetFlagErrorFunc(suggestFlag)
	root.Flags().BoolVarP(&showVersion, "version", "v", false, "print the version")
	f := root.PersistentFlags()
	f.BoolVar(&out.json, "json", false, "write JSON lines instead of text")
	f.Var(&out.colour, "color", "auto, always or never")
	f.Var(&out.colour, "colour", "the same as --color")
	if err := f.MarkHidden("colour"); err != nil {
		panic(err) // the flag is defined one line above
	}
	root.AddCommand(newSoak(out), newCloud(out), newLoad(out), newObserve(out), newDoctor(out), newCost(out), newSweep(out),
		newJudge(out), newReport(out), newVersion(out))
	return root
}

// suggestFlag adds to an error of the command line which flag may have been meant.
func suggestFlag(cmd *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return err
	}
	// Flags are suggested by cobra's own rule for commands.
	flags := &cobra.Command{SuggestionsMinimumDistance: 2}
	cmd.Flags().VisitAll(func(f *pflag.Flag) {
		flags.AddCommand(&cobra.Command{Use: f.Name, Run: func(*cobra.Command, []string) {}})
	})
	if close := flags.SuggestionsFor(unknown.GetSpecifiedName()); len(close) > 0 {
		return fmt.Errorf("%w; did you mean --%s?", err, strings.Join(close, " or --"))
	}
	return err
}

// noArguments is for commands that take flags only.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return fmt.Errorf("%s takes flags only, not %q", cmd.CommandPath(), args[0])
	}
	return nil
}

// verdictError is the exit code that a verdict asks for.
func verdictError(v judge.Verdict) error {
	if code := v.Outcome.ExitCode(); code != 0 {
		return &exitError{code: code}
	}
	return nil
}

// versions are those of the modules that a run's evidence rests on, for the manifest.
func versions() map[string]string {
	found := map[string]string{"secondwind": version}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return found
	}
	for _, m := range info.Deps {
		if strings.Contains(m.Path, "vegeta") || strings.Contains(m.Path, "aws-sdk-go-v2/service/") {
			found[m.Path] = m.Version
		}
	}
	return found
}
