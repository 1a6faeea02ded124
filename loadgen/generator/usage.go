package generator

import (
	"runtime"
	"time"
)

// Usage is what this process used of its machine. What a system does not tell is 0.
type Usage struct {
	Procs     int     // GOMAXPROCS
	CPU       float64 // share of those cores over all intervals, 0 to 1
	Intervals int     // that were sampled
	Busy      int     // of them, those in which nearly all CPU was used
	Files     int     // file descriptors that were open, at most
	FileLimit int     // of them, as RLIMIT_NOFILE is
}

// Sampler watches what this process uses. It is for one goroutine.
type Sampler struct {
	system         system
	usage          Usage
	last           time.Time
	lastCPU        time.Duration
	seconds, spent float64 // of CPU that were there, and that were used
}

// system is where a Sampler looks.
type system struct {
	cpu       func() (time.Duration, bool) // of this process up to now, user and system
	files     func() int
	fileLimit func() int
	procs     func() int
}

// NewSampler returns a Sampler whose first interval begins now.
func NewSampler() *Sampler {
	return newSampler(system{cpu: cpuTime, files: openFiles, fileLimit: fileLimit, procs: func() int { return runtime.GOMAXPROCS(0) }})
}

func newSampler(of system) *Sampler {
	s := &Sampler{system: of, last: time.Now()}
	s.lastCPU, _ = of.cpu()
	return s
}

// Sample ends an interval, which should last a second or more: short ones are busy by chance.
func (s *Sampler) Sample() {
	now := time.Now()
	s.usage.Procs = s.system.procs()
	s.usage.Files = max(s.usage.Files, s.system.files())
	s.usage.FileLimit = s.system.fileLimit()
	cpu, known := s.system.cpu()
	available := now.Sub(s.last).Seconds() * float64(s.usage.Procs)
	if !known || available <= 0 {
		return
	}
	spent := (cpu - s.lastCPU).Seconds()
	s.last, s.lastCPU = now, cpu
	s.seconds += available
	s.spent += spent
	s.usage.CPU = s.spent / s.seconds
	s.usage.Intervals++
	if spent > mostCPU*available {
		s.usage.Busy++
	}
}

// Usage is what was used up to the last Sample.
func (s *Sampler) Usage() Usage { return s.usage }
