package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// endingSignals are the signals that end a program. A closed terminal ends it in
// order, but under nohup not at all.
func endingSignals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// surviveClosedPipes lets writing to a pipe that nobody reads fail instead of ending
// the program: a run goes on in silence, and its record is sealed. It lasts until the
// returned function is called.
func surviveClosedPipes() func() {
	pipes := make(chan os.Signal, 1) // ignoring SIGPIPE would be inherited by the instances
	signal.Notify(pipes, syscall.SIGPIPE)
	return func() { signal.Stop(pipes) }
}

// sameSignal is how soon after a signal another one is taken for the same:
// timeout(1) sends one to its child, and one to the group that the child is in.
const sameSignal = 100 * time.Millisecond

// repeated reports whether a signal that comes at now is one with that before.
func (i *interrupts) repeated(now time.Time) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if !i.counted.IsZero() && now.Sub(i.counted) < sameSignal {
		return true
	}
	i.counted = now
	return false
}

// records names the folder of the record that is under way, and the command that shows what
// is in it: judge or report.
func (i *interrupts) records(dir, command string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.record, i.command = dir, command
}

// removeAtExit is for what must not outlive the program, even where it ends at once.
func (i *interrupts) removeAtExit(remove func()) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.remove = append(i.remove, remove)
}

// cleanUp removes what must not outlive the program.
func (i *interrupts) cleanUp() {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, remove := range i.remove {
		remove()
	}
}

// reaction is the one to a signal now, with what becomes of a record under way.
func (i *interrupts) reaction() reaction {
	r := reactions[i.at]
	switch {
	case r.to != exited || i.record == "":
	case i.at == stopping:
		r.reported += fmt.Sprintf(": the record is not sealed; `secondwind %s %s` shows what it holds", i.command, i.record)
	case i.at == leaving:
		r.reported += fmt.Sprintf("; `secondwind %s %s` shows what it holds", i.command, i.record)
	}
	return r
}
