package scenario

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/mattn/go-shellwords"

	"secondwind/loadgen/client"
)

// Policy is what the scale-out alarm of a local stack invokes.
type Policy string

// The values of Policy.
const (
	PolicyAttached Policy = "attached" // the policy of the scaling variables
	PolicyNone     Policy = "none"     // nothing: the alarm goes to ALARM without an effect
)

// Local configures the local cloud and its stack; a run on AWS ignores it.
type Local struct {
	MetricsPeriod time.Duration `yaml:"metrics_period"`
	Policy        Policy        `yaml:"policy"`
	AlarmActions  bool          `yaml:"alarm_actions"`
	Program       Program       `yaml:"program,omitempty"`
	HealthCheck   HealthCheck   `yaml:"health_check,omitempty"`
	// Scaling are the scaling variables that differ from Terraform's, by their names there.
	Scaling map[string]string `yaml:"scaling,omitempty"`
}

// Program is what each instance of a local cloud runs.
type Program struct {
	// Command is the program and its arguments; none: the calculator. In each of them and of
	// the environment's values, {address}, {host}, {port} and {instance_id} are the instance's.
	Command Command `yaml:"command,omitempty"`
	// Environment is what an instance has beyond its own.
	Environment map[string]string `yaml:"environment,omitempty"`
	// Folder is the working folder, relative to that of the scenario; "" means that one.
	Folder string `yaml:"folder,omitempty"`
	// StartWithin is how long an instance may take from its launch to its first healthy
	// answer; 0 means Within.
	StartWithin time.Duration `yaml:"start_within,omitempty"`
}

// HealthCheck is how the load balancer asks instances whether they are healthy.
type HealthCheck struct {
	Path  string `yaml:"path,omitempty"`  // "" means that of the scaling variables
	Codes string `yaml:"codes,omitempty"` // such as "200-299"; "" means those of the scaling variables
}

// programStarts is what a program other than the calculator may take to start where nobody says
// how long: an interpreter that loads its modules beside a load takes seconds.
const programStarts = 10 * time.Second

// Within is how long an instance may take from its launch to its first healthy answer; 0 is a
// moment, which is what a calculator takes.
func (p Program) Within() time.Duration {
	if len(p.Command) == 0 {
		return p.StartWithin
	}
	return cmp.Or(p.StartWithin, programStarts)
}

// in is the program of a scenario in another folder: what is named relative to here stays there.
func (p Program) in(here string) Program {
	if (len(p.Command) > 0 || p.Folder != "") && !filepath.IsAbs(p.Folder) {
		p.Folder = filepath.Join(here, p.Folder)
	}
	return p
}

// Command is a program and its arguments.
type Command []string

// ParseCommand splits a text into words as a shell does; quotes keep spaces. No shell runs:
// what only a shell can carry out is an error.
func ParseCommand(text string) (Command, error) {
	p := shellwords.NewParser()
	words, err := p.Parse(text)
	switch {
	case err != nil || p.Position >= 0:
		return nil, fmt.Errorf("is %q, and no shell runs: quote what the program is to get as it is, "+
			"or name a script for pipes, redirections and several commands", text)
	case len(words) == 0:
		return nil, errors.New("is empty; give a program and its arguments, for instance ./server --port {port}")
	}
	return words, nil
}

// placed reports whether an instance is told where to listen.
func (p Program) placed() bool {
	told := slices.Concat(p.Command, slices.Collect(maps.Values(p.Environment)))
	return slices.ContainsFunc(told, func(text string) bool { return strings.Contains(text, "{port}") || strings.Contains(text, "{address}") })
}

// faults checks what instances run.
func (p Program) faults(check client.Check) {
	const key = "local.program."
	for _, word := range p.Command {
		check(!strings.ContainsRune(word, 0), key+"command", "is %q, which has a NUL byte; leave it out", word)
	}
	check(len(p.Command) == 0 || p.Command[0] != "", key+"command", "names no program; give it before its arguments")
	check(len(p.Command) == 0 || p.placed(), key+"command", "does not say where to listen: instances run side by side on one machine, "+
		"so put {port}, {host} and {port}, or {address} into it or into local.program.environment")
	for name, value := range p.Environment {
		check(name != "" && !strings.ContainsAny(name, "=\x00") && !strings.ContainsRune(value, 0), key+"environment",
			"has the variable %q; a name has no =, and neither name nor value a NUL byte", name)
	}
	durationOrNone(check, key+"start_within", p.StartWithin, "2m")
}
