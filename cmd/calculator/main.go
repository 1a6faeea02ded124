// Command calculator is what an instance of the fleet runs: the web calculator
// of package server, on one address, until SIGTERM or SIGINT.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"secondwind/server"
)

// version is set by the linker: -X main.version=….
var version = "dev"

// Exit codes.
const (
	exitDone   = 0
	exitFailed = 1
	exitMisuse = 2
)

func main() { os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr)) }

// run is the whole program. It returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, os.Interrupt)
	defer stop()

	if len(args) > 0 && tools[args[0]] != nil {
		return tools[args[0]](ctx, args[1:], stdout, stderr)
	}
	options, err := parse(args, stderr)
	switch {
	case err != nil:
		return ended(stderr, "calculator", exitMisuse, err)
	case options.version:
		fmt.Fprintln(stdout, "calculator", version)
		return exitDone
	}
	cfg, err := configuration(os.LookupEnv, stderr)
	kept, wrong := historyConfig(os.LookupEnv, cfg.Log)
	if err := errors.Join(err, wrong); err != nil {
		return ended(stderr, "calculator", exitMisuse, err)
	}
	options.history = kept
	if err := serve(ctx, options, cfg); err != nil {
		return ended(stderr, "calculator", exitFailed, err)
	}
	return exitDone
}

// ended reports the error that ended a command, and returns the exit code for it.
func ended(stderr io.Writer, command string, code int, err error) int {
	if errors.Is(err, flag.ErrHelp) {
		return exitDone
	}
	fmt.Fprintf(stderr, "%s: %v\n", command, err)
	return code
}

// serve listens first: a port that is taken is known before anything else is done.
func serve(ctx context.Context, o options, cfg server.Config) error {
	listener, err := listen(ctx, o.address)
	if err != nil {
		return err
	}
	kept, stopHistory, err := keepHistory(ctx, o.history)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer stopHistory()
	if kept != nil {
		cfg.History = kept
	}
	s, err := server.New(cfg)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	if o.pprof != "" {
		stop, err := servePprof(ctx, o.pprof, cfg.Log)
		if err != nil {
			return errors.Join(err, listener.Close())
		}
		defer stop()
	}
	tuneCollector(s.MemoryBound())
	return s.Serve(ctx, listener)
}

// collectorPercent lets garbage grow to three times what is alive, which is
// little: collecting at Go's 100 takes a tenth of what a small calculation costs.
const collectorPercent = 300

// mappedBytes are the pages of the program itself, which the bound of the memory
// counts and the collector does not.
const mappedBytes = 32 << 20

// tuneCollector makes the bound of the server's memory the collector's limit:
// near it, garbage is collected sooner. The environment goes first.
func tuneCollector(memoryBound int64) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectorPercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryBound - mappedBytes)
	}
}

func listen(ctx context.Context, address string) (net.Listener, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("the address %s is in use by another program: end that, or choose another with --address", address)
	case errors.Is(err, syscall.EACCES):
		return nil, fmt.Errorf("the address %s is not allowed for this user: choose a port from 1024 on with --address", address)
	case err != nil:
		return nil, fmt.Errorf("listen on %q: %w: give --address as host:port of this machine", address, err)
	}
	return listener, nil
}
