package attack

import (
	"time"

	"secondwind/loadgen/generator"
	"secondwind/runlog"
)

// tooShort is how long an interval has to be, in seconds, to tell a busy processor from chance.
const tooShort = 0.5

// used is what the generator used in an interval that was just taken, and whether that was the
// limit. The caller holds mu.
func (a *Attack) used(s *runlog.LoadSecond, lagP99 time.Duration) *runlog.GeneratorSecond {
	var g runlog.GeneratorSecond
	var u generator.Usage
	if s.IntervalSeconds >= tooShort {
		u = a.sampler.Sample()
		g = runlog.GeneratorSecond{CPU: u.CPU, Procs: u.Procs, Files: u.Files, FileLimit: u.FileLimit}
	}
	if a.cfg.Users == nil {
		g.Slots, g.SlotsNeeded = a.cfg.MaxInFlight, a.needed
	}
	g.Limit = generator.Judge(generator.Counters{
		Due: s.Offered, Dropped: s.Dropped, Waited: s.Waited, Starved: s.Starved, LagP99: lagP99,
		NoFile: s.Errors[runlog.NoFileError], NoPort: s.Errors[runlog.NoPortError],
		Usage: u, Slots: g.Slots, SlotsNeeded: g.SlotsNeeded,
	}).Reason
	return &g
}

// since is by how much counts have grown; nil if they have not.
func since(is, was map[string]int64) (grown map[string]int64) {
	for key, n := range is {
		if n -= was[key]; n > 0 {
			if grown == nil {
				grown = map[string]int64{}
			}
			grown[key] = n
		}
	}
	return grown
}
