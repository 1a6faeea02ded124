package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strconv"
	"time"

	"secondwind/server"
	"secondwind/server/history"
)

// options are the command line's.
type options struct {
	address string
	version bool
	history history.Config
}

const usage = `calculator serves a web calculator that names its instance in every answer.

Usage: calculator [--address host:port] [--version]
       calculator audit       shows that the history is encrypted at rest; see calculator audit --help
       calculator rotate-key  adds a new key to it; see calculator rotate-key --help

`

const environment = `
Environment:
  CALCULATOR_LOG_LEVEL             debug, info, warn or error (default info; debug logs requests)
  CALCULATOR_MAX_BODY_BYTES        largest request body (default 16777216)
  CALCULATOR_MAX_DIGITS            most digits of an operand or a result (default 2000000)
  CALCULATOR_TIMEOUT               longest calculation (default 10s)
  CALCULATOR_MAX_CALCULATIONS      calculations at once (default 4 for each core)
  CALCULATOR_MAX_QUEUED            calculations that wait (default 256)
  AWS_EC2_METADATA_DISABLED        true: do not ask for the instance id
  AWS_EC2_METADATA_SERVICE_ENDPOINT  where to ask for it
`

// namedMetadataWait is how long the first answer may be held back for the
// instance id where a metadata service is named: who names one has one, and the
// default is for machines that may have none.
const namedMetadataWait = time.Second

// parse reads the command line. It returns flag.ErrHelp when help was asked for.
func parse(args []string, stderr io.Writer) (options, error) {
	var o options
	f := flag.NewFlagSet("calculator", flag.ContinueOnError)
	f.SetOutput(io.Discard) // errors are returned, and said once
	f.StringVar(&o.address, "address", "127.0.0.1:8080", "`host:port` to listen on; port 0 picks a free one")
	f.BoolVar(&o.version, "version", false, "print the version and end")
	err := f.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stderr, usage)
		f.SetOutput(stderr)
		f.PrintDefaults()
		fmt.Fprint(stderr, environment, historyEnvironment)
		return o, err
	}
	if err != nil {
		return o, fmt.Errorf("%w: see calculator --help", err)
	}
	if f.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q: see calculator --help", f.Arg(0))
	}
	_, port, err := net.SplitHostPort(o.address)
	if err != nil {
		return o, fmt.Errorf("--address %q is not host:port, such as 127.0.0.1:8080", o.address)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return o, fmt.Errorf("--address %q has no port from 0 to 65535, such as 127.0.0.1:8080", o.address)
	}
	return o, nil
}

// configuration reads the environment and reports everything that is wrong with it.
func configuration(lookup func(string) (string, bool), stderr io.Writer) (server.Config, error) {
	var (
		cfg   server.Config
		level slog.Level
		wrong []error
	)
	read := func(name, want string, set func(string) error) {
		text, ok := lookup(name)
		if !ok || text == "" {
			return
		}
		if err := set(text); err != nil {
			wrong = append(wrong, fmt.Errorf("%s=%q: give %s", name, text, want))
		}
	}
	read("CALCULATOR_LOG_LEVEL", "debug, info, warn or error", func(t string) error { return level.UnmarshalText([]byte(t)) })
	read("CALCULATOR_MAX_BODY_BYTES", "a number of bytes above 0", func(t string) error { return positive(t, &cfg.MaxBodyBytes) })
	read("CALCULATOR_MAX_DIGITS", "a number of digits above 0", func(t string) error { return positive(t, &cfg.MaxDigits) })
	read("CALCULATOR_TIMEOUT", "a duration above 0 such as 10s", func(t string) error { return duration(t, &cfg.CalculationTimeout) })
	read("CALCULATOR_MAX_CALCULATIONS", "a number above 0", func(t string) error { return positive(t, &cfg.MaxCalculations) })
	read("CALCULATOR_MAX_QUEUED", "a number above 0", func(t string) error { return positive(t, &cfg.MaxQueued) })
	if endpoint, _ := lookup("AWS_EC2_METADATA_SERVICE_ENDPOINT"); endpoint != "" {
		cfg.InstanceIDWait = namedMetadataWait
	}
	cfg.Log = logger(stderr, level)
	return cfg, errors.Join(wrong...)
}

var errNotPositive = errors.New("not above 0")

func positive[T int | int64](text string, field *T) error {
	n, err := strconv.ParseInt(text, 10, strconv.IntSize)
	if err != nil {
		return err
	}
	if n <= 0 {
		return errNotPositive
	}
	*field = T(n)
	return nil
}

func duration(text string, field *time.Duration) error {
	d, err := time.ParseDuration(text)
	if err != nil {
		return err
	}
	if d <= 0 {
		return errNotPositive
	}
	*field = d
	return nil
}
