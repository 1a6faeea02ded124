package attack

import (
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"secondwind/loadgen/client"
	"secondwind/loadgen/executor"
	"secondwind/loadgen/latency"
	"secondwind/loadgen/summary"
	"secondwind/runlog"
)

var instance = []byte("i-1")

// fixed are requests of three kinds, all answered as expected.
type fixed struct{}

func (fixed) Request(uint64, *client.Request)          {}
func (fixed) Failure(uint64, *client.Answer) string    { return "" }
func (fixed) Expected(uint64) string                   { return "" }
func (fixed) Instance(*client.Answer) []byte           { return instance }
func (fixed) Kinds() []string                          { return []string{"a", "b", "c"} }
func (fixed) Kind(seq uint64) int                      { return int(seq % 3) }
func (fixed) Describe(uint64) (id string, wire []byte) { return "", nil }

// noted is an attack that is told of results instead of sending.
func noted(sink func(runlog.LoadLine) error) *Attack {
	a := New(Config{Server: &url.URL{Scheme: "http", Host: "a.test"}, Requests: fixed{}, Sink: sink})
	a.start()
	return a
}

// result is a request that took so long, and was sent lag late.
func result(seq uint64, took, lag time.Duration) *executor.Outcome {
	now := time.Unix(1e9, 0)
	return &executor.Outcome{
		Result: vegeta.Result{Seq: seq, Timestamp: now, Latency: took}, Due: now.Add(-lag), Answer: &client.Answer{First: now.Add(took / 2)},
	}
}

// TestPercentilesAreThoseOfTheSortedSamples holds percentiles against samples of nanoseconds.
func TestPercentilesAreThoseOfTheSortedSamples(t *testing.T) {
	for seed := range uint64(2) {
		random := rand.New(rand.NewPCG(seed, 7))
		var s summary.Summary
		a := noted(func(l runlog.LoadLine) error { return s.Add(l.Second) })
		var schedule, sending []time.Duration
		for n := range uint64(50_000) {
			took := time.Duration(math.Exp(2*random.NormFloat64()) * float64(time.Millisecond)) // 1 µs to 10 s
			lag := time.Duration(random.IntN(int(5 * time.Millisecond)))
			schedule, sending = append(schedule, took+lag), append(sending, took)
			a.note(0, result(n, took, lag))
			if n%5000 == 4999 {
				a.flush(time.Now())
			}
		}
		if a.err != nil {
			t.Fatal(a.err)
		}
		compare(t, "schedule", s.FromSchedule, schedule)
		compare(t, "sending", s.FromSending, sending)
		var ended int64
		for _, r := range s.Requests {
			ended += r.Completed
		}
		if ended != s.Completed || s.Completed != int64(len(sending)) {
			t.Errorf("%d completed, by kind %d, want %d", s.Completed, ended, len(sending))
		}
	}
}

func compare(t *testing.T, name string, l summary.Latency, samples []time.Duration) {
	t.Helper()
	slices.Sort(samples)
	for q, got := range map[float64]float64{0.5: l.P50, 0.9: l.P90, 0.95: l.P95, 0.99: l.P99, 0.999: l.P999, 1: l.Max} {
		want := samples[int(math.Ceil(q*float64(len(samples))))-1].Seconds()
		if off := math.Abs(got - want); off > max(0.001*want, latency.Lowest.Seconds()) {
			t.Errorf("from %s: quantile %v is %v, the sorted samples have %v", name, q, got, want)
		}
	}
}

func TestAResultNeedsNoMemory(t *testing.T) {
	a := noted(func(runlog.LoadLine) error { return nil })
	good := result(1, time.Millisecond, time.Microsecond)
	bad := result(2, time.Millisecond, 0)
	bad.Answer, bad.Err = nil, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	for name, o := range map[string]*executor.Outcome{"an answer": good, "a failure": bad} {
		a.note(0, o)
		if n := testing.AllocsPerRun(1000, func() { a.note(0, o) }); n > 0 && name == "an answer" || n > 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// TestTenMillionResultsTakeNoMoreMemoryThanAMillion takes lines of results of three kinds,
// sums them up, and prints what the process has resident.
func TestTenMillionResultsTakeNoMoreMemoryThanAMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped with -short: it takes ten million results, and seconds; whether memory stays flat is not tested")
	}
	var s summary.Summary
	a := noted(func(l runlog.LoadLine) error { return s.Add(l.Second) })
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // what is pooled, as a histogram's compressor, outlives one
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var early uint64
	o := result(0, 0, 0)
	for line := range manyLines {
		for n := range manyResults {
			seq := uint64(line*manyResults + n)
			o.Seq, o.Latency = seq, time.Duration(seq*0x9e3779b97f4a7c15>>40) // up to 17 ms, all different
			a.note(0, o)
		}
		a.flush(time.Now())
		if line == manyLines/10 {
			early = live()
		}
	}
	late := live()
	runtime.KeepAlive(a)
	if s.Completed != manyLines*manyResults || late > early+1<<20 {
		t.Errorf("%d results; %d kB in use after a tenth of them, %d kB after all", s.Completed, early>>10, late>>10)
	}
	t.Logf("%d kB in use after a tenth of %d results, %d kB after all; %s", early>>10, s.Completed, late>>10, resident())
}

// resident is what Linux says of this process's resident memory, now and at most.
func resident() (text string) {
	status, _ := os.ReadFile("/proc/self/status")
	for line := range strings.Lines(string(status)) {
		if strings.HasPrefix(line, "VmRSS") || strings.HasPrefix(line, "VmHWM") {
			text += strings.Join(strings.Fields(line), " ") + " "
		}
	}
	return text
}
