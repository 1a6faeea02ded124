// Command secondwind proves that an Auto Scaling group scales: it drives it with
// real load, watches CloudWatch and the group, and judges link by link.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/runlog"
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

func (e *exitError) Error() string { return fmt.Sprintf("exit code %d: %v", e.code, e.err) }

// misuseError is an error of the command line, or of a file that it names: the answer
// points to the command's help.
type misuseError struct{ error }

func (e misuseError) Unwrap() error { return e.error }

// misuse makes err one of the command line, unless it is nil, or the machine is at
// fault: a program that failed (terraform), or a full disk.
func misuse(err error) error {
	if _, failed := errors.AsType[*exec.ExitError](err); err == nil || failed || errors.Is(err, syscall.ENOSPC) {
		return err
	}
	return misuseError{err}
}

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}

// run is the whole program: arguments in, exit code out.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx, interrupts, stop := watchInterrupts(ctx, func(text string) { fmt.Fprintln(stderr, "secondwind:", text) })
	defer stop()
	out := &output{stdout: stdout, stderr: stderr, colour: "auto", interrupts: interrupts}
	root := newRoot(out)
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err = interruptedError(ctx, err); err == nil {
		return 0
	}
	// Whatever stops a command before it could judge is misuse or a broken
	// premise of the machine: never 1, which says that scaling was refuted.
	exit := &exitError{exitMisuse, err}
	if !out.started {
		err = misuse(err)
	}
	if _, is := errors.AsType[misuseError](err); is {
		about := strings.TrimSuffix(command.CommandPath(), " help")
		exit.err = fmt.Errorf("%w\nRun `%s --help` for usage", err, about)
	}
	errors.As(err, &exit)
	if exit.err != nil {
		fmt.Fprintln(stderr, "secondwind:", exit.err)
	}
	return exit.code
}

func newRoot(out *output) *cobra.Command {
	showVersion := false
	root := &cobra.Command{
		Use:   "secondwind",
		Short: "Prove that an Auto Scaling group scales",
		Long: "secondwind drives an Auto Scaling group with real load, watches Amazon CloudWatch and the group,\n" +
			"and judges link by link whether a second instance came because CPU crossed the threshold.\n\n" +
			"Exit codes of soak, judge and report: 0 proved, 1 refuted, 3 inconclusive; of all commands: 2 misuse,\n" +
			"130 interrupted, except where Ctrl-C is the usual end (observe, cloud). The help of each command\n" +
			"lists its other exit codes.",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          onlySubcommands,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if showVersion {
				return writeVersion(out)
			}
			return cmd.Help()
		},
	}
	root.SetOut(out.stdout)
	root.SetErr(out.stderr)
	root.SetFlagErrorFunc(flagError)
	root.Flags().BoolVarP(&showVersion, "version", "v", false, "print the version")
	f := root.PersistentFlags()
	f.BoolVar(&out.json, "json", false, "write JSON lines instead of text")
	f.Var(&out.colour, "color", "auto, always or never; --colour is the same")
	f.Var(&out.colour, "colour", "the same as --color")
	_ = f.MarkHidden("colour") // fails only for a flag that is not there
	root.AddCommand(newSoak(out), newProve(out), newCloud(out), newLoad(out), newObserve(out), newDoctor(out), newCost(out), newSweep(out),
		newInit(out), newJudge(out), newReport(out), newExport(out), newTrend(out), newAudit(out), newVersion(out))
	beStrict(root, out)
	return root
}

// beStrict lets all commands refuse what cobra and pflag would take: values that are
// hardly meant, and, of help and completion, arguments that would be ignored.
func beStrict(root *cobra.Command, out *output) {
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, command := range append(root.Commands(), root) {
		if run := command.RunE; run != nil {
			command.RunE = func(cmd *cobra.Command, args []string) error {
				out.started = true // whatever is refused before is misuse
				return run(cmd, args)
			}
		}
		command.Flags().VisitAll(func(f *pflag.Flag) { f.Value = strict{f.Value} })
		switch command.Name() {
		case "help":
			command.Args = func(_ *cobra.Command, args []string) error {
				about, rest, err := root.Find(args)
				return cmp.Or(err, onlySubcommands(about, rest))
			}
		case "completion":
			command.Args = onlySubcommands
			command.RunE = func(*cobra.Command, []string) error {
				return errors.New("name the shell: bash, fish, powershell or zsh")
			}
			for _, shell := range command.Commands() {
				shell.Args = noArguments
			}
		}
	}
}

func newVersion(out *output) *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArguments,
		RunE:  func(*cobra.Command, []string) error { return writeVersion(out) },
	}
}

func writeVersion(out *output) error {
	v := struct {
		Version string `json:"version"`
		Go      string `json:"go"`
		OS      string `json:"os"`
		Arch    string `json:"arch"`
		Format  int    `json:"format"` // of the record
	}{version, runtime.Version(), runtime.GOOS, runtime.GOARCH, runlog.Version}
	return out.write(v, func(w io.Writer) {
		fmt.Fprintf(w, "secondwind %s (%s, %s/%s, record format %d)\n", v.Version, v.Go, v.OS, v.Arch, v.Format)
	})
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
