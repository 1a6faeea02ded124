// Package cloud is the state behind the local cloud's API and the loop that
// moves it: handlers (one or a few files a service) read and change the state,
// the loop samples CPU, steps the scaling engine and carries out what the
// engine asks for on the fleet and the load balancer.
//
// One mutex guards the engine and the state. It is never held across I/O:
// processes are started and ended, sockets opened and closed off the lock, and
// what became of them comes back through the inbox, which only has a leaf lock
// of its own.
package cloud
