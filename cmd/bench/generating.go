//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// nginx answers 3 bytes, with and without an instance's name, and 64 kB once it has read
// the request's body, which is what its mirror is for.
const nginx = `user root; daemon off; worker_processes auto; error_log stderr crit; pid nginx.pid;
events { worker_connections 4096; }
http {
  access_log off; keepalive_requests 1000000000; keepalive_timeout 1h; client_body_buffer_size 128k;
  client_body_temp_path temp; proxy_temp_path temp; fastcgi_temp_path temp; uwsgi_temp_path temp; scgi_temp_path temp;
  server {
    listen ADDRESS; root FOLDER;
    location = /small { return 200 abc; }
    location = /named { add_header X-Instance-Id i-0123456789abcdef0; return 200 abc; }
    location = /large { mirror /read; error_page 405 =200 $uri; }
    location = /read { internal; return 204; }
  }
}
`

func startNginx(ctx context.Context, folder string) (*process, error) {
	if err := os.WriteFile(filepath.Join(folder, "large"), bytes.Repeat([]byte("x"), 64<<10), 0o600); err != nil {
		return nil, err
	}
	const script = `printf %s "$0" > "$1/nginx.conf" && exec nginx -p "$1" -c "$1/nginx.conf"`
	return start(ctx, "/small", nil, "sh", "-c", script, strings.ReplaceAll(nginx, "FOLDER", folder), folder)
}

// comparison is of generators that do the same. Asked is the ratio of secondwind to others:
// at most that of its CPU time a request or, without a rate, at least that of its rate.
type comparison struct {
	title string
	task  task
	asked map[string]float64
}

// compareGenerators holds `secondwind load` against other load generators.
func compareGenerators(ctx context.Context, o options) (err error) {
	if _, err := exec.LookPath("nginx"); err != nil {
		fmt.Println("left out: there is no nginx (Debian: apt install nginx-light)")
		return nil
	}
	server, err := startNginx(ctx, o.folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	all := slices.DeleteFunc(generators(o), func(g *generator) bool {
		err := g.prepare(ctx, filepath.Join(filepath.Dir(o.secondwind), "peers"))
		if err != nil {
			fmt.Printf("%s left out: %v\n", g.name, err)
		}
		return err != nil
	})
	unchecked := task{url: server.url("/small"), rate: 5000, connections: 10, length: o.each, folder: o.folder, more: "--unchecked"}
	small := unchecked
	small.more = ""
	named, large, highest := small, small, small
	named.url = server.url("/named")
	large.url, large.rate, large.body = server.url("/large"), 1000, filepath.Join(o.folder, "large")
	highest.rate, highest.connections = 0, 64
	var ours []round
	for _, c := range []comparison{
		{"CPU a request at 5,000/s, answers unchecked", unchecked, map[string]float64{"vegeta": 0.4, "fortio": 1}},
		{"CPU a request at 5,000/s, answers name their instance", named, map[string]float64{"vegeta": 0.5}},
		{"CPU a request at 1,000/s, 64 kB each way", large, map[string]float64{"vegeta": 0.6}},
		{"highest rate, 64 connections", highest, map[string]float64{"vegeta": 2.5, "k6": 4, "fortio": 0.8}},
	} {
		if ours, err = c.run(ctx, o, all); err != nil {
			return err
		}
	}
	fastest := median(valuesOf(ours, func(r round) float64 { return r.rate }))
	highest.url, highest.length = named.url, time.Duration(float64(o.results)/fastest*float64(time.Second))
	return errors.Join(measureSchedule(ctx, o, all[:1], small), measureStall(ctx, all[0], small, server), measureMemory(ctx, all[0], highest))
}

// run has the generators take turns, so that what else the machine does falls on all, and
// returns the first one's rounds. One that fails is left out, unless it is that.
func (c comparison) run(ctx context.Context, o options, all []*generator) ([]round, error) {
	fmt.Printf("\n### %s\n\n%-12s %12s %14s %10s  %s\n", c.title, "", "requests/s", "µs a request", "MiB", "secondwind is")
	rounds := map[*generator][]round{}
	able := slices.DeleteFunc(slices.Clone(all), func(g *generator) bool { return c.task.rate > 0 && g.pace == "" })
	for range o.rounds {
		for _, g := range slices.Clone(able) {
			r, err := g.round(ctx, c.task)
			if err != nil && (g == all[0] || ctx.Err() != nil) {
				return nil, err
			}
			if err != nil {
				fmt.Println("left out:", err)
				able = slices.DeleteFunc(able, func(other *generator) bool { return other == g })
			}
			rounds[g] = append(rounds[g], r)
		}
	}
	for _, g := range able {
		rate := median(valuesOf(rounds[g], func(r round) float64 { return r.rate }))
		cpu := median(valuesOf(rounds[g], func(r round) float64 { return r.cpu }))
		memory := median(valuesOf(rounds[g], func(r round) float64 { return mean(r.resident[len(r.resident)-1:]) }))
		fmt.Printf("%-12s %12.0f %14.1f %10.1f", g.name, rate, cpu, memory)
		if g != all[0] {
			fmt.Print("  ", c.ratio(g.name, valuesOf(rounds[all[0]], c.figure), valuesOf(rounds[g], c.figure)))
		}
		fmt.Println()
	}
	return rounds[all[0]], nil
}

func (c comparison) figure(r round) float64 {
	if c.task.rate == 0 {
		return r.rate
	}
	return r.cpu
}

// ratio is that of the medians, with the lowest and the highest of a pair, and what was asked.
func (c comparison) ratio(name string, ours, theirs []float64) string {
	ratio, text := ratioOf(ours, theirs)
	asked, ok := c.asked[name]
	switch {
	case !ok:
		return text
	case c.task.rate == 0:
		return fmt.Sprintf("%s, asked: at least %.1f: %s", text, asked, met(ratio >= asked))
	default:
		return fmt.Sprintf("%s, asked: at most %.1f: %s", text, asked, met(ratio <= asked))
	}
}

func met(yes bool) string {
	if yes {
		return "met"
	}
	return "NOT met"
}

func valuesOf[T any](of []T, value func(T) float64) (values []float64) {
	for _, one := range of {
		values = append(values, value(one))
	}
	return values
}

// measureSchedule finds out when requests were sent that were due at even gaps.
func measureSchedule(ctx context.Context, o options, ours []*generator, t task) error {
	for rate, flags := range map[int][]string{1000: {"--raw gob"}, 5000: {"--raw gob", "--raw gob --precise"}} {
		for _, t.more = range flags {
			t.rate = rate
			rounds, err := comparison{title: fmt.Sprintf("schedule at %d/s %s", t.rate, t.more), task: t}.run(ctx, o, ours)
			var gaps, inTime []float64
			for _, r := range rounds {
				sent, unread := sentAt(filepath.Join(r.finished.Recorded, "results-001.gob"))
				gap, share := punctuality(sent, time.Second/time.Duration(t.rate))
				gaps, inTime, err = append(gaps, gap), append(inTime, share), errors.Join(err, unread)
			}
			if err != nil {
				return err
			}
			gap, share := median(gaps), median(inTime)
			fmt.Printf("median gap error %.1f µs, %.2f %% sent within 2 ms of due; asked: under 100 µs, 99.9 %%: %s\n",
				gap, share*100, met(gap < 100 && share >= 0.999))
		}
	}
	return nil
}

// sentAt reads when requests were sent from results in Vegeta's binary format.
func sentAt(name string) (sent []time.Time, err error) {
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	decode := vegeta.NewDecoder(file)
	var result vegeta.Result
	for err = decode(&result); err == nil; err = decode(&result) {
		sent = append(sent, result.Timestamp)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return sent, err
}

// punctuality is the median difference, in µs, between the gap of two requests and that of
// their schedule, and the share sent within 2 ms of when it was due. The most punctual one
// counts as sent when it was due.
func punctuality(sent []time.Time, gap time.Duration) (gapError, inTime float64) {
	if len(sent) < 2 {
		return 0, 0
	}
	sent = slices.SortedFunc(slices.Values(sent), time.Time.Compare)
	var gapErrors, late []time.Duration
	for i, at := range sent {
		late = append(late, at.Sub(sent[0])-time.Duration(i)*gap)
		if i > 0 {
			gapErrors = append(gapErrors, (late[i] - late[i-1]).Abs())
		}
	}
	slices.Sort(late)
	punctual, _ := slices.BinarySearch(late, late[0]+2*time.Millisecond+1)
	return float64(median(gapErrors)) / 1e3, float64(punctual) / float64(len(late))
}

// stallP99 is the 99th percentile, by hand, of requests evenly spread over a length of time,
// of which none is answered during a stall: those due then take what is left of it. The
// stall begins anywhere between two of them.
func stallP99(stall, length, gap time.Duration) time.Duration {
	n := int(length / gap)
	longer := n - int(math.Ceil(0.99*float64(n)))
	return max(0, stall-time.Duration(longer)*gap-gap/2)
}

func measureStall(ctx context.Context, g *generator, t task, server *process) error {
	const stall, rate = 2 * time.Second, 200
	t.rate, t.length, t.more = rate, 10*time.Second, "--max-in-flight 10"
	signal := func(s syscall.Signal) { _ = syscall.Kill(-server.command.Process.Pid, s) } // if it has ended, the load fails
	stalled := time.AfterFunc(t.length/3, func() {
		defer time.AfterFunc(stall, func() { signal(syscall.SIGCONT) })
		signal(syscall.SIGSTOP)
	})
	defer stalled.Stop()
	r, err := g.round(ctx, t)
	if err != nil {
		return err
	}
	f := r.finished
	hand := stallP99(stall, t.length, time.Second/rate).Seconds()
	fmt.Printf("\n### A stall of %v at %d/s over 10 connections\n\np99 from the schedule %.3f s, by hand %.3f s, %d dropped; "+
		"asked: within 1 %%: %s\n", stall, rate, f.FromSchedule.P99, hand, f.Dropped, met(math.Abs(f.FromSchedule.P99/hand-1) <= 0.01))
	return nil
}

// measureMemory watches the memory of a long load.
func measureMemory(ctx context.Context, g *generator, t task) error {
	r, err := g.round(ctx, t)
	if err != nil {
		return err
	}
	third := max(1, len(r.resident)/3)
	first, last, most := mean(r.resident[:third]), mean(r.resident[len(r.resident)-third:]), mean([]uint64{slices.Max(r.resident)})
	fmt.Printf("\n### %.0f results in %.0f s\n\nresident: %.1f MiB in the first third, %.1f MiB in the last, at most %.1f MiB; "+
		"asked: under 64 MB, flat: %s\n", r.requests, r.finished.Seconds, first, last, most, met(most*(1<<20) < 64e6 && last < 1.1*first))
	return nil
}
