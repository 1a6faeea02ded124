package executor

// oneCore is up to which rate, in requests per second, a process sends from one core.
const oneCore = 20_000

// Procs is how many of a machine's cores (GOMAXPROCS) a process should use that does nothing
// but send up to a rate, in requests per second.
//
// The pause between two requests is longer than what a request costs, so a request finds
// every thread asleep. Go's scheduler then wakes another thread for each goroutine that gets
// ready, which costs more than the thread does: at 5,000/s a request takes a fifth less CPU
// time with one core than with two, at 20,000/s a third less; from 40,000/s on it is the same, and one core
// is no longer enough.
func Procs(rate float64, cores int) int {
	if rate <= oneCore {
		return 1
	}
	return cores
}
