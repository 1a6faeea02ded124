package scenario

import (
	"fmt"
	"slices"
	"time"

	"secondwind/loadgen/attack"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/summary"
)

// LoadOnly is what a load by itself needs beside the requests. A proof ignores it: its
// load follows from the group and from Load. Each key is written as the flag of that name.
type LoadOnly struct {
	URL string `yaml:"url,omitempty"` // of the server; the command line may give it
	// Targets is a file of requests in one of Vegeta's formats, instead of a URL and
	// Requests, of which one may stand there for the headers and the body of all targets.
	Targets string `yaml:"targets,omitempty"`
	Format  string `yaml:"format,omitempty"`  // of Targets; "" means http
	Profile string `yaml:"profile,omitempty"` // of the rate, as profile.Parse reads it
	Replay  string `yaml:"replay,omitempty"`  // instead of Profile: a file of rates
	// CPUOf is where the CPU is read that a profile such as cpu:32 holds, as cpu.ParseSource reads
	// it; the mean of several.
	CPUOf []string `yaml:"cpu_of,omitempty"`
	// Users send instead of a rate, each waiting for its answer: how many, as a profile.
	Users string `yaml:"users,omitempty"`
	// Phases are one after the other, instead of Profile, Replay and Users.
	Phases   []Phase `yaml:"phases,omitempty"`
	Think    string  `yaml:"think,omitempty"` // of Users, as executor.ParseThink reads it
	Arrivals string  `yaml:"arrivals"`        // even or poisson
	Precise  bool    `yaml:"precise"`
	// Unchecked has whatever answer taken for the right one, without a look at it.
	Unchecked bool `yaml:"unchecked"`
	// Duration is where the profile ends; 0 means at its own end, or after 30 s without one.
	Duration time.Duration `yaml:"duration"`
	Require  []string      `yaml:"require"` // thresholds on summary.Measures
	Abort    []string      `yaml:"abort"`   // the same over 10 s, which end the load
}

// faults checks the values.
func (l LoadOnly) faults(check func(ok bool, key, format string, args ...any)) {
	l.destinationFaults(check)
	l.whole().faults("load_only.", check)
	l.phaseFaults(check)
	l.cpuFaults(check)
	check(!l.ByUsers() || l.Arrivals == "even", "load_only.arrivals", "is of a rate, and users send when they have their answers; keep one")
	check(!l.ByUsers() || !l.Precise, "load_only.precise", "is of a rate, and users send when they have their answers; keep one")
	check(l.Arrivals == "even" || l.Arrivals == "poisson", "load_only.arrivals", "is %q; give even or poisson", l.Arrivals)
	if l.Think != "" {
		_, err := executor.ParseThink(l.Think)
		check(err == nil, "load_only.think", "%v", err)
		check(l.ByUsers(), "load_only.think", "is of users; give users, too")
	}
	l.endFaults(check)
}

// destinationFaults checks where requests go.
func (l LoadOnly) destinationFaults(check func(ok bool, key, format string, args ...any)) {
	if l.URL != "" {
		_, err := attack.ParseServer(l.URL)
		check(err == nil, "load_only.url", "%v", err)
	}
	check(l.URL == "" || l.Targets == "", "load_only.targets", "name their URLs themselves; leave the other URL out")
	check(l.Format == "" || l.Targets != "", "load_only.format", "is of targets; give targets, too")
	check(slices.Contains([]string{"", "http", "json"}, l.Format), "load_only.format", "is %q; give http or json", l.Format)
}

// endFaults checks when the load ends, and what is held against it.
func (l LoadOnly) endFaults(check func(ok bool, key, format string, args ...any)) {
	for i, text := range l.Require {
		_, err := summary.Measures.Parse(text)
		check(err == nil, fmt.Sprintf("load_only.require[%d]", i), "%v", err)
	}
	for i, text := range l.Abort {
		_, err := summary.Measures.Parse(text)
		check(err == nil, fmt.Sprintf("load_only.abort[%d]", i), "%v", err)
	}
}
