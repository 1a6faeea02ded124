package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"sync"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/loadgen/metrics"
	"secondwind/loadgen/otlp"
	"secondwind/loadgen/raw"
	"secondwind/runlog"
)

// sideOutputs are what a load writes besides its record.
type sideOutputs struct {
	sinks  []func(*runlog.LoadSecond) error // take each line
	result func(*vegeta.Result) error       // takes each result; nil: nobody asks
	stops  []func() error
}

// stop ends them; it is to be called after an error, too.
func (o *sideOutputs) stop() (err error) {
	for _, s := range o.stops {
		err = errors.Join(err, s())
	}
	return err
}

// open opens the outputs that the load asks for.
func (l loading) open(p *part, w *warnings) (o sideOutputs, err error) {
	if l.listener != nil || l.otlp != nil {
		shown := new(metrics.Load)
		registry := shown.Registry()
		o.sinks = append(o.sinks, shown.Add)
		if l.listener != nil {
			o.stops = append(o.stops, metrics.Serve(l.listener, registry))
		}
		if l.otlp != nil {
			o.stops = append(o.stops, push(l.otlp, otlp.Source{Gatherer: registry, Started: time.Now(), Resource: map[string]string{
				"service.name": "secondwind", "service.version": version, "secondwind.run": filepath.Base(p.writer.Dir()),
			}}, w))
		}
	}
	results := p.results
	if results == nil && l.raw != "" {
		if results, err = raw.Create(p.writer.Dir(), l.raw); err != nil {
			return o, err
		}
	}
	if results != nil {
		o.sinks = append(o.sinks, func(*runlog.LoadSecond) error { return results.Flush() })
		o.stops, o.result = append(o.stops, results.Close), results.Write
	}
	return o, nil
}

// listenForMetrics takes the address of /metrics, nil for none. It does so before anything is
// recorded: a record that is sealed cannot be resumed.
func listenForMetrics(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("--metrics is %q, which cannot be listened on: %w; give a free one, for instance 127.0.0.1:9100", address, err)
	}
	return listener, nil
}

// push pushes metrics until the returned function is called.
func push(to *otlp.Collector, s otlp.Source, w *warnings) (stop func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { to.Run(ctx, s, func(err error) { w.add("metrics were not pushed: " + err.Error()) }) })
	return func() error {
		cancel()
		running.Wait()
		return nil
	}
}

// warnings are what a load lacks without being wrong.
type warnings struct {
	show func(string) // at once

	mu  sync.Mutex
	all []string
}

// maxWarnings is how many are kept for the end: a collector may come and go for days.
const maxWarnings = 20

// add adds a warning; "" is none.
func (w *warnings) add(text string) {
	if text == "" {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.show("warning: " + text)
	if len(w.all) < maxWarnings {
		w.all = append(w.all, text)
	}
}
