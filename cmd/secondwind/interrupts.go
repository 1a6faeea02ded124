package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"time"

	"secondwind/textfile"
)

// stage is how far the program is, as far as a signal is concerned.
type stage int

// The stages of a program. Only a soak has more than the first two.
const (
	working  stage = iota // the zero value: a signal ends the work in order
	stopping              // the work ends in order
	holding               // a load is held
	judging               // the work has ended by itself; it is judged and reported
	warned                // as judging, but the user wants an end
	leaving               // the report is left out
	done                  // all that is left is to print the result, which may block
	exited
)

// reaction is what a signal leads to.
type reaction struct {
	to       stage
	ends     func(*interrupts) // nil: nothing
	reported string
}

// reactions are those to SIGINT, SIGTERM and SIGHUP; only SIGINT ends a hold, the
// others end the work there too. A result is printed in stage done alone, whose exit
// code is that of the result.
var reactions = map[stage]reaction{
	working: {stopping, func(i *interrupts) { i.stop() }, "shutting down; press Ctrl-C again to end at once"},
	holding: {working, func(i *interrupts) { close(i.endHold) },
		"ending the hold; the run goes on to its verdict; press Ctrl-C again to interrupt it"},
	stopping: {exited, nil, "ended at once"},
	judging:  {warned, nil, "the run has ended and its report is being made; press Ctrl-C again to skip the report"},
	warned:   {leaving, func(i *interrupts) { i.leave() }, "the report is skipped: `secondwind report` writes it later"},
	leaving:  {exited, nil, "ended at once: the record is not sealed"},
	done:     {exited, nil, ""},
}

// interrupts is what SIGINT, SIGTERM and SIGHUP do, by the stage that they find.
type interrupts struct {
	endHold chan struct{}      // closed when the hold is to end
	stop    context.CancelFunc // ends the work in order

	mu        sync.Mutex
	at        stage
	holdEnded bool // by a signal
	came      bool // a signal that counts
	repeats   bool // after the run that is under way there may be another
	code      int  // of a program that a signal ends at once
	report    func(text string)
	leave     context.CancelFunc // leaves the report out
	counted   time.Time          // when the last signal came that counts
	record    string             // folder of the record under way; "": none
	command   string             // that shows what is in it
	remove    []func()           // what must not outlive the program
}

func newInterrupts(stop context.CancelFunc, report func(string)) *interrupts {
	return &interrupts{endHold: make(chan struct{}), stop: stop, report: report, code: exitInterrupted}
}

// watchInterrupts handles signals, and reports what they do, until the returned
// function is called. The context ends when the work is to end.
func watchInterrupts(ctx context.Context, report func(string)) (context.Context, *interrupts, func()) {
	ctx, cancel := context.WithCancel(ctx)
	i := newInterrupts(cancel, report)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, endingSignals()...)
	dieOfPipes := surviveClosedPipes()
	go func() {
		for s := range signals {
			if i.repeated(time.Now()) {
				continue
			}
			if code, ends := i.handle(s); ends {
				i.cleanUp()
				os.Exit(code)
			}
		}
	}()
	return ctx, i, func() {
		signal.Stop(signals)
		close(signals)
		dieOfPipes()
		cancel()
	}
}

// handle does what the signal leads to. It returns whether the program is to end at
// once, and its exit code then.
func (i *interrupts) handle(s os.Signal) (code int, ends bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.at == holding && s != os.Interrupt {
		i.at = working
	}
	i.came = true
	r := i.reaction()
	i.holdEnded = i.holdEnded || i.at == holding
	i.at = r.to
	if r.ends != nil {
		r.ends(i)
	}
	if report := i.report; r.reported != "" {
		// As long as stdout blocks, signals must do their work all the same.
		inTime, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		_, _ = textfile.Await(inTime, func() (any, error) { report(r.reported); return nil, nil })
	}
	return i.code, i.at == exited
}

// reportTo sets where it is reported what a signal does.
func (i *interrupts) reportTo(report func(string)) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.report = report
}

// enter is for a program that comes to a stage by itself. A run that is ending stays
// so until it is judged, and a hold that was ended is not ended again.
func (i *interrupts) enter(to stage) {
	i.mu.Lock()
	defer i.mu.Unlock()
	switch {
	case to == judging && i.at == stopping:
		i.at = warned
	case to == holding && (i.at != working || i.holdEnded), to == working && i.at != holding:
	default:
		i.at = to
	}
}

// decide is for a program that comes to its end, with an exit code that no signal
// changes any more. A run that another one may follow is not the program's end.
func (i *interrupts) decide(code int) {
	i.mu.Lock()
	repeats := i.repeats
	if !repeats {
		i.code = code
	}
	i.mu.Unlock()
	if !repeats {
		i.enter(done)
	}
}

// again is for a program that begins another run; more says that yet another one may
// follow. It reports whether there is to be one: no signal has come.
func (i *interrupts) again(more bool) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.repeats = more
	if i.came {
		return false
	}
	i.at = working
	return true
}

// judge is for a run that is judged and reported; leave leaves its report out.
func (i *interrupts) judge(leave context.CancelFunc) {
	i.mu.Lock()
	i.leave = leave
	i.mu.Unlock()
	i.enter(judging)
}

// hold says whether a load is being held that a first SIGINT is to end.
func (i *interrupts) hold(held bool) { i.enter(map[bool]stage{true: holding, false: working}[held]) }

// interruptedError is err as the end of a command. Work that a signal ended fails
// with what it was doing, which is no fault of the user's.
func interruptedError(ctx context.Context, err error) error {
	if _, exit := errors.AsType[*exitError](err); exit || ctx.Err() == nil || !errors.Is(err, context.Canceled) {
		return err
	}
	return &exitError{code: exitInterrupted, err: errors.New("interrupted")}
}
