package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"time"

	"secondwind/server"
	"secondwind/server/history"
)

type options struct {
	address string
	pprof   string
	version bool
	history history.Config
}

const usage = `calculator serves a web calculator that names its instance in every answer.

Usage: calculator [--address host:port] [--pprof 127.0.0.1:port] [--version]
       calculator audit       shows that the history is encrypted at rest; see calculator audit --help
       calculator rotate-key  adds a new key to it; see calculator rotate-key --help

`

// settings are the limits. Their defaults are safe on an instance with two cores and 1 GiB.
func settings(c *server.Config) []setting {
	return []setting{
		{"CALCULATOR_MAX_BODY_BYTES", "largest request body (default 16777216)", &c.MaxBodyBytes},
		{"CALCULATOR_MAX_STREAM_BYTES", "largest batch or statistics (default 1073741824)", &c.MaxStreamBytes},
		{"CALCULATOR_MAX_HELD_BYTES", "bodies and answers in memory, of all requests (default 4 bodies)", &c.MaxHeldBytes},
		{"CALCULATOR_MAX_HEADER_BYTES", "largest request line and header (default 65536)", &c.MaxHeaderBytes},
		{"CALCULATOR_MAX_DIGITS", "maximum digits of an operand or a result (default 2000000)", &c.MaxDigits},
		{"CALCULATOR_MAX_CALCULATIONS", "concurrent calculations (default 2 for each core)", &c.MaxCalculations},
		{"CALCULATOR_MAX_QUEUED", "calculations waiting for a turn (default 256)", &c.MaxQueued},
		{"CALCULATOR_MAX_CONNECTIONS", "concurrent connections (default 1024)", &c.MaxConnections},
		{"CALCULATOR_TIMEOUT", "longest calculation (default 10s)", &c.CalculationTimeout},
		{"CALCULATOR_QUEUE_TIMEOUT", "longest wait for a turn, then 503 (default 3s)", &c.QueueTimeout},
		{"CALCULATOR_DRAIN_TIMEOUT", "longest wait for requests in flight at shutdown (default 10s)", &c.DrainTimeout},
		{"CALCULATOR_READ_HEADER_TIMEOUT", "longest time for a header (default 5s)", &c.ReadHeaderTimeout},
		{"CALCULATOR_READ_TIMEOUT", "longest time for a body, or a line of a batch (default 1m)", &c.ReadTimeout},
		{"CALCULATOR_WRITE_TIMEOUT", "longest time of a request in all, or of a line of a batch (default 1m30s)", &c.WriteTimeout},
		{"CALCULATOR_HISTORY_DURABILITY", "written: answer once it is in the history; queued: before (default written)", &c.Durability},
		{"CALCULATOR_IDLE_TIMEOUT", "longest time between two requests of a connection (default 2m)", &c.IdleTimeout},
	}
}

// logLevel is the setting of the log's level.
func logLevel(level *slog.Level) setting {
	return setting{"CALCULATOR_LOG_LEVEL", "debug, info, warn or error (default info; debug logs requests)", level}
}

// environment is the help's part about it.
func environment() string {
	others := []setting{
		{name: "AWS_EC2_METADATA_DISABLED", meaning: "true: do not ask for the instance id"},
		{name: "AWS_EC2_METADATA_SERVICE_ENDPOINT", meaning: "where to ask for it"},
		{name: "GOGC", meaning: "growth of the heap before garbage is collected, in percent of what is in use (default 300)"},
		{name: "GOMEMLIMIT", meaning: "soft memory limit (default: what the limits above add up to)"},
	}
	all := slices.Concat([]setting{logLevel(nil)}, settings(new(server.Config)), others)
	return described(all) + historyEnvironment()
}

// namedMetadataWait is how long the first answer may be held back for the
// instance id where a metadata service is named: who names one has one, and the
// default is for machines that may have none.
const namedMetadataWait = time.Second

// parse reads the command line. It returns flag.ErrHelp when help was asked for.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("calculator", flag.ContinueOnError)
	f.StringVar(&o.address, "address", "127.0.0.1:8080", "`host:port` to listen on; port 0 picks a free one")
	f.StringVar(&o.pprof, "pprof", "", "loopback `host:port` for Go's profiles at /debug/pprof/; none by default")
	f.BoolVar(&o.version, "version", false, "print the version and exit")
	if err := parseFlags(f, args, stderr, usage, environment()); err != nil {
		return o, err
	}
	return o, o.validate()
}

// parseFlags reads the flags of a command that takes nothing else. It prints help,
// with the variables of the environment, and returns flag.ErrHelp when that was
// asked for.
func parseFlags(f *flag.FlagSet, args []string, stderr io.Writer, usage, environment string) error {
	f.SetOutput(io.Discard) // errors are returned, and reported once
	err := f.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stderr, usage)
		f.SetOutput(stderr)
		f.PrintDefaults()
		fmt.Fprint(stderr, "\nEnvironment:\n"+environment)
	case err != nil:
		err = fmt.Errorf("%w: see %s --help", err, f.Name())
	case f.NArg() > 0 && f.Lookup("known") != nil: // it may be such a text, which no log may hold
		err = fmt.Errorf("unexpected argument: see %s --help", f.Name())
	case f.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q: see %s --help", f.Arg(0), f.Name())
	}
	return err
}

func (o options) validate() error {
	if _, err := hostOf("--address", o.address); err != nil {
		return err
	}
	if o.pprof == "" {
		return nil
	}
	host, err := hostOf("--pprof", o.pprof)
	if err != nil {
		return err
	}
	// A profile shows what is calculated, to whoever can ask for it.
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return fmt.Errorf("--pprof %q is not on loopback: give an address such as 127.0.0.1:6060", o.pprof)
	}
	return nil
}

// hostOf is the host of a flag's host:port.
func hostOf(name, address string) (string, error) {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", fmt.Errorf("%s %q is not host:port, such as 127.0.0.1:8080", name, address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return "", fmt.Errorf("%s %q has no port from 0 to 65535, such as 127.0.0.1:8080", name, address)
	}
	return host, nil
}

// configuration reads the environment and reports everything that is wrong with it.
func configuration(lookup func(string) (string, bool), stderr io.Writer) (server.Config, error) {
	var (
		cfg   server.Config
		level slog.Level
	)
	err := read(append(settings(&cfg), logLevel(&level)), lookup)
	if endpoint, _ := lookup("AWS_EC2_METADATA_SERVICE_ENDPOINT"); endpoint != "" {
		cfg.InstanceIDWait = namedMetadataWait
	}
	cfg.Version = version
	cfg.Log = slog.New(slog.NewJSONHandler(stderr, &slog.HandlerOptions{Level: level}))
	return cfg, err
}
