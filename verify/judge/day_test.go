package judge_test

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"secondwind/runlog"
	"secondwind/verify/judge"
)

// stretched is the perfect world with a hold that is longer by so many seconds, polled every
// five, with metrics that vary, and with load lines as long as those of real runs.
func stretched(longer int) *world {
	const hold = 150 // from when on everything is later
	w, by := perfect(), float64(longer)
	late := func(x *float64) {
		if *x > hold && *x < 1e9 {
			*x += by
		}
	}
	for i := range w.phases {
		late(&w.phases[i].x)
	}
	for i := range w.members {
		late(&w.members[i].leaves)
		late(&w.members[i].gone)
	}
	for i := range w.desired {
		late(&w.desired[i].x)
	}
	for i := range w.transitions {
		late(&w.transitions[i].x)
	}
	for i, a := range w.activities {
		if a.StartTime.After(aws(hold)) {
			w.activities[i].StartTime, w.activities[i].EndTime = a.StartTime.Add(time.Duration(longer)*time.Second),
				a.EndTime.Add(time.Duration(longer)*time.Second)
		}
	}
	for id, span := range w.served {
		late(&span[0])
		late(&span[1])
		w.served[id] = span
	}
	late(&w.pollEnd)
	late(&w.end)
	was := w.cpu
	w.cpu = map[string]map[int]float64{"group": {}, oldID: {}, newID: {}}
	for x := -20; x < 240+longer; x += 10 {
		at, noise := x, 0.0
		if x > hold {
			at, noise = max(hold, x-longer), float64(x/10%7)/10
		}
		for _, id := range []string{oldID, newID} {
			if v, there := was[id][at]; there {
				w.cpu[id][x] = v + noise
			}
		}
		w.cpu["group"][x] = was["group"][at] + noise
	}
	w.poll, w.real = 4.9, true
	return w
}

const dayLong = 86_400 - 240

// realistic fills a line of the load as the generator does.
func realistic(s *runlog.LoadSecond) {
	const histogram = "HISTFAAAADV42pJpmSzMwMAgwAABzFAaxO/edLKAwf4DROBhLyPTYiamXham80xMJ3mYAAEAAP//1U8JZA=="
	for _, i := range s.Instances {
		i.FromSchedule, i.FromSending = histogram, histogram
	}
	s.Connect, s.FirstByte, s.Lag = histogram, histogram, histogram
	s.Opened, s.Reused = map[string]int64{"127.142.220.238:80": 2}, 20
	s.Generator = &runlog.GeneratorSecond{CPU: 0.011401731274392826, Procs: 2, Files: 58, FileLimit: 20000, Slots: 512, SlotsNeeded: 113}
}

// BenchmarkJudgeFolder opens and judges the folder of a run of four minutes, and of one of a day
// with a poll every five seconds and a line of the load every second. peak-MB is the most
// memory that the Go runtime had from the system, with the collector set as `secondwind judge` sets it.
func BenchmarkJudgeFolder(b *testing.B) {
	for name, longer := range map[string]int{"minutes": 0, "day": dayLong} {
		b.Run(name, func(b *testing.B) {
			dir := stretched(longer).folder(b)
			b.SetBytes(sizeOf(b, dir))
			defer debug.SetGCPercent(debug.SetGCPercent(100))
			debug.FreeOSMemory()
			var opening, judging time.Duration
			stop := watchMemory()
			for b.Loop() {
				began := time.Now()
				debug.SetGCPercent(50)
				r, err := runlog.OpenToJudge(dir)
				debug.SetGCPercent(25)
				if err != nil {
					b.Fatal(err)
				}
				opened := time.Now()
				if v := judge.Judge(r); v.Outcome != judge.Proved {
					b.Fatalf("%s %s: %s", v.Outcome, v.Reason, v.Summary)
				}
				opening, judging = opening+opened.Sub(began), judging+time.Since(opened)
			}
			b.ReportMetric(float64(stop())/1e6, "peak-MB")
			b.ReportMetric(opening.Seconds()*1e3/float64(b.N), "ms/open")
			b.ReportMetric(judging.Seconds()*1e3/float64(b.N), "ms/judge")
		})
	}
}

func sizeOf(b *testing.B, dir string) (sum int64) {
	b.Helper()
	err := filepath.WalkDir(dir, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var info os.FileInfo
			if info, err = e.Info(); err == nil {
				sum += info.Size()
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(fmt.Errorf("measure %s: %w", dir, err))
	}
	return sum
}

// watchMemory samples the memory taken until the returned function is called, which returns
// the most of it.
func watchMemory() (stop func() uint64) {
	done, most := make(chan struct{}), make(chan uint64)
	go func() {
		var peak uint64
		ticker := time.NewTicker(5 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				most <- peak
				return
			case <-ticker.C:
				var m runtime.MemStats
				runtime.ReadMemStats(&m)
				peak = max(peak, m.Sys-m.HeapReleased)
			}
		}
	}()
	return func() uint64 { close(done); return <-most }
}
