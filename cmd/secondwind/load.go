package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/mix"
	"secondwind/loadgen/profile"
	"secondwind/loadgen/raw"
	"secondwind/loadgen/summary"
	"secondwind/runlog/threshold"
)

// loadOptions are the flags of load.
type loadOptions struct {
	method, body, bodyFile, identity string
	headers                          []string
	digits, users                    int
	targets, format                  string

	rate, profile string
	duration      time.Duration
	timeout       time.Duration
	inFlight      int

	require []string
	raw     string
	runs    string
	mine    bool
}

func newLoad(out *output) *cobra.Command {
	var o loadOptions
	var l loading
	cmd := &cobra.Command{
		Use:   "load URL | load --targets FILE",
		Short: "Send load to an HTTP service of yours, and record what becomes of it",
		Long: "Sends requests on a schedule, whatever becomes of those before, and records what became of each:\n" +
			"latencies from when a request was due as well as from when it was sent, who answered, what failed.\n" +
			"docs/load.md has examples.\n\n" +
			"A server that is not on this machine needs --mine: load that its owner did not ask for is an\nattack.\n\n" +
			"Exit codes: 0 the load was sent, 1 every request failed or a --require was not met, 2 misuse,\n" +
			"130 interrupted before its end.",
		Args: cobra.ArbitraryArgs,
		PreRunE: func(cmd *cobra.Command, args []string) (err error) {
			l, err = o.validate(cmd.Flags(), args, cmd.InOrStdin())
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runLoad(cmd.Context(), out, o.runs, l) },
	}
	f := cmd.Flags()
	f.StringVar(&o.rate, "rate", "50/s", "offered load, for instance 500/s or 30/m")
	f.StringVar(&o.profile, "profile", "", "offered load over time instead: ramp:10..200/5m, steps:10,50,100/1m, sine:50..150@1m/10m")
	f.DurationVar(&o.duration, "duration", 30*time.Second, "how long to send requests")
	f.StringVar(&o.method, "method", "", "HTTP method (default GET, with a body POST)")
	f.StringArrayVar(&o.headers, "header", nil, "`header` of each request, as 'Name: value'; repeat it for more")
	f.StringVar(&o.body, "body", "", "`text` of each request's body")
	f.StringVar(&o.bodyFile, "body-file", "", "`file` that is each request's body")
	f.IntVar(&o.digits, "digits", 0, "send multiplications of numbers of so many digits to a calculator at the URL")
	f.IntVar(&o.users, "users", 200, "with --digits: how many users they come from")
	f.StringVar(&o.targets, "targets", "", "`file` of requests in one of Vegeta's formats instead of a URL; - reads standard input")
	f.StringVar(&o.format, "format", "http", "format of --targets: http or json")
	f.StringVar(&o.identity, "instance-header", "X-Instance-Id", "`header` of an answer that names the instance that gave it")
	f.DurationVar(&o.timeout, "timeout", 5*time.Second, "how long a request may take")
	f.IntVar(&o.inFlight, "max-in-flight", 512, "how many requests may be under way at once")
	f.StringArrayVar(&o.require, "require", nil, "`threshold` to meet, for instance 'p99 < 250ms'; repeat it for more")
	f.StringVar(&o.raw, "raw", "", "keep every result in Vegeta's `format` in the record's folder: gob, json or csv")
	f.BoolVar(&o.mine, "mine", false, "I own the server, or its owner asked me to load it")
	runsFlag(f, &o.runs)
	return cmd
}

// validate returns the load that the command line asks for.
func (o loadOptions) validate(f *pflag.FlagSet, args []string, stdin io.Reader) (l loading, err error) {
	if err := cmp.Or(notWith(f, "profile", "rate"), notWith(f, "body-file", "body"), notWith(f, "digits", "method", "body", "body-file"),
		notWith(f, "targets", "method", "digits"), onlyWith(f, []string{"digits"}, "users"), onlyWith(f, []string{"targets"}, "format"),
	); err != nil {
		return l, err
	}
	l = loading{profile: cmp.Or(o.profile, o.rate), duration: o.duration, timeout: o.timeout, inFlight: o.inFlight, raw: o.raw}
	if l.offered, err = o.offered(); err != nil {
		return l, err
	}
	switch {
	case o.duration <= 0:
		return l, fmt.Errorf("--duration is %s; give how long to load, for instance 30s", o.duration)
	case o.timeout <= 0 || o.timeout > time.Hour:
		return l, fmt.Errorf("--timeout is %s; give more than 0s and at most 1h, for instance 5s", o.timeout)
	case o.inFlight < 1 || o.inFlight > 100_000:
		return l, fmt.Errorf("--max-in-flight is %d; give 1 to 100000", o.inFlight)
	case o.raw != "" && !raw.Known(o.raw):
		return l, fmt.Errorf("--raw is %q; give gob, json or csv", o.raw)
	}
	for _, text := range o.require {
		t, err := summary.Measures.Parse(text)
		if err != nil {
			return l, fmt.Errorf("--require: %w", err)
		}
		l.require = append(l.require, t)
	}
	if f.Changed("digits") && o.digits < 1 {
		return l, fmt.Errorf("--digits is %d; give 1 or more", o.digits)
	}
	if l.requests, err = o.requests(args, stdin); err != nil {
		return l, err
	}
	l.server = l.requests.Server()
	return l, o.allowed(l.server)
}

// offered is the load over time.
func (o loadOptions) offered() (profile.Profile, error) {
	if o.profile != "" {
		offered, err := profile.Parse(o.profile)
		if err != nil {
			return nil, fmt.Errorf("--profile: %w", err)
		}
		return offered, nil
	}
	number, unit, _ := strings.Cut(o.rate, "/")
	per, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
	offered, err := profile.Parse("constant:" + number)
	if err != nil || !known {
		return nil, fmt.Errorf("--rate is %q; give requests a second, minute or hour, for instance 500/s or 30/m", o.rate)
	}
	return profile.Constant(offered.Rate(0) / per), nil
}

// requests are what is sent.
func (o loadOptions) requests(args []string, stdin io.Reader) (*mix.Mix, error) {
	switch {
	case len(args) == 0 && o.targets == "":
		return nil, errors.New("give the URL to send requests to, for instance http://127.0.0.1:8080, or --targets FILE")
	case len(args) > 0 && o.targets != "":
		return nil, fmt.Errorf("--targets name their URLs themselves; leave %s out", args[0])
	case len(args) > 1:
		return nil, fmt.Errorf("give one URL, not %d", len(args))
	}
	header, err := o.header()
	if err != nil {
		return nil, err
	}
	if o.targets != "" {
		return o.readTargets(header, stdin)
	}
	base, err := attack.ParseServer(args[0])
	if err != nil {
		return nil, err
	}
	request := mix.Request{Method: o.method, Headers: map[string]string{}, Body: o.body, BodyFile: o.bodyFile}
	for name, values := range header {
		request.Headers[name] = strings.Join(values, ", ")
	}
	if o.digits != 0 {
		request.Numbers = mix.Numbers{Operation: "*", Digits: mix.Digits{Min: o.digits, Max: o.digits}}
		request.Expect = mix.Expect{Status: []string{"200"}, Exact: true}
	}
	spec := mix.Spec{Requests: []mix.Request{request}, Identity: mix.Identity{Header: o.identity}, Users: o.users, Seed: 1}
	made, err := mix.Make(spec, base, func(name string) (io.ReadCloser, error) { return os.Open(name) })
	return made, inFlags(err)
}

func (o loadOptions) header() (http.Header, error) {
	header := http.Header{}
	for _, line := range o.headers {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("--header is %q; give it as 'Name: value'", line)
		}
		header.Add(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	return header, nil
}

func (o loadOptions) readTargets(header http.Header, stdin io.Reader) (*mix.Mix, error) {
	t := mix.Targets{Format: o.format, Header: header, Body: []byte(o.body), Identity: mix.Identity{Header: o.identity}}
	if o.bodyFile != "" {
		var err error
		if t.Body, err = os.ReadFile(o.bodyFile); err != nil {
			return nil, fmt.Errorf("--body-file: %w", err)
		}
	}
	src, name := stdin, "standard input"
	if o.targets != "-" {
		file, err := os.Open(o.targets)
		if err != nil {
			return nil, fmt.Errorf("--targets: %w", err)
		}
		defer file.Close()
		src, name = file, o.targets
	}
	made, err := mix.FromTargets(src, t)
	if err != nil {
		return nil, fmt.Errorf("--targets %s: %w", name, err)
	}
	return made, nil
}

// inFlags is an error of a mix in terms of the flags that it was made of.
func inFlags(err error) error {
	var all interface{ Unwrap() []error }
	if !errors.As(err, &all) {
		return err
	}
	named := strings.NewReplacer("requests[0].headers.", "--header ", "requests[0].path", "the URL", "requests[0].method", "--method",
		"requests[0].body_file", "--body-file", "requests[0].body", "--body", "requests[0].numbers.digits.min", "--digits",
		"requests[0].numbers.digits.max", "--digits", "requests[0].numbers", "--digits", "identity.header", "--instance-header",
		"users:", "--users:")
	var lines []string
	for _, one := range all.Unwrap() {
		lines = append(lines, named.Replace(one.Error()))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// allowed refuses a server that is not plainly the user's own.
func (o loadOptions) allowed(server *url.URL) error {
	host := server.Hostname()
	if ip := net.ParseIP(host); o.mine || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%s is not on this machine; add --mine if it is yours to load", host)
}

// loading is a load as the command line asks for it.
type loading struct {
	server   *url.URL
	requests *mix.Mix
	profile  string // as it was given
	offered  profile.Profile
	duration time.Duration
	timeout  time.Duration
	inFlight int
	require  []threshold.Threshold
	raw      string // format of raw results, "" for none
}
