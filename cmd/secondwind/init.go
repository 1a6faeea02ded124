package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"golang.org/x/term"

	"secondwind/account/outputs"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/scenario"
)

// initOptions are the flags of init, or what was answered instead of them.
type initOptions struct {
	program, out         string
	target               target // or only its URL
	method, path, body   string
	headers, environment []string
	health, identity     string
	startWithin          time.Duration
}

func newInit(out *output) *cobra.Command {
	var o initOptions
	cmd := &cobra.Command{
		Use:   "init --program COMMAND | --group NAME | --url URL",
		Short: "Write a scenario for a service of yours, from what it answers",
		Long: "Asks a service a few times, and writes a scenario with comments that soak takes as it is. With\n" +
			"--program it starts the service once on this machine, as the local cloud would; with --group or\n" +
			"--url it asks the one that runs. It reports what it found (a health path, what in an answer names\n" +
			"the instance, what a request costs), what it assumed, and what to do about what is missing.\n" +
			"Without these flags, on a terminal, it asks for them. It never overwrites a file.\n\n" +
			"  secondwind init --program './server --port {port}' --path /work\n\n" +
			"docs/your-service.md walks through it.\n\n" +
			"Exit codes: 0 the scenario was written; 2 misuse, or the service did not answer; 130 interrupted.",
		Args:    noArguments,
		PreRunE: func(cmd *cobra.Command, _ []string) error { return o.complete(cmd, out) },
		RunE:    func(cmd *cobra.Command, _ []string) error { return writeInitial(cmd.Context(), out, o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.program, "program", "", "`command` that starts the service, with {port} or {address} for where to listen")
	o.target.flags(f)
	f.StringVar(&o.out, "out", "scaling.yaml", "new `file` for the scenario")
	f.StringVar(&o.path, "path", "/", "`URL-path` of a request that takes CPU, with its query")
	f.StringVar(&o.method, "method", "", "`method` of the request (default: GET, with a body POST)")
	f.StringArrayVar(&o.headers, "header", nil, "`'Name: value'` that the request is sent with; may be repeated")
	f.StringVar(&o.body, "body", "", "`text` of the request's body")
	f.StringVar(&o.health, "health-path", "", "`URL-path` of the health check (default: looked for)")
	f.StringVar(&o.identity, "identity", "",
		"what names the instance: `header:NAME`, cookie:NAME, json:PATH, or target for the load balancer's counts (default: looked for)")
	f.StringArrayVar(&o.environment, "environment", nil,
		"with --program: `NAME=value` in an instance's environment, with the same placeholders; may be repeated")
	f.DurationVar(&o.startWithin, "start-within", 2*time.Minute, "with --program: how long it may take until it answers")
	return cmd
}

// complete asks for what the flags do not say, and refuses what cannot be.
func (o *initOptions) complete(cmd *cobra.Command, out *output) error {
	f := cmd.Flags()
	if o.program == "" && !o.running() {
		stdin, is := cmd.InOrStdin().(*os.File)
		if !is || !term.IsTerminal(int(stdin.Fd())) {
			return errors.New("say what to prove: --program COMMAND for a service on this machine, --group NAME for one on AWS, " +
				"or --url URL; on a terminal they are asked for")
		}
		if err := ask(cmd.Context(), stdin, out.stderr, f); err != nil {
			return err
		}
	}
	return o.validate(f)
}

// running reports whether a service is meant that runs already.
func (o *initOptions) running() bool { return o.target.named() || o.target.told.LoadBalancerURL != "" }

func (o *initOptions) validate(f *pflag.FlagSet) error {
	err := cmp.Or(notWith(f, "program", append([]string{"group", "stack"}, targetFlags...)...),
		onlyWith(f, []string{"program"}, "environment", "start-within"))
	url := o.target.told.LoadBalancerURL
	switch {
	case err != nil:
		return err
	case o.target.named() || url == "":
		err = o.target.validate(f)
	default: // a URL alone says enough to ask it
		if err = outputs.CheckURL(url); err != nil {
			err = fmt.Errorf("--url %w", err)
		}
		err = cmp.Or(err, onlyWith(f, []string{"group", "stack"}, "region", "alarm", "target-group"))
	}
	if err == nil && o.startWithin <= 0 {
		err = fmt.Errorf("--start-within is %s; give more than 0s, for instance 2m", o.startWithin)
	}
	if err != nil {
		return err
	}
	if _, err := os.Lstat(o.out); err == nil {
		return fmt.Errorf("--out %s is there already, and nothing is overwritten; name a new file, or remove that one", o.out)
	}
	return checkWritable("out", o.out)
}

// draft is the scenario as far as the flags say it.
func (o *initOptions) draft() (d draft, err error) {
	d = draft{
		Name:    strings.TrimSuffix(filepath.Base(o.out), filepath.Ext(o.out)),
		Request: mix.Request{Method: o.method, Path: o.path, Body: o.body}, Status: 200,
		IdentityOf: mix.Calculator, Health: cmp.Or(o.health, "/"), HealthCodes: "200", StartRate: "1", CPUPercent: "1", Timeout: 5 * time.Second,
	}
	for _, line := range o.headers {
		name, value, err := readHeader(line)
		if err != nil {
			return d, err
		}
		d.Request.SetHeader(name, value)
	}
	if o.program != "" {
		d.Program.Command, d.Program.StartWithin, d.Program.Environment = o.program, o.startWithin, map[string]string{}
	}
	for _, variable := range o.environment {
		name, value, ok := strings.Cut(variable, "=")
		if !ok {
			return d, fmt.Errorf("--environment is %q; give NAME=value", variable)
		}
		d.Program.Environment[name] = value
	}
	if d.Program.Folder, err = o.folder(); err != nil {
		return d, err
	}
	if o.identity != "" {
		d.IdentityOf, err = parseIdentity(o.identity)
	}
	return d, err
}

// folder is the working folder, where the command was given, as seen from the scenario's.
func (o *initOptions) folder() (string, error) {
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	there, err := filepath.Abs(filepath.Dir(o.out))
	if err != nil {
		return "", err
	}
	if folder, err := filepath.Rel(there, here); err == nil {
		return filepath.ToSlash(folder), nil
	}
	return here, nil // on another drive
}

// parseIdentity reads the flag --identity.
func parseIdentity(text string) (i mix.Identity, err error) {
	kind, name, _ := strings.Cut(text, ":")
	switch {
	case text == "target":
		return byTarget, nil
	case kind == "header" && name != "":
		i.Header = name
	case kind == "cookie" && name != "":
		i.Cookie = name
	case kind == "json" && name != "":
		i.JSON = name
	default:
		err = fmt.Errorf("--identity is %q; give header:NAME, cookie:NAME, json:PATH, or target", text)
	}
	return i, err
}

// writeInitial asks the service, and writes the scenario.
func writeInitial(ctx context.Context, out *output, o initOptions) error {
	d, err := o.draft()
	if err != nil {
		return misuse(err)
	}
	report := &initial{File: o.out, Next: o.next()}
	err = o.examine(ctx, &d, report, out.stderr)
	if err == nil {
		err = d.write(o.out)
	}
	if ctx.Err() != nil {
		return &exitError{code: exitInterrupted}
	}
	if err != nil {
		return err
	}
	return out.write(report, func(w io.Writer) { report.text(w, out.style()) })
}

// write writes the scenario into a file that must not be there.
func (d draft) write(path string) error {
	text, err := d.text()
	if err == nil {
		_, err = scenario.Parse(path, text)
	}
	if err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write the scenario: %w", err)
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Close())
}

// next are the commands to go on with.
func (o *initOptions) next() []string {
	if o.program != "" {
		return []string{"secondwind soak -f " + shellWord(o.out)}
	}
	where, told := "", o.target.told
	for _, flag := range [][2]string{
		{"stack", o.target.stack}, {"group", told.AutoScalingGroupName}, {"url", told.LoadBalancerURL}, {"region", told.Region},
		{"alarm", told.ScaleOutAlarmName}, {"target-group", told.TargetGroupARN},
	} {
		if flag[1] != "" {
			where += " --" + flag[0] + " " + shellWord(flag[1])
		}
	}
	if !o.target.named() {
		where = " --group NAME" + where
	}
	return []string{"secondwind doctor" + where + " -f " + shellWord(o.out), "secondwind soak" + where + " -f " + shellWord(o.out)}
}

// shellWord quotes a word for a shell, if it needs that.
func shellWord(word string) string {
	if strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}
