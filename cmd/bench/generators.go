//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	psutil "github.com/shirou/gopsutil/v4/process"

	"secondwind/loadgen/summary"
)

// generator is a load generator. In its command line, {pace} and {post} stand for the
// arguments of those names; {url}, {rate}, {each} (the rate of a connection), {connections},
// {seconds}, {body}, {more} and {folder} for those of a task.
type generator struct {
	name, module  string // module: what Go builds it from; "": Debian's
	program       string
	line, report  string // report: the command line that writes its report, unless the load itself does
	pace, highest string // {pace} of a rate, "" if it cannot send one, and of as much as it can
	post          string // {post} of a task with a body
	input         string // standard input
	// What matches in its report: the first group is the number. A fault is that not every request was right.
	requests, perSecond, fault string
}

// generators are secondwind and what it is held against. Vegeta does not keep answers'
// bodies: writing them would be its largest cost.
func generators(o options) []*generator {
	return []*generator{
		{
			name: "secondwind", program: o.secondwind,
			line: "load {url} --json --no-report --runs {folder}/runs --duration {seconds}s {pace} {post} {more}",
			pace: "--rate {rate}", highest: "--users {connections} --max-rate 1000000", post: "--body-file {body}",
			requests: `"completed":(\d+)`, perSecond: `"throughput":([\d.e+]+)`, fault: `"failed":[1-9].*`,
		},
		{
			name: "vegeta", module: "github.com/tsenart/vegeta/v12@v12.13.0", input: "{method} {url}\n",
			line: "attack -duration {seconds}s -max-body 0 -output {folder}/gob {pace} {post}", report: "report -type json {folder}/gob",
			pace: "-rate {rate}", highest: "-rate 0 -workers {connections} -max-workers {connections}", post: "-body {body}",
			requests: `"requests":(\d+)`, perSecond: `"throughput":([\d.e+]+)`, fault: `"success":0.*`,
		},
		{
			name: "fortio", module: "fortio.org/fortio@v1.63.6", line: "load -quiet -c {connections} -t {seconds}s {pace} {post} {url}",
			pace: "-qps {rate}", highest: "-qps 0", post: "-payload-file {body}",
			requests: `All done (\d+) calls`, perSecond: `All done .* ([\d.]+) qps`, fault: `Code +(-|[013-9]).*`,
		},
		{
			name: "hey", module: "github.com/rakyll/hey@v0.1.4", line: "-z {seconds}s -c {connections} {pace} {post} {url}",
			pace: "-q {each}", highest: "-q 0", post: "-m POST -D {body}", requests: `\[200\]\s+(\d+) responses`,
			perSecond: `Requests/sec:\s+([\d.]+)`, fault: `\[[013-9]\d\d\]\s+\d+ responses|Error distribution(?s:.*)`,
		},
		{
			name: "k6", module: "go.k6.io/k6@v1.8.1", input: "import http from 'k6/http'; export default function () { http.get('{url}') }",
			line:     "run --quiet --no-usage-report --no-color --discard-response-bodies --vus {connections} --duration {seconds}s -",
			requests: `http_reqs\.*: (\d+)`, perSecond: `http_reqs\.*: \d+\s+([\d.]+)/s`, fault: `http_req_failed\.*: \S+\s+[1-9]\d* out.*`,
		},
		{
			name: "wrk", program: "wrk", line: "--threads 2 --connections {connections} --duration {seconds} {url}",
			requests: `(\d+) requests in`, perSecond: wrkRate.String(), fault: wrkFault.String(),
		},
		{
			name: "ab", program: "ab", line: "-q -k -c {connections} -t {seconds} -n 10000000 {url}", requests: `Complete requests:\s+(\d+)`,
			perSecond: `Requests per second:\s+([\d.]+)`, fault: `Non-2xx.*|Failed requests:\s+[1-9].*`,
		},
	}
}

// prepare finds the generator, or has Go build it in the folder, where it stays.
func (g *generator) prepare(ctx context.Context, folder string) error {
	folder, err := filepath.Abs(filepath.Join(folder, strings.ReplaceAll(g.module, "/", "_")))
	if g.module != "" {
		g.program = filepath.Join(folder, g.name)
	}
	if _, missing := exec.LookPath(g.program); missing == nil || g.module == "" {
		return missing
	}
	fmt.Fprintln(os.Stderr, "bench: building", g.module)
	install := exec.CommandContext(ctx, "go", "install", g.module)
	install.Env = append(os.Environ(), "GOBIN="+folder, "CGO_ENABLED=0", "GOFLAGS=")
	output, failed := install.CombinedOutput()
	if err := errors.Join(err, failed); err != nil {
		return fmt.Errorf("go install %s: %w: %s", g.module, err, output[bytes.LastIndexByte(bytes.TrimSpace(output), '\n')+1:])
	}
	return nil
}

// task is what a load generator is to do.
type task struct {
	url         string
	rate        int // requests per second; 0: as many as it can
	connections int // of generators that have a fixed number
	length      time.Duration
	body        string // path of each request's body; "": GET
	more        string // secondwind's further flags
	folder      string // for files
}

// command is the generator's command line for the task, and its input.
func (g *generator) command(line string, t task) (arguments []string, input string) {
	pace, post, method := g.highest, "", "GET"
	if t.rate > 0 {
		pace = g.pace
	}
	if t.body != "" {
		post, method = g.post, "POST"
	}
	line = strings.NewReplacer("{pace}", pace, "{post}", post).Replace(line)
	values := strings.NewReplacer("{url}", t.url, "{rate}", strconv.Itoa(t.rate), "{each}", strconv.Itoa(t.rate/t.connections),
		"{connections}", strconv.Itoa(t.connections), "{seconds}", strconv.Itoa(max(1, int(t.length.Seconds()))),
		"{body}", t.body, "{folder}", t.folder, "{more}", t.more, "{method}", method)
	return strings.Fields(values.Replace(line)), values.Replace(g.input)
}

// round is what a generator did once.
type round struct {
	requests, rate float64
	cpu            float64  // of the generator alone, µs a request
	resident       []uint64 // bytes, up to 30 times
	finished       finished // of secondwind
}

// finished is what secondwind reports at its end.
type finished struct {
	summary.Summary
	Recorded string // the record's folder
}

// invalid is secondwind's exit code where it was the limit itself, as it is here on purpose.
const invalid = 3

func (g *generator) round(ctx context.Context, t task) (r round, err error) {
	arguments, input := g.command(g.line, t)
	var output bytes.Buffer
	command := exec.CommandContext(ctx, g.program, arguments...)
	command.Stdin, command.Stdout, command.Stderr = strings.NewReader(input), &output, &output
	if err := command.Start(); err != nil {
		return r, err
	}
	memory := make(chan []uint64, 1)
	watched, stop := context.WithCancel(ctx)
	p := &process{command: command, measured: &psutil.Process{Pid: int32(command.Process.Pid)}}
	go func() { memory <- watch(watched, p, t.length/30) }()
	err = command.Wait()
	if g.name == "secondwind" && command.ProcessState.ExitCode() == invalid {
		err = nil
	}
	stop()
	r.resident = slices.DeleteFunc(<-memory, func(bytes uint64) bool { return bytes == 0 }) // when it had just ended
	report := output.Bytes()
	if err == nil && g.report != "" {
		arguments, _ = g.command(g.report, t)
		report, err = exec.CommandContext(ctx, g.program, arguments...).CombinedOutput()
	}
	if err != nil {
		return r, fmt.Errorf("%s: %w: %s", g.name, err, report)
	}
	err = r.parse(g, report)
	used := command.ProcessState.UserTime() + command.ProcessState.SystemTime()
	r.cpu = used.Seconds() * 1e6 / r.requests
	return r, err
}

// parse reads the report of a load of which every request was right.
func (r *round) parse(g *generator, report []byte) error {
	n, perSecond := regexp.MustCompile(g.requests).FindSubmatch(report), regexp.MustCompile(g.perSecond).FindSubmatch(report)
	if fault := regexp.MustCompile(g.fault).Find(report); fault != nil || n == nil || perSecond == nil {
		return fmt.Errorf("%s reports no requests, or a failure: %s\n%s", g.name, fault, report)
	}
	if g.name == "secondwind" {
		last := report[bytes.LastIndex(report, []byte(`{"seconds"`)):]
		if err := json.NewDecoder(bytes.NewReader(last)).Decode(&r.finished); err != nil {
			return err
		}
	}
	_, err := fmt.Sscan(string(n[1])+" "+string(perSecond[1]), &r.requests, &r.rate)
	return err
}
