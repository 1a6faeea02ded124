//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"
)

// measureStart starts the calculator several times, with its history on, and
// lets the last one idle.
func measureStart(ctx context.Context, o options) error {
	binary, err := os.Stat(o.calculator)
	if err != nil {
		return err
	}
	var healthy []time.Duration
	var idle uint64
	for range o.rounds {
		p, err := startWithHistory(ctx, o)
		if err != nil {
			return err
		}
		healthy = append(healthy, p.healthy)
		select {
		case <-ctx.Done():
		case <-time.After(2 * time.Second):
		}
		idle, err = p.resident(ctx)
		if err := errors.Join(err, p.stop(), ctx.Err()); err != nil {
			return err
		}
	}
	const mebibyte = 1 << 20
	fmt.Printf("start to first healthy answer  %v (median of %d), asked: under 100ms\n",
		median(healthy).Round(100*time.Microsecond), len(healthy))
	fmt.Printf("binary                         %.1f MiB, asked: under 40 MB\n", float64(binary.Size())/mebibyte)
	fmt.Printf("resident when idle             %.1f MiB, asked: under 30 MB\n", float64(idle)/mebibyte)
	return nil
}
