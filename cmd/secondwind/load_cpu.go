package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/cpu"
	"secondwind/runlog"
)

// cpuHolder holds the CPU of a service; nil holds none.
type cpuHolder struct {
	sources    []*cpu.Source
	controller cpu.Controller

	mu             sync.Mutex // guards what follows: of the lines since the last observation
	due, completed int64
}

// prepare reads every source once, so that one that cannot be read is found before anything is sent.
func (h *cpuHolder) prepare(ctx context.Context) error {
	if h == nil {
		return nil
	}
	if _, _, err := cpu.Mean(ctx, h.sources); err != nil {
		return fmt.Errorf("--cpu-of: %w; name where the CPU of the service is read", err)
	}
	return nil
}

// add takes a line into account.
func (h *cpuHolder) add(line *runlog.LoadSecond) error {
	if h == nil {
		return nil
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.due += line.Offered
	h.completed += line.Completed
	return nil
}

// answered is the share of requests that were answered as expected since the last call.
func (h *cpuHolder) answered() float64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	due, completed := max(1, h.due), h.completed
	h.due, h.completed = 0, 0
	return float64(completed) / float64(due)
}

// run has the load offer what holds the CPU until ctx ends. It warns of what stands against that,
// once in a row.
func (h *cpuHolder) run(ctx context.Context, load *attack.Attack, warn func(string)) error {
	if h == nil {
		return nil
	}
	ticker := time.NewTicker(cpu.Period)
	defer ticker.Stop()
	var noted string
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		seen := cpu.Observation{Answered: h.answered()}
		var err error
		seen.CPU, seen.Known, err = cpu.Mean(ctx, h.sources)
		if ctx.Err() != nil {
			return nil
		}
		var note string
		load.Observe(seen.CPU, func(target, rate float64) (next float64) {
			next, note = h.controller.Next(target, rate, seen)
			return next
		})
		if err != nil {
			note = fmt.Sprintf("%s (%v)", note, err)
		}
		if note != noted {
			warn(note) // "" is no warning
		}
		noted = note
	}
}
