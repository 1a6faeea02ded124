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

// Interval is what was used in one interval.
func Interval(cpu float64, procs, files, fileLimit int) Usage {
	u := Usage{Procs: procs, CPU: cpu, Intervals: 1, Files: files, FileLimit: fileLimit}
	if cpu > mostCPU {
		u.Busy = 1
	}
	return u
}

// Total is what was used in several intervals. The zero value is that of none.
type Total struct {
	usage            Usage
	available, spent float64 // seconds of CPU
}

// Add adds an interval that was so long.
func (t *Total) Add(u Usage, length time.Duration) {
	available := length.Seconds() * float64(u.Procs) * float64(u.Intervals)
	t.available += available
	t.spent += u.CPU * available
	if t.available > 0 {
		t.usage.CPU = t.spent / t.available
	}
	t.usage.Procs, t.usage.FileLimit = u.Procs, u.FileLimit
	t.usage.Files = max(t.usage.Files, u.Files)
	t.usage.Intervals += u.Intervals
	t.usage.Busy += u.Busy
}

// Usage is the total.
func (t *Total) Usage() Usage { return t.usage }

// Sampler watches what this process uses. It is for one goroutine.
type Sampler struct {
	system  system
	total   Total
	last    time.Time
	lastCPU time.Duration
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
// It returns what was used in it.
func (s *Sampler) Sample() Usage {
	now := time.Now()
	u := Usage{Procs: s.system.procs(), Files: s.system.files(), FileLimit: s.system.fileLimit()}
	length := now.Sub(s.last)
	if cpu, known := s.system.cpu(); known && length > 0 && u.Procs > 0 {
		u = Interval((cpu-s.lastCPU).Seconds()/(length.Seconds()*float64(u.Procs)), u.Procs, u.Files, u.FileLimit)
		s.last, s.lastCPU = now, cpu
	}
	s.total.Add(u, length)
	return u
}

// Usage is what was used up to the last Sample.
func (s *Sampler) Usage() Usage { return s.total.Usage() }
