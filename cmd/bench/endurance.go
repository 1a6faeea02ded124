//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/server/bignum"
)

// size is a class of requests: so many digits an operand, so large a part of them.
type size struct {
	digits int
	share  float64
}

func sizes() []size {
	return []size{{20, 0.3}, {2_000, 0.4}, {20_000, 0.2}, {60_000, 0.1}}
}

// targetCPU is the part of all cores that the calculator is to use.
const targetCPU = 0.8

// endure finds the rate at which the calculator uses 80 % of the cores, and keeps
// it up: memory must not grow, nothing fail, and the largest class stay steady.
func endure(ctx context.Context, o options) (err error) {
	p, err := startWithHistory(ctx, o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	rate, err := calibrate(ctx, p)
	if err != nil {
		return err
	}
	fmt.Printf("%.0f requests/s for %v, sizes of an operand: ", rate, o.endurance)
	for _, s := range sizes() {
		fmt.Printf("%d digits (%.0f %%) ", s.digits, s.share*100)
	}
	fmt.Println()
	memory := make(chan []uint64, 1)
	watched, stop := context.WithCancel(ctx)
	go func() { memory <- watch(watched, p, o.endurance/30) }()
	used, metrics, err := load(ctx, p, rate, o.endurance)
	stop()
	resident := <-memory
	if err != nil {
		return err
	}
	reportEndurance(used, metrics, resident)
	return nil
}

// calibrate corrects the rate by what the calculator used of it. A step is small,
// so that no step overloads it: then it would refuse requests, and use less.
func calibrate(ctx context.Context, p *process) (float64, error) {
	const probe, largestStep = 6 * time.Second, 2
	rate := 20.0
	for range 10 {
		used, metrics, err := load(ctx, p, rate, probe)
		if err != nil {
			return 0, err
		}
		if slices.ContainsFunc(metrics, func(m vegeta.Metrics) bool { return m.Success < 1 }) {
			rate *= 0.7
			continue
		}
		if used > targetCPU-0.03 && used < targetCPU+0.02 {
			break
		}
		rate *= min(max(targetCPU/max(used, 0.01), 0.8), largestStep)
	}
	return rate, nil
}

// load sends every size at its part of the rate, evenly spaced, and returns the
// part of all cores that the calculator used and the metrics of each size.
func load(ctx context.Context, p *process, rate float64, length time.Duration) (used float64, metrics []vegeta.Metrics, err error) {
	metrics = make([]vegeta.Metrics, len(sizes()))
	before, err := p.cpu(ctx)
	if err != nil {
		return 0, nil, err
	}
	begun := time.Now()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 256}}
	defer client.CloseIdleConnections()
	var running sync.WaitGroup
	for i, s := range sizes() {
		body, err := json.Marshal(map[string]any{"operation": bignum.Multiply, "operands": []string{operand(s.digits), operand(s.digits)}})
		if err != nil {
			return 0, nil, err
		}
		target := vegeta.NewStaticTargeter(vegeta.Target{
			Method: http.MethodPost, URL: p.url("/v1/calculate"), Body: body, Header: http.Header{"Content-Type": {"application/json"}},
		})
		attacker := vegeta.NewAttacker(vegeta.Client(client), vegeta.MaxBody(0))
		running.Go(func() {
			defer context.AfterFunc(ctx, func() { attacker.Stop() })()
			per := vegeta.Rate{Freq: max(1, int(rate*s.share*10)), Per: 10 * time.Second}
			for result := range attacker.Attack(target, per, length, s.name()) {
				metrics[i].Add(result)
			}
			metrics[i].Close()
		})
	}
	running.Wait()
	after, err := p.cpu(context.WithoutCancel(ctx))
	return (after - before).Seconds() / time.Since(begun).Seconds() / float64(runtime.NumCPU()), metrics, errors.Join(err, ctx.Err())
}

func (s size) name() string { return fmt.Sprintf("%d digits", s.digits) }

func watch(ctx context.Context, p *process, every time.Duration) []uint64 {
	ticker := time.NewTicker(max(every, 100*time.Millisecond))
	defer ticker.Stop()
	var read []uint64
	for {
		select {
		case <-ctx.Done():
			return read
		case <-ticker.C:
			if bytes, err := p.resident(ctx); err == nil {
				read = append(read, bytes)
			}
		}
	}
}

func reportEndurance(used float64, metrics []vegeta.Metrics, resident []uint64) {
	fmt.Printf("calculator used %.0f %% of the cores\n\n", used*100)
	fmt.Printf("%-16s %10s %10s %10s %10s %8s\n", "size", "requests", "p50", "p99", "max", "errors")
	for i, m := range metrics {
		failed := m.Requests - uint64(float64(m.Requests)*m.Success+0.5)
		fmt.Printf("%-16s %10d %10v %10v %10v %8d %s\n", sizes()[i].name(), m.Requests,
			m.Latencies.P50.Round(10*time.Microsecond), m.Latencies.P99.Round(10*time.Microsecond), m.Latencies.Max.Round(10*time.Microsecond),
			failed, firstOf(m.Errors))
	}
	largest := metrics[len(metrics)-1].Latencies
	fmt.Printf("\nlargest size: p99 is %.2f times p50, asked: at most 3\n", largest.P99.Seconds()/largest.P50.Seconds())
	if third := len(resident) / 3; third > 0 {
		fmt.Printf("resident: %.1f MiB in the first third, %.1f MiB in the last, asked: no growth\n",
			mean(resident[:third]), mean(resident[len(resident)-third:]))
	}
}

// firstOf shows one of many errors.
func firstOf(texts []string) string {
	if len(texts) == 0 {
		return ""
	}
	return fmt.Sprintf("for instance %.100s", texts[0])
}

// mean is in MiB.
func mean(bytes []uint64) float64 {
	var sum float64
	for _, b := range bytes {
		sum += float64(b)
	}
	return sum / float64(len(bytes)) / (1 << 20)
}
