package main

import (
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"secondwind/loadgen/client"
	"secondwind/loadgen/scenario"
)

// loadOptions are the flags of load.
type loadOptions struct {
	scenario string

	method, body, bodyFile, identity string
	headers                          []string
	digits                           int
	targets, format                  string

	rate, profile, replay, arrivals string
	cpuOf                           []string
	users, think                    string
	precise, unchecked              bool
	duration                        time.Duration
	timeout, maxLate                time.Duration
	inFlight                        int
	access                          client.Access

	require []string
	abort   []string
	raw     string
	metrics string
	otlp    string
	runs    string
	mine    bool
	resume  string

	grace       time.Duration
	maxRate     float64
	maxRequests int64

	noReport bool
}

func newLoad(out *output) *cobra.Command {
	var o loadOptions
	var l loading
	cmd := &cobra.Command{
		Use:   "load URL | load --targets FILE | load --scenario FILE [URL] | load --resume RUN",
		Short: "Send load to an HTTP service of yours, and record what becomes of it",
		Long: "Sends requests on a schedule, whatever becomes of those before, and records what became of each:\n" +
			"latencies from when a request was due as well as from when it was sent, who answered, what failed.\n" +
			"docs/load.md has examples.\n\n" +
			"A server that is not on this machine needs --mine: load that its owner did not ask for is an\nattack.\n\n" +
			"Exit codes: 0 the load was sent, 1 every request failed, a --require was not met or an --abort\n" +
			"condition ended the load, 2 misuse, 3 invalid: the load generator was the limit, so that the figures\n" +
			"are not those of the service, 130 interrupted before its end.",
		Args: atMostOneURL,
		PreRunE: func(cmd *cobra.Command, args []string) (err error) {
			l, err = o.load(cmd, args)
			return err
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return runLoad(cmd.Context(), out, o.runs, l) },
	}
	f := cmd.Flags()
	o.offerFlags(f)
	o.requestFlags(f)
	o.accessFlags(f)
	f.StringArrayVar(&o.require, "require", nil, "`threshold` to meet, for instance 'p99 < 250ms'; repeat it for more")
	f.StringArrayVar(&o.abort, "abort", nil, "`condition` over 10 s that ends the load, for instance 'errors > 50%'; repeat it for more")
	f.StringVar(&o.raw, "raw", "", "keep every result in Vegeta's `format` in the record's folder: gob, json or csv")
	f.StringVar(&o.metrics, "metrics", "", "`address` that serves /metrics for Prometheus while the load lasts, for instance 127.0.0.1:9100")
	f.StringVar(&o.otlp, "otlp", "", "`URL` of an OpenTelemetry collector that gets the same over HTTP, for instance http://127.0.0.1:4318;\n"+
		"env takes it from OTEL_EXPORTER_OTLP_*")
	f.BoolVar(&o.noReport, "no-report", false, "leave the report out, which `secondwind report` makes later")
	o.safetyFlags(f)
	f.BoolVar(&o.mine, "mine", false, "I own the server, or its owner asked me to load it")
	runsFlag(f, &o.runs)
	return cmd
}

// load returns the load that the command line asks for.
func (o loadOptions) load(cmd *cobra.Command, args []string) (l loading, err error) {
	if o.resume != "" {
		l, err = o.readResumed(cmd.Context(), cmd.Flags(), args)
	} else {
		var s scenario.Scenario
		if s, err = o.read(cmd.Context(), cmd.Flags(), args, cmd.InOrStdin()); err == nil {
			l, err = newLoading(s)
		}
		if err != nil {
			err = o.inFlags(cmd.Flags(), err)
		}
	}
	if err != nil {
		return l, err
	}
	l.raw, l.metrics, l.noReport, l.attack.Grace = o.raw, o.metrics, o.noReport, o.grace
	l.maxRate, l.maxRequests = o.maxRate, o.maxRequests
	if l.holding != nil {
		l.holding.controller.Most = o.maxRate
	}
	if l.attack.Users != nil {
		l.attack.Users.MaxRequests = o.maxRequests
	}
	if l.otlp, err = o.collector(os.Getenv); err != nil {
		return l, err
	}
	return l, o.allowed(l)
}

// safetyFlags are how a load that is more than meant is ended, and one that was killed goes on.
func (o *loadOptions) safetyFlags(f *pflag.FlagSet) {
	f.Float64Var(&o.maxRate, "max-rate", defaultMaxRate, "refuse to send more requests per second")
	f.Int64Var(&o.maxRequests, "max-requests", defaultMaxRequests, "refuse to send more requests in all")
	f.DurationVar(&o.grace, "grace", 5*time.Second, "how long Ctrl-C waits for requests under way")
	f.StringVar(&o.resume, "resume", "", "`folder` of a load that was killed and is to go on, or latest")
}

// offerFlags are how much is sent, and when.
func (o *loadOptions) offerFlags(f *pflag.FlagSet) {
	f.StringVar(&o.rate, "rate", "50/s", "offered load, for instance 500/s or 30/m")
	f.StringVar(&o.profile, "profile", "", "offered load over time instead: ramp:10..200/5m, steps:10,50,100/1m, sine:50..150@1m/10m,\n"+
		"or cpu:32/10m, what holds the CPU of the service at 32 %, read from --cpu-of")
	f.StringVar(&o.replay, "replay", "", "`file` of offered load over time instead: a CSV of seconds,rate")
	f.StringArrayVar(&o.cpuOf, "cpu-of", nil, "with --profile cpu:32/10m: `source` of the service's CPU, 'pid 1234' or\n"+
		"the URL of a text for Prometheus; repeat it for more, whose mean is taken")
	f.StringVar(&o.arrivals, "arrivals", "even", "even, or poisson: as requests of many independent users come")
	f.StringVar(&o.users, "users", "", "how `many` users send requests instead of a rate, each waiting for its answer: 50 or ramp:1..50/2m")
	f.StringVar(&o.think, "think", "", "with --users: `time` between an answer and the next request: 2s, 1s..3s or exponential:2s")
	f.BoolVar(&o.precise, "precise", false,
		"above 1,000 requests/s, too, send within microseconds of the schedule, not a millisecond, for twice the CPU")
	f.DurationVar(&o.duration, "duration", 0, "how long to send requests (default: as long as the profile, or 30s if it has no end)")
	f.DurationVar(&o.timeout, "timeout", 5*time.Second, "how long a request may take")
	f.IntVar(&o.inFlight, "max-in-flight", 512, "how many requests may be under way at once; what is due then is sent late")
	f.DurationVar(&o.maxLate, "max-late", 0, "how late a request may be sent, after which it is dropped (default: --timeout)")
}

// accessFlags are how the server is reached.
func (o *loadOptions) accessFlags(f *pflag.FlagSet) {
	a, standard := &o.access, client.DefaultAccess
	f.StringVar(&a.HTTP, "http", standard.HTTP, "`version` of HTTP: 1.1, or 2, which without TLS the server has to expect (h2c)")
	f.DurationVar(&a.ConnectionAge, "connection-age", standard.ConnectionAge,
		"when a connection is replaced by a new one, give or take a tenth")
	f.DurationVar(&a.DNSInterval, "dns-interval", standard.DNSInterval,
		"how often the addresses of the server's name are looked up (default: by their TTL)")
	f.IntVar(&a.Streams, "streams", standard.Streams, "how many requests may be under way over one connection of HTTP/2")
	f.StringVar(&a.UnixSocket, "unix-socket", "", "`path` of a socket to connect to, whatever the host of the URL")
	f.StringVar(&a.TLS.RootCerts, "root-certs", "", "`file` of the certificates to trust instead of the system's")
	f.StringVar(&a.TLS.Cert, "cert", "", "`file` of the client's certificate")
	f.StringVar(&a.TLS.Key, "key", "", "`file` of the key of --cert")
	f.BoolVar(&a.TLS.Insecure, "insecure", false, "trust every certificate of the server")
}

// requestFlags are what is sent.
func (o *loadOptions) requestFlags(f *pflag.FlagSet) {
	f.StringVarP(&o.scenario, "scenario", "f", "", "`file` of requests and how to send them; flags override it")
	f.StringVar(&o.method, "method", "", "HTTP method (default GET, with a body POST)")
	f.StringArrayVar(&o.headers, "header", nil, "`header` of each request, as 'Name: value'; repeat it for more")
	f.StringVar(&o.body, "body", "", "`text` of each request's body")
	f.StringVar(&o.bodyFile, "body-file", "", "`file` that is each request's body")
	f.IntVar(&o.digits, "digits", 0, "send multiplications of numbers of so many digits to a calculator at the URL")
	f.StringVar(&o.targets, "targets", "", "`file` of requests in one of Vegeta's formats instead of a URL; - reads standard input")
	f.StringVar(&o.format, "format", "http", "format of --targets: http or json")
	f.BoolVar(&o.unchecked, "unchecked", false, "take every answer for the right one, whatever it is, and do not ask who gave it")
	f.StringVar(&o.identity, "instance-header", "X-Instance-Id", "`header` of an answer that names the instance that gave it")
}

// atMostOneURL refuses more than one argument.
func atMostOneURL(_ *cobra.Command, args []string) error {
	if len(args) > 1 {
		return fmt.Errorf("give one URL, not %d", len(args))
	}
	return nil
}
