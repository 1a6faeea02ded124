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
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/client"
	"secondwind/loadgen/executor"
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
	digits                           int
	targets, format                  string

	rate, profile, replay, arrivals string
	users, think                    string
	precise                         bool
	duration                        time.Duration
	timeout                         time.Duration
	inFlight                        int
	access                          client.Access

	require []string
	abort   []string
	raw     string
	metrics string
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
	f.StringVar(&o.replay, "replay", "", "`file` of offered load over time instead: a CSV of seconds,rate")
	f.StringVar(&o.arrivals, "arrivals", "even", "even, or poisson: as requests of many independent users come")
	f.StringVar(&o.users, "users", "", "how `many` users send requests instead of a rate, each waiting for its answer: 50 or ramp:1..50/2m")
	f.StringVar(&o.think, "think", "", "with --users: `time` between an answer and the next request: 2s, 1s..3s or exponential:2s")
	f.BoolVar(&o.precise, "precise", false, "send within microseconds of the schedule, not a millisecond, for up to three times the CPU")
	f.DurationVar(&o.duration, "duration", 30*time.Second, "how long to send requests")
	f.StringVar(&o.method, "method", "", "HTTP method (default GET, with a body POST)")
	f.StringArrayVar(&o.headers, "header", nil, "`header` of each request, as 'Name: value'; repeat it for more")
	f.StringVar(&o.body, "body", "", "`text` of each request's body")
	f.StringVar(&o.bodyFile, "body-file", "", "`file` that is each request's body")
	f.IntVar(&o.digits, "digits", 0, "send multiplications of numbers of so many digits to a calculator at the URL")
	f.StringVar(&o.targets, "targets", "", "`file` of requests in one of Vegeta's formats instead of a URL; - reads standard input")
	f.StringVar(&o.format, "format", "http", "format of --targets: http or json")
	f.StringVar(&o.identity, "instance-header", "X-Instance-Id", "`header` of an answer that names the instance that gave it")
	f.DurationVar(&o.timeout, "timeout", 5*time.Second, "how long a request may take")
	f.IntVar(&o.inFlight, "max-in-flight", 512, "how many requests may be under way at once")
	accessFlags(f, &o.access)
	f.StringArrayVar(&o.require, "require", nil, "`threshold` to meet, for instance 'p99 < 250ms'; repeat it for more")
	f.StringArrayVar(&o.abort, "abort", nil, "`condition` over 10 s that ends the load, for instance 'errors > 50%'; repeat it for more")
	f.StringVar(&o.raw, "raw", "", "keep every result in Vegeta's `format` in the record's folder: gob, json or csv")
	f.StringVar(&o.metrics, "metrics", "", "`address` that serves /metrics for Prometheus while the load lasts, for instance 127.0.0.1:9100")
	f.BoolVar(&o.mine, "mine", false, "I own the server, or its owner asked me to load it")
	runsFlag(f, &o.runs)
	return cmd
}

// validate returns the load that the command line asks for.
func (o loadOptions) validate(f *pflag.FlagSet, args []string, stdin io.Reader) (l loading, err error) {
	if err := cmp.Or(notWith(f, "profile", "rate"), notWith(f, "replay", "rate", "profile"), notWith(f, "body-file", "body"),
		notWith(f, "digits", "method", "body", "body-file"), notWith(f, "targets", "method", "digits"),
		notWith(f, "users", "rate", "profile", "replay", "arrivals", "precise", "max-in-flight"),
		onlyWith(f, []string{"users"}, "think"), onlyWith(f, []string{"targets"}, "format"),
	); err != nil {
		return l, err
	}
	l = loading{attack: attack.Config{Timeout: o.timeout, MaxInFlight: o.inFlight, Precise: o.precise}, duration: o.duration}
	l.raw, l.metrics = o.raw, o.metrics
	if err := o.offer(&l); err != nil {
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
	if l.require, err = thresholds("require", o.require); err != nil {
		return l, err
	}
	if l.abort, err = thresholds("abort", o.abort); err != nil {
		return l, err
	}
	if f.Changed("digits") && o.digits < 1 {
		return l, fmt.Errorf("--digits is %d; give 1 or more", o.digits)
	}
	requests, err := o.requests(args, stdin)
	if err != nil {
		return l, err
	}
	l.attack.Requests, l.attack.Server = requests, requests.Server()
	if l.attack.Connections, err = accessOptions(o.access, l.attack.Server); err != nil {
		return l, err
	}
	return l, o.allowed(l.attack.Server)
}

func thresholds(flag string, texts []string) (all []threshold.Threshold, err error) {
	for _, text := range texts {
		t, err := summary.Measures.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("--%s: %w", flag, err)
		}
		all = append(all, t)
	}
	return all, nil
}

// offer sets what is offered over time, and by whom.
func (o loadOptions) offer(l *loading) (err error) {
	switch o.arrivals {
	case "even":
	case "poisson":
		l.attack.Arrivals = profile.Arrivals{Poisson: true, Seed: 1}
	default:
		return fmt.Errorf("--arrivals is %q; give even or poisson", o.arrivals)
	}
	switch {
	case o.users != "":
		return o.offerUsers(l)
	case o.replay != "":
		l.shown = "the rates of " + o.replay
		file, err := os.Open(o.replay)
		if err != nil {
			return fmt.Errorf("--replay: %w", err)
		}
		defer file.Close()
		if l.offered, err = profile.ReadReplay(file, false); err != nil {
			return fmt.Errorf("--replay %s: %w", o.replay, err)
		}
	case o.profile != "":
		l.shown = o.profile
		if l.offered, err = profile.Parse(o.profile); err != nil {
			return fmt.Errorf("--profile: %w", err)
		}
	default:
		l.shown = o.rate
		number, unit, _ := strings.Cut(o.rate, "/")
		per, known := map[string]float64{"": 1, "s": 1, "m": 60, "h": 3600}[unit]
		rate, err := strconv.ParseFloat(number, 64)
		if l.offered = profile.Constant(rate / per); err != nil || !known || l.offered.Validate() != nil {
			return fmt.Errorf("--rate is %q; give requests a second, minute or hour, for instance 500/s or 30/m", o.rate)
		}
	}
	return nil
}

// maxUsers bounds the users, of whom each has a connection and 16 kB.
const maxUsers = 50_000

func (o loadOptions) offerUsers(l *loading) (err error) {
	l.shown = o.users + " users"
	if l.offered, err = profile.Parse(o.users); err != nil {
		return fmt.Errorf("--users: %w", err)
	}
	if most := profile.Highest(l.offered); most > maxUsers {
		return fmt.Errorf("--users %s are up to %.0f; give at most %d", o.users, most, maxUsers)
	}
	l.attack.Users = &executor.Behavior{Seed: 1}
	if o.think != "" {
		if l.attack.Users.Think, err = executor.ParseThink(o.think); err != nil {
			return fmt.Errorf("--think: %w", err)
		}
	}
	return nil
}

// requests are what is sent.
func (o loadOptions) requests(args []string, stdin io.Reader) (*mix.Mix, error) {
	switch {
	case len(args) == 0 && o.targets == "":
		return nil, errors.New("give the URL to send requests to, for instance http://127.0.0.1:8080, or --targets FILE")
	case len(args) > 0 && o.targets != "":
		return nil, fmt.Errorf("--targets name their URLs themselves; leave %s out", client.HideUser(args[0]))
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
	spec := mix.Spec{Requests: []mix.Request{request}, Identity: mix.Identity{Header: o.identity}, Users: 200, Seed: 1}
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
	)
	var lines []string
	for _, one := range all.Unwrap() {
		lines = append(lines, named.Replace(one.Error()))
	}
	return errors.New(strings.Join(lines, "\n"))
}

// allowed refuses a server that is not plainly the user's own.
func (o loadOptions) allowed(server *url.URL) error {
	host := server.Hostname()
	if ip := net.ParseIP(host); o.mine || o.access.UnixSocket != "" || host == "localhost" || ip != nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("%s is not on this machine; add --mine if it is yours to load", host)
}

// loading is a load as the command line asks for it.
type loading struct {
	attack   attack.Config
	offered  profile.Profile
	shown    string // offered, as it was given
	duration time.Duration
	require  []threshold.Threshold
	abort    []threshold.Threshold // conditions that end the load
	raw      string                // format of raw results, "" for none
	metrics  string                // address for Prometheus, "" for none
}
