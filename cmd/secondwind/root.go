package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"secondwind/cmd/secondwind/progress"
	"secondwind/verify/doctor"
	"secondwind/verify/judge"
)

// Exit codes beside those of a verdict (0 proved, 1 refuted, 3 inconclusive).
const (
	exitMisuse      = 2
	exitInterrupted = 130 // 128 + SIGINT, as a shell expects
)

// version is set when the binary is built.
var version = "dev"

// exitError ends the program with a code; its error, if any, is told first.
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
	ctx, interrupts, stop := watchInterrupts(ctx)
	defer stop()
	root := newRoot(&output{stdout: stdout, stderr: stderr, interrupts: interrupts})
	root.SetArgs(args)
	return exitCode(root.ExecuteContext(ctx), stderr)
}

// exitCode tells the error, if it is one to tell, and maps it.
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

// output is how a command speaks: it is set by flags that all commands share.
type output struct {
	stdout, stderr io.Writer
	json           bool
	colour         string // auto | always | never
	interrupts     *interrupts
}

func newRoot(out *output) *cobra.Command {
	root := &cobra.Command{
		Use:           "secondwind",
		Short:         "Proves that an Auto Scaling group scales",
		Long:          "secondwind drives an Auto Scaling group with real load, watches CloudWatch and the group,\nand judges link by link whether a second instance came because CPU crossed the threshold.\n\nExit codes: 0 proved, 1 refuted, 3 inconclusive, 2 misuse, 130 interrupted.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetOut(out.stdout)
	root.SetErr(out.stderr)
	root.CompletionOptions.HiddenDefaultCmd = true
	root.PersistentFlags().BoolVar(&out.json, "json", false, "write JSON lines for machines")
	root.PersistentFlags().StringVar(&out.colour, "colour", "auto", "auto, always or never")
	root.AddCommand(newSoak(out), newCloud(out), newLoad(out), newObserve(out), newDoctor(out), newCost(out), newSweep(out), newJudge(out), newReport(out), newVersion(out))
	return root
}

// terminal returns stdout's file if it is a terminal.
func (o *output) terminal() (*os.File, bool) {
	f, ok := o.stdout.(*os.File)
	return f, ok && term.IsTerminal(int(f.Fd()))
}

// coloured is whether codes for colour may be written. NO_COLOR is the
// convention of no-color.org.
func (o *output) coloured() bool {
	switch o.colour {
	case "always":
		return true
	case "never":
		return false
	}
	_, terminal := o.terminal()
	return terminal && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

// reporter is where a run's progress goes.
func (o *output) reporter() progress.Reporter {
	if o.json {
		return progress.JSON(o.stdout)
	}
	f, ok := o.terminal()
	if !ok || os.Getenv("TERM") == "dumb" {
		return progress.Plain(o.stdout)
	}
	width := func() int {
		columns, _, err := term.GetSize(int(f.Fd()))
		if err != nil {
			return 80
		}
		return columns
	}
	return progress.Live(o.stdout, width, o.coloured())
}

// style is how a report for a person is written.
func (o *output) style() doctor.Style {
	s := doctor.Style{Colour: o.coloured()}
	if f, ok := o.terminal(); ok {
		if columns, _, err := term.GetSize(int(f.Fd())); err == nil {
			s.Width = columns
		}
	}
	return s
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
