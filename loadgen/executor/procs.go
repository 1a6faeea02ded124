package executor

// oneCore is up to which rate, in requests per second, a process sends from one core.
const oneCore = 20_000

// oneByOne is up to which rate, in requests per second, precision costs nothing: each request
// finds the process asleep then, whatever its timer does.
const oneByOne = 1_000

// Precisely is whether a load of at most that rate should be sent precisely even if nobody
// asks for it: see Config.Precise.
func Precisely(rate float64) bool { return rate <= oneByOne }

// Procs is how many of a machine's cores (GOMAXPROCS) a process should use that does nothing
// but send up to a rate, in requests per second.
//
// The pause between two requests is longer than what a request costs, so that each finds
// every thread asleep. Go's scheduler then wakes another thread for a goroutine that gets
// ready, which costs more than that thread brings: at 5,000/s a request takes a fifth more
// CPU time with two cores than with one, at 20,000/s two fifths. From 40,000/s on there is
// enough to do for two.
func Procs(rate float64, cores int) int {
	if rate <= oneCore {
		return 1
	}
	return cores
}
