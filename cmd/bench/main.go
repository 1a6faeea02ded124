//go:build linux

// Command bench holds the calculator against what it replaces, and it and the load
// generator against what others reach, side by side in one run, and prints ratios:
// absolute figures of a shared machine say little.
//
//	/_calculate  the original stack (Flask on gunicorn) and a bare net/http handler
//	history      answers after the commit, and before it
//	health       /healthz with 2,000 slow clients and all CPU in use
//	digits       GMP, CPython and bc multiplying two long numbers, decimal in and out
//	start        the time to the first healthy answer, the binary, idle memory
//	endurance    minutes of mixed sizes at 80 % CPU: memory, errors, latencies
//	load         vegeta, fortio, hey, k6, wrk and ab loading the same nginx
//
// It needs wrk and nginx, and for the comparisons ab (apache2-utils), gunicorn, Flask,
// python3-gmpy2 and bc as Debian has them; what is missing is named and left out. Load
// generators in Go are built beside secondwind on first use.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

type options struct {
	calculator string        // path of the binary
	secondwind string        // likewise
	only       []string      // sections; none: all
	rounds     int           // of each comparison; their median counts
	each       time.Duration // of a round of requests
	endurance  time.Duration
	results    int    // of the load whose memory is watched
	folder     string // of the section that runs, for its files
}

type section struct {
	name string
	run  func(context.Context, options) error
}

func sections() []section {
	return []section{
		{"requests", compareRequests}, {"history", compareDurabilities}, {"health", measureHealth}, {"digits", compareDigits},
		{"start", measureStart}, {"endurance", endure}, {"load", compareGenerators},
	}
}

func main() {
	if len(os.Args) == 3 && os.Args[1] == bareArgument {
		if err := serveBare(os.Args[2]); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	var o options
	var only string
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.StringVar(&o.calculator, "calculator", filepath.Join("bin", "calculator"), "`path` of the calculator")
	f.StringVar(&o.secondwind, "secondwind", filepath.Join("bin", "secondwind"), "`path` of secondwind")
	f.IntVar(&o.results, "results", 10_000_000, "results of the load whose memory is watched")
	f.StringVar(&only, "only", "", "comma-separated `sections`: requests, history, health, digits, start, endurance, load (default all)")
	f.IntVar(&o.rounds, "rounds", 5, "rounds of a comparison; their median counts")
	f.DurationVar(&o.each, "each", 4*time.Second, "length of a round of requests")
	f.DurationVar(&o.endurance, "endurance", time.Minute, "length of the load at 80 % CPU; the figure that counts is of 10m")
	if err := f.Parse(args); err != nil {
		return err
	}
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	for _, name := range o.only {
		if !slices.ContainsFunc(sections(), func(s section) bool { return s.name == name }) {
			return fmt.Errorf("--only %q: there is no such section; see --help", name)
		}
	}
	for name, path := range map[string]string{"calculator": o.calculator, "secondwind": o.secondwind} {
		if _, err := os.Stat(path); err != nil {
			return fmt.Errorf("--%s: %w: build it with make build", name, err)
		}
	}
	for _, s := range sections() {
		if len(o.only) > 0 && !slices.Contains(o.only, s.name) {
			continue
		}
		if err := s.runIn(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// runIn runs the section in a folder of its own.
func (s section) runIn(ctx context.Context, o options) (err error) {
	fmt.Printf("\n## %s\n\n", s.name)
	if o.folder, err = os.MkdirTemp("", "bench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(o.folder)) }()
	return s.run(ctx, o)
}
