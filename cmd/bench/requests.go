//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"secondwind/scenarios"
	"secondwind/server/python"
)

const smallQuestion = "/_calculate?number1=12&operator=*&number2=34"

// contestant answers /_calculate.
type contestant struct {
	name        string
	connections int
	arguments   []string // further ones, of wrk
	start       func(context.Context) (*process, error)
	rates       []float64 // requests per second, one a round
	p99         []time.Duration
	server      *process
}

// compareRequests lets every contestant answer the same small question, in
// turns, so that what else the machine does falls on all of them.
func compareRequests(ctx context.Context, o options) error {
	if _, err := exec.LookPath("wrk"); err != nil {
		fmt.Println("left out: there is no wrk (Debian: apt install wrk)")
		return nil
	}
	contestants := []*contestant{
		{name: "calculator", connections: 16, start: func(ctx context.Context) (*process, error) {
			return startServer(ctx, "/healthz", []string{"CALCULATOR_HISTORY=off"}, o.calculator, "--address", "ADDRESS")
		}},
		{name: "bare net/http", connections: 16, start: func(ctx context.Context) (*process, error) {
			self, err := os.Executable()
			if err != nil {
				return nil, err
			}
			return startServer(ctx, smallQuestion, nil, self, bareArgument, "ADDRESS")
		}},
	}
	if err := prepareOriginal(ctx, o.folder); err != nil {
		fmt.Println("without the original:", err)
	} else {
		contestants = append(contestants, &contestant{name: "original (Flask on gunicorn)", connections: 16,
			start: func(ctx context.Context) (*process, error) { return startOriginal(ctx, o.folder) }})
	}
	if err := compete(ctx, o, contestants, nil); err != nil {
		return err
	}
	fmt.Println("\nasked: at least 5 times the original, p99 no worse; at least 0.85 of a bare net/http handler")
	return nil
}

// compete starts the contestants, has them take turns, reports, and calls after with what
// is still running.
func compete(ctx context.Context, o options, contestants []*contestant, after func(context.Context, *contestant) error) (err error) {
	for _, c := range contestants {
		if c.server, err = c.start(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, c.server.stop()) }()
	}
	for range o.rounds {
		for _, c := range contestants {
			if err := c.round(ctx, o.each); err != nil {
				return err
			}
		}
	}
	reportRequests(contestants)
	for _, c := range contestants {
		if after != nil {
			err = errors.Join(err, after(ctx, c))
		}
	}
	return err
}

// serverCores is how many cores the servers have: all but the last, which is the
// load generator's, so that neither takes the other's time.
func serverCores() int { return max(1, runtime.NumCPU()-1) }

// onCores runs a program on some cores only.
func onCores(first, last int, program string, arguments []string) []string {
	return append([]string{"taskset", "--cpu-list", fmt.Sprintf("%d-%d", first, last), program}, arguments...)
}

func startServer(ctx context.Context, path string, environment []string, program string, arguments ...string) (*process, error) {
	command := onCores(0, serverCores()-1, program, arguments)
	return start(ctx, path, environment, command[0], command[1:]...)
}

// prepareOriginal writes the original's server into the folder and has gunicorn
// load it. Gunicorn's Python need not be the one on PATH, so only gunicorn can
// tell whether it has Flask. The error says why the original cannot run.
func prepareOriginal(ctx context.Context, folder string) error {
	if err := os.WriteFile(filepath.Join(folder, "original.py"), scenarios.Original, 0o600); err != nil {
		return err
	}
	output, err := exec.CommandContext(ctx, "gunicorn", "--check-config", "--chdir", folder, "original:app").CombinedOutput()
	if err == nil {
		return nil
	}
	lines := strings.Split(strings.TrimSpace(string(output)), "\n")
	return fmt.Errorf("gunicorn cannot serve it (Debian: apt install gunicorn python3-flask): %w %s", err, lines[len(lines)-1])
}

func startOriginal(ctx context.Context, folder string) (*process, error) {
	return startServer(ctx, smallQuestion, nil, "gunicorn", "--log-level", "critical", "--chdir", folder,
		"--workers", strconv.Itoa(serverCores()), "--bind", "ADDRESS", "original:app")
}

// bareArgument makes this program a bare net/http server that does the same.
const bareArgument = "serve-bare"

func serveBare(address string) error {
	http.HandleFunc("GET /_calculate", bare)
	return http.ListenAndServe(address, nil)
}

func bare(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	answer := json.RawMessage(`"Error!"`)
	if result, err := python.Evaluate(r.Context(), query.Get("number1"), query.Get("operator"), query.Get("number2")); err == nil {
		answer = json.RawMessage(result)
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]json.RawMessage{"result": answer}) // an error means that the client has gone
}

var (
	wrkRate  = regexp.MustCompile(`Requests/sec:\s+([0-9.]+)`)
	wrkP99   = regexp.MustCompile(`99%\s+([0-9.]+(?:us|ms|s|m))`)
	wrkFault = regexp.MustCompile(`Non-2xx.*|Socket errors.*`)
)

// round loads the contestant for a while from one thread with 16 connections.
func (c *contestant) round(ctx context.Context, length time.Duration) error {
	seconds := strconv.Itoa(max(1, int(length.Seconds())))
	last := runtime.NumCPU() - 1
	wrk := onCores(last, last, "wrk",
		[]string{"--threads", "1", "--connections", strconv.Itoa(c.connections), "--duration", seconds,
			"--latency", c.server.url(smallQuestion)})
	wrk = append(wrk, c.arguments...)
	text, err := exec.CommandContext(ctx, wrk[0], wrk[1:]...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("wrk on %s: %w: %s", c.name, err, text)
	}
	rate, p99 := wrkRate.FindSubmatch(text), wrkP99.FindSubmatch(text)
	if fault := wrkFault.Find(text); fault != nil || rate == nil || p99 == nil {
		return fmt.Errorf("wrk on %s: %s\n%s", c.name, fault, text)
	}
	perSecond, err1 := strconv.ParseFloat(string(rate[1]), 64)
	latency, err2 := time.ParseDuration(string(p99[1]))
	c.rates, c.p99 = append(c.rates, perSecond), append(c.p99, latency)
	return errors.Join(err1, err2)
}

func reportRequests(contestants []*contestant) {
	ours := contestants[0]
	fmt.Printf("%d connections; %d of %d cores are the servers', one is the load generator's\n\n", ours.connections, serverCores(),
		runtime.NumCPU())
	fmt.Printf("%-30s %12s %10s %s\n", "", "requests/s", "p99", "the rate of the first is")
	for _, c := range contestants {
		fmt.Printf("%-30s %12.0f %10v", c.name, median(c.rates), median(c.p99))
		if c != ours {
			_, text := ratioOf(ours.rates, c.rates)
			fmt.Print(" ", text)
		}
		fmt.Println()
	}
}

// ratioOf is the ratio of the medians, with the lowest and the highest of a pair of rounds.
func ratioOf(ours, theirs []float64) (ratio float64, text string) {
	var pairs []float64
	for i := range theirs {
		pairs = append(pairs, ours[i]/theirs[i])
	}
	ratio = median(ours) / median(theirs)
	return ratio, fmt.Sprintf("%.3f of it (%.2f to %.2f in %d rounds)", ratio, slices.Min(pairs), slices.Max(pairs), len(pairs))
}

// median is the middle value, the lower one of two.
func median[T float64 | time.Duration](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[(len(sorted)-1)/2]
}
