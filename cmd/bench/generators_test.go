//go:build linux

package main

import (
	"slices"
	"strings"
	"testing"
	"time"
)

// reports are what generators write at their end: good ones, and faults in them.
func reports() map[string]struct {
	text           string
	requests, rate float64
	good, bad      string // bad instead of good is a fault
} {
	return map[string]struct {
		text           string
		requests, rate float64
		good, bad      string
	}{
		"secondwind": {
			text: `{"seconds":1,"status":{"phase":"load","offeredRate":2000,"completedRate":1999.03,"failed":0}}
{"seconds":2,"offered":4000,"sent":4000,"completed":4000,"failed":0,"dropped":0,"throughput":1993.7,"fromSchedule":{"p99":0.03}}
secondwind: the load generator was the limit`,
			requests: 4000, rate: 1993.7, good: `"failed":0,"dropped"`, bad: `"failed":12,"dropped"`,
		},
		"vegeta": {
			text: `{"latencies":{"total":548159288},"requests":1000,"rate":1000.6,"throughput":1000.5,"success":1,"status_codes":{"200":1000}}`,
			good: `"success":1`, bad: `"success":0.999`, requests: 1000, rate: 1000.5,
		},
		"fortio": {
			text: "Code 200 : 1000 (100.0 %)\nAll done 1000 calls (plus 10 warmup) 0.339 ms avg, 999.3 qps\n",
			good: "Code 200", bad: "Code  -1", requests: 1000, rate: 999.3,
		},
		"hey": {
			text: "Summary:\n  Requests/sec:\t839.4972\n\nStatus code distribution:\n  [200]\t844 responses\n",
			good: "distribution:\n", bad: "distribution:\n  [503]\t12 responses\n", requests: 844, rate: 839.4972,
		},
		"k6": {
			text: "    http_req_failed................: 0.00%  0 out of 17772\n" +
				"    http_reqs......................: 17772  8854.35118/s\n",
			good: "0.00%  0 out", bad: "0.01%  3 out", requests: 17772, rate: 8854.35118,
		},
		"wrk": {
			text: "  71447 requests in 1.07s, 10.22MB read\nRequests/sec:  67072.97\n",
			good: "Requests/sec", bad: "  Socket errors: connect 0, read 12, write 0, timeout 0\nRequests/sec", requests: 71447, rate: 67072.97,
		},
		"ab": {
			text: "Complete requests:      61961\nFailed requests:        0\nRequests per second:    60602.65 [#/sec] (mean)\n",
			good: "requests:        0", bad: "requests:        7", requests: 61961, rate: 60602.65,
		},
	}
}

func TestAGeneratorsReportIsRead(t *testing.T) {
	known := reports()
	for _, g := range generators(options{}) {
		report, ok := known[g.name]
		if !ok {
			t.Errorf("there is no report of %s to read", g.name)
			continue
		}
		var r round
		if err := r.parse(g, []byte(report.text)); err != nil || r.requests != report.requests || r.rate != report.rate {
			t.Errorf("%s: %+v, %v, want %v requests, %v/s", g.name, r, err, report.requests, report.rate)
		}
		if g.name == "secondwind" && (r.finished.Completed != 4000 || r.finished.FromSchedule.P99 != 0.03) {
			t.Errorf("its last line: %+v", r.finished)
		}
		if err := r.parse(g, []byte(strings.Replace(report.text, report.good, report.bad, 1))); err == nil {
			t.Errorf("%s: a load with failures counts", g.name)
		}
		if err := r.parse(g, nil); err == nil {
			t.Errorf("%s: no report counts as one", g.name)
		}
	}
}

// TestACommandLineIsOfItsTask: what stands for something in it is replaced, for each task.
func TestACommandLineIsOfItsTask(t *testing.T) {
	lines := map[string]string{}
	paced := task{url: "http://h/x", rate: 1000, connections: 10, length: 4 * time.Second, body: "/tmp/body", folder: "/tmp"}
	highest := task{url: "http://h/x", connections: 64, length: time.Second}
	for _, g := range generators(options{}) {
		for kind, task := range map[string]task{" paced": paced, " highest": highest} {
			arguments, input := g.command(g.line, task)
			lines[g.name+kind] = strings.Join(arguments, " ") + "|" + strings.TrimSpace(input)
		}
	}
	for name, want := range map[string]string{
		"secondwind paced":   "load http://h/x --json --no-report --runs /tmp/runs --duration 4s --rate 1000 --body-file /tmp/body|",
		"secondwind highest": "load http://h/x --json --no-report --runs /runs --duration 1s --users 64 --max-rate 1000000|",
		"vegeta paced":       "attack -duration 4s -max-body 0 -output /tmp/gob -rate 1000 -body /tmp/body|POST http://h/x",
		"vegeta highest":     "attack -duration 1s -max-body 0 -output /gob -rate 0 -workers 64 -max-workers 64|GET http://h/x",
		"hey paced":          "-z 4s -c 10 -q 100 -m POST -D /tmp/body http://h/x|",
		"fortio highest":     "load -quiet -c 64 -t 1s -qps 0 http://h/x|",
	} {
		if lines[name] != want {
			t.Errorf("%s: %s, want %s", name, lines[name], want)
		}
	}
	for name, line := range lines {
		if line = strings.Replace(line, "() { http.get", "", 1); strings.Contains(line, "{u") || strings.Contains(line, "{c") {
			t.Errorf("%s: something was not replaced in %s", name, line)
		}
	}
}

func TestARatioIsThatOfTheMediansOfWhatIsCompared(t *testing.T) {
	ours, theirs := []float64{10, 30, 20}, []float64{40, 60, 10}
	asked := map[string]float64{"vegeta": 0.5, "fortio": 0.4, "k6": 0.6}
	cpu, highest := comparison{task: task{rate: 5000}, asked: asked}, comparison{asked: asked}
	for got, want := range map[string]string{
		cpu.ratio("vegeta", ours, theirs):     ", asked: at most 0.5: met",
		cpu.ratio("fortio", ours, theirs):     ", asked: at most 0.4: NOT met",
		highest.ratio("vegeta", ours, theirs): ", asked: at least 0.5: met",
		highest.ratio("k6", ours, theirs):     ", asked: at least 0.6: NOT met",
		highest.ratio("wrk", ours, theirs):    "",
	} {
		if want = "0.500 of it (0.25 to 2.00 in 3 rounds)" + want; got != want {
			t.Errorf("ratio = %q, want %q", got, want)
		}
	}
	if r := (round{cpu: 1, rate: 2}); cpu.figure(r) != 1 || highest.figure(r) != 2 {
		t.Error("a highest rate is compared by CPU, or CPU by the rate")
	}
}

func TestPunctualityCountsFromTheMostPunctual(t *testing.T) {
	began := time.Unix(100, 0)
	var even, bursts []time.Time
	for i := range 1000 {
		even = append(even, began.Add(time.Duration(i)*time.Millisecond+3*time.Millisecond))
		bursts = append(bursts, began.Add(time.Duration(i/2)*2*time.Millisecond))
	}
	if gap, inTime := punctuality(even, time.Millisecond); gap != 0 || inTime != 1 {
		t.Errorf("an even schedule: an error of %v µs, %v in time, want 0 and all", gap, inTime)
	}
	if gap, inTime := punctuality(bursts, time.Millisecond); gap != 1000 || inTime != 1 {
		t.Errorf("two at a time: an error of %v µs, %v in time, want 1000 and all", gap, inTime)
	}
	even[0] = even[0].Add(-500 * time.Microsecond) // the others are half a millisecond late
	even[999] = even[999].Add(1600 * time.Microsecond)
	slices.Reverse(even)
	if _, inTime := punctuality(even, time.Millisecond); inTime != 0.999 {
		t.Errorf("one of 1,000 more than 2 ms late: %v in time, want 0.999", inTime)
	}
}

// TestTheStallByHand counts it out.
func TestTheStallByHand(t *testing.T) {
	latencies := make([]time.Duration, 2000)
	for i := range 400 {
		latencies[i] = 2*time.Second - time.Duration(i)*5*time.Millisecond - 2500*time.Microsecond
	}
	slices.Sort(latencies)
	if got, want := stallP99(2*time.Second, 10*time.Second, 5*time.Millisecond), latencies[1980-1]; got != want {
		t.Errorf("stallP99 = %v, want %v", got, want)
	}
	if got := stallP99(2*time.Second, 10*time.Hour, 5*time.Millisecond); got != 0 {
		t.Errorf("in ten hours: %v, want 0", got)
	}
}
